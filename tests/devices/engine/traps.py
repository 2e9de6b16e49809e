"""The places where a plausible formula gives other bytes than TensorFlow Lite Micro.

A trap draws parameters, computes the 256 outputs of an operator rightly and wrongly, and builds
the operator's model. Run as a program to search for parameters that tell the two apart and write
traps.json.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .fixed import Array, half_away, multiplier, rescale, rescale_once, round_shift
from .graph import Graph, affine

CASES = Path(__file__).with_name("traps.json")
F32, F64 = np.float32, np.float64
BYTES = np.arange(-128, 128, dtype=np.int64)


def _all_bytes(_: Array) -> bytes:
    return BYTES.astype(np.int8).tobytes()


@dataclass(frozen=True)
class Trap:
    """`right` and `wrong` map parameters (..., P) float32 to outputs (..., 256)."""

    draw: Callable[[np.random.Generator, int], Array]
    right: Callable[[Array], Array]
    wrong: Callable[[Array], Array]
    build: Callable[[Array], bytes]
    inputs: Callable[[Array], bytes] = _all_bytes


def _column(p: Array, index: int) -> Array:
    return p[..., index, None]


def _ratio(rng: np.random.Generator, count: int) -> Array:
    """(Si, So): So a little above Si, so that all of int8 is used."""
    source = np.exp(rng.uniform(-7, 0, count)).astype(F32)
    return np.stack([source, (source * rng.uniform(1, 3, count)).astype(F32)], -1)


def _triple(rng: np.random.Generator, count: int, gain: float) -> Array:
    """(S1, S2, So) with S1 * S2 * gain a little below So."""
    one, two = (np.exp(rng.uniform(-7, 0, count)).astype(F32) for _ in range(2))
    target = (one.astype(F64) * two * gain * rng.uniform(1, 3, count)).astype(F32)
    return np.stack([one, two, target], -1)


def _clip(y: Array) -> Array:
    return np.clip(y, -128, 127)


def _build(name: str, p: Array, zero_in: int, zero_out: int, **options: float) -> bytes:
    graph = Graph()
    x = graph.tensor([256], quantization=affine(float(p[0]), zero_in))
    y = graph.tensor([256], quantization=affine(float(p[1]), zero_out))
    graph.add(name, [x], [y], **options)
    return graph.build([x], [y])


# ---- RELU and QUANTIZE: Si / So ----


def _double_ratio(p: Array) -> Array:
    return _column(p, 0).astype(F64) / _column(p, 1)


def _float_ratio(p: Array) -> Array:
    return (_column(p, 0) / _column(p, 1)).astype(F64)


def _shifted(scale: Array) -> Array:
    return _clip(rescale(BYTES + 128, multiplier(scale)) - 128)


def _shifted_once(p: Array) -> Array:
    return _clip(rescale_once(BYTES - 127, multiplier(_double_ratio(p))) + 127)


def _falling(p: Array) -> Array:
    return _clip(rescale(BYTES - 127, multiplier(_double_ratio(p))) + 127)


RELU = Trap(_ratio, lambda p: _shifted(_double_ratio(p)), lambda p: _shifted(_float_ratio(p)),
            lambda p: _build("RELU", p, -128, -128))  # fmt: skip
QUANTIZE = Trap(RELU.draw, RELU.right, RELU.wrong, lambda p: _build("QUANTIZE", p, -128, -128))
ROUNDING = Trap(_ratio, _falling, _shifted_once, lambda p: _build("QUANTIZE", p, 127, 127))


# ---- LEAKY_RELU: Si * alpha / So, everything negative ----


def _leaky_draw(rng: np.random.Generator, count: int) -> Array:
    alpha = rng.uniform(0.05, 1, (count, 1)).astype(F32)
    return np.concatenate([_ratio(rng, count), alpha], -1)


def _leaky(slope: Array) -> Array:
    return _clip(rescale(BYTES - 127, multiplier(slope)) + 127)


LEAKY_RELU = Trap(
    _leaky_draw,
    lambda p: _leaky(_column(p, 0).astype(F64) * _column(p, 2) / _column(p, 1)),
    lambda p: _leaky((_column(p, 0) * _column(p, 2) / _column(p, 1)).astype(F64)),
    lambda p: _build("LEAKY_RELU", p, 127, 127, alpha=float(p[2])),
)


# ---- FULLY_CONNECTED and MUL: S1 * S2 / So, times a weight or factor of 127 ----


def _product(scale: Array) -> Array:
    return _clip(rescale((BYTES + 128) * 127, multiplier(scale)) - 128)


def _double_product(p: Array) -> Array:
    return _product(_column(p, 0).astype(F64) * _column(p, 1) / _column(p, 2))


def _float_product(p: Array) -> Array:
    return _product((_column(p, 0) * _column(p, 1)).astype(F64) / _column(p, 2))


def _build_fully_connected(p: Array) -> bytes:
    graph = Graph()
    x = graph.tensor([256, 1], quantization=affine(float(p[0]), -128))
    w = graph.constant([[127]], "int8", affine(float(p[1])))
    y = graph.tensor([256, 1], quantization=affine(float(p[2]), -128))
    graph.add("FULLY_CONNECTED", [x, w], [y])
    return graph.build([x], [y])


def _build_mul(p: Array) -> bytes:
    graph = Graph()
    x = graph.tensor([256], quantization=affine(float(p[0]), -128))
    w = graph.constant([127], "int8", affine(float(p[1])))
    y = graph.tensor([256], quantization=affine(float(p[2]), -128))
    graph.add("MUL", [x, w], [y])
    return graph.build([x], [y])


def _draw_product(rng: np.random.Generator, count: int) -> Array:
    return _triple(rng, count, 127.0)


FULLY_CONNECTED = Trap(_draw_product, _double_product, _float_product, _build_fully_connected)
MUL = Trap(_draw_product, _double_product, _float_product, _build_mul)


# ---- ADD and SUB: twice the larger scale, then 1 / (2^20 So) ----


def _draw_sum(rng: np.random.Generator, count: int) -> Array:
    one = np.exp(rng.uniform(-7, 0, count)).astype(F32)
    two = (one * rng.uniform(0.2, 1, count)).astype(F32)
    return np.stack([one, two, (one * rng.uniform(1, 3, count)).astype(F32)], -1)


def _sum(p: Array, kind: type, sign: int) -> Array:
    scales: list[Array] = [_column(p, i).astype(kind) for i in range(3)]
    one, two, out = scales
    twice = kind(2) * np.maximum(one, two)
    a = rescale((BYTES + 128) << 20, multiplier((one / twice).astype(F64)))
    b = rescale(np.array(5 << 20, np.int64), multiplier((two / twice).astype(F64)))
    total = multiplier((twice / (kind(1 << 20) * out)).astype(F64))
    return _clip(rescale(a + sign * b, total) - 128)


def _build_sum(name: str, p: Array) -> bytes:
    graph = Graph()
    x = graph.tensor([256], quantization=affine(float(p[0]), -128))
    w = graph.constant([5], "int8", affine(float(p[1])))
    y = graph.tensor([256], quantization=affine(float(p[2]), -128))
    graph.add(name, [x, w], [y])
    return graph.build([x], [y])


ADD = Trap(_draw_sum, lambda p: _sum(p, F64, 1), lambda p: _sum(p, F32, 1),
           lambda p: _build_sum("ADD", p))  # fmt: skip
SUB = Trap(_draw_sum, lambda p: _sum(p, F64, -1), lambda p: _sum(p, F32, -1),
           lambda p: _build_sum("SUB", p))  # fmt: skip


# ---- fused bounds, RELU6's six, QUANTIZE of floats: float quotients ----


def _six(p: Array, kind: type) -> Array:
    steps = half_away(kind(6) / _column(p, 0).astype(kind)).astype(np.int64) - 128
    return np.minimum(BYTES, np.minimum(steps, 127))


def _draw_six(rng: np.random.Generator, count: int) -> Array:
    near = 6 / (rng.integers(20, 255, count) + 0.5)
    steps = rng.integers(-4, 5, count) * np.spacing(near.astype(F32))
    scale = (near + steps).astype(F32)
    return np.stack([scale, scale], -1)


def _build_pool(p: Array) -> bytes:
    graph = Graph()
    x = graph.tensor([1, 1, 256, 1], quantization=affine(float(p[0]), -128))
    y = graph.tensor([1, 1, 256, 1], quantization=affine(float(p[0]), -128))
    graph.add("MAX_POOL_2D", [x], [y], padding=1, strideH=1, strideW=1, filterHeight=1,
              filterWidth=1, fusedActivationFunction=3)  # fmt: skip
    return graph.build([x], [y])


FUSED_BOUND = Trap(_draw_six, lambda p: _six(p, F32), lambda p: _six(p, F64), _build_pool)
RELU6 = Trap(_draw_six, lambda p: _six(p, F32), lambda p: _six(p, F64),
             lambda p: _build("RELU6", p, -128, -128))  # fmt: skip


# ---- MEAN: the multiplier with the count folded in is truncated ----


def _mean(p: Array, rounded: bool) -> Array:
    value, shift = multiplier(_double_ratio(p))
    count, bits = 9, 3
    folded = ((value << bits) + (count // 2 if rounded else 0)) // count
    total = (BYTES + 128) * count - (BYTES + 128) % 7
    return _clip(rescale(total, (folded, shift - bits)) - 128)


def _build_mean(p: Array) -> bytes:
    graph = Graph()
    x = graph.tensor([256, 9], quantization=affine(float(p[0]), -128))
    y = graph.tensor([256], quantization=affine(float(p[1]), -128))
    graph.add("MEAN", [x, graph.constant([1], "int32")], [y])
    return graph.build([x], [y])


def _mean_inputs(_: Array) -> bytes:
    """Nine values a row whose sum is what `_mean` takes."""
    rows = np.repeat(BYTES[:, None], 9, 1)
    rows[:, 0] -= (BYTES + 128) % 7
    rows[:, 1] += np.minimum(rows[:, 0] + 128, 0)
    rows[:, 0] = np.maximum(rows[:, 0], -128)
    return rows.astype(np.int8).tobytes()


MEAN = Trap(_ratio, lambda p: _mean(p, False), lambda p: _mean(p, True), _build_mean, _mean_inputs)


# ---- QUANTIZE of floats: a float quotient, not a double one, not a reciprocal ----


def _ties(p: Array) -> Array:
    """Floats next to the middle between two steps."""
    return ((BYTES + 0.5) * _column(p, 0).astype(F64)).astype(F32)


def _to_bytes(quotient: Array) -> Array:
    return _clip(half_away(quotient).astype(np.int64))


def _build_quantize(p: Array) -> bytes:
    graph = Graph()
    x = graph.tensor([256], "float32")
    y = graph.tensor([256], quantization=affine(float(p[0]), 0))
    graph.add("QUANTIZE", [x], [y])
    return graph.build([x], [y])


def _by_float(p: Array) -> Array:
    return _to_bytes(_ties(p) / _column(p, 0))


def _by_double(p: Array) -> Array:
    return _to_bytes(_ties(p).astype(F64) / _column(p, 0))


def _by_reciprocal(p: Array) -> Array:
    return _to_bytes(_ties(p) * (F32(1) / _column(p, 0)))


FLOAT_QUANTIZE = Trap(_ratio, _by_float, _by_double, _build_quantize,
                      lambda p: _ties(p).tobytes())  # fmt: skip
RECIPROCAL = Trap(_ratio, _by_float, _by_reciprocal, _build_quantize,
                  lambda p: _ties(p).tobytes())  # fmt: skip


# ---- HARD_SWISH: Si / 128 / So and Si / 128 / (3 / 32768) ----


def _narrow(value: Array) -> Array:
    top = (1 << 31) - 1 - (1 << 15)
    return np.where(value >= top, 32767, (value + (1 << 15)) >> 16)


def _product16(a: Array, b: Array) -> Array:
    return (a * b + (1 << 14)) >> 15


def _hard_swish(p: Array, kind: type) -> Array:
    fine = _column(p, 0).astype(kind) / kind(128)
    gate_step = kind(3) / kind(32768)
    to_output, out_shift = multiplier((fine / _column(p, 1).astype(kind)).astype(F64))
    to_gate, gate_shift = multiplier((fine / gate_step).astype(F64))
    v = (BYTES - 3) * 128
    t = np.clip(v << np.maximum(gate_shift - 1, 0), -32768, 32767)
    t = _product16(t, _narrow(to_gate))
    t = np.where(gate_shift > 0, np.clip(t * 2, -32768, 32767), t)
    t = round_shift(t, np.maximum(-gate_shift, 0))
    q = np.trunc(((t + 32768) >> 1) * _product16(v, _narrow(to_output)) / 32768).astype(np.int64)
    return _clip(round_shift(q, np.maximum(-out_shift, 0)) - 3)


HARD_SWISH = Trap(_ratio, lambda p: _hard_swish(p, F64), lambda p: _hard_swish(p, F32),
                  lambda p: _build("HARD_SWISH", p, 3, -3))  # fmt: skip


TRAPS: dict[str, Trap] = {
    "RELU": RELU,
    "QUANTIZE": QUANTIZE,
    "LEAKY_RELU": LEAKY_RELU,
    "FULLY_CONNECTED": FULLY_CONNECTED,
    "MUL": MUL,
    "ADD": ADD,
    "SUB": SUB,
    "double rounding": ROUNDING,
    "fused bound": FUSED_BOUND,
    "RELU6": RELU6,
    "MEAN": MEAN,
    "QUANTIZE of floats": FLOAT_QUANTIZE,
    "QUANTIZE by a reciprocal": RECIPROCAL,
    "HARD_SWISH": HARD_SWISH,
}


def search(trap: Trap, wanted: int, seed: int) -> list[list[float]]:
    """Parameters, as float32, whose right and wrong outputs differ."""
    rng = np.random.default_rng(seed)
    found: list[list[float]] = []
    for _ in range(400):
        p = trap.draw(rng, 20_000)
        differ = (trap.right(p) != trap.wrong(p)).any(-1)
        found += [[float(v) for v in row] for row in p[differ]]
        if len(found) >= wanted:
            break
    return found[:wanted]


if __name__ == "__main__":
    cases = {name: search(trap, 6, 1) for name, trap in TRAPS.items()}
    CASES.write_text(json.dumps(cases, indent=1) + "\n")
    json.dump({name: len(found) for name, found in cases.items()}, sys.stdout)
