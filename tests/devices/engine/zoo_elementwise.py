"""Random graphs of operators that work element by element."""

from __future__ import annotations

import numpy as np

from .case import ACTIVATIONS, Case, Dice
from .graph import Graph, affine


def _broadcast_shapes(dice: Dice) -> tuple[tuple[int, ...], tuple[int, ...]]:
    shape = dice.shape(dice.integer(1, 5), 5)
    if dice.chance(0.5):
        return shape, shape
    shapes = []
    for _ in range(2):
        cut = dice.integer(0, len(shape) - 1) if dice.chance(0.4) else 0
        shapes.append(tuple(1 if dice.chance(0.35) else n for n in shape[cut:]))
    return shapes[0], shapes[1]


def binary(dice: Dice) -> Case:
    """ADD, SUB or MUL: two activations of one input, or a constant on either side."""
    name = ("ADD", "SUB", "MUL")[dice.integer(0, 2)]
    a, b = _broadcast_shapes(dice)
    out = np.broadcast_shapes(a, b)
    qa, qb = dice.quantization(), dice.quantization()
    if not dice.extreme:
        qb = affine(qa.scales[0] * dice.log_uniform(0.1, 10), dice.zero_point())
    near = qa.scales[0] * qb.scales[0] * 60 if name == "MUL" else max(qa.scales[0], qb.scales[0])
    graph = Graph()
    x = graph.tensor(a, quantization=qa)
    twin = a == b and dice.chance(0.3)
    other = x if twin else graph.constant(dice.int8(*b), "int8", qb)
    y = graph.tensor(out, quantization=affine(dice.scale_near(near), dice.zero_point()))
    sides = [x, other] if dice.chance(0.5) else [other, x]
    graph.add(name, sides, [y], fusedActivationFunction=dice.pick(*ACTIVATIONS))
    return Case(name.lower(), graph.build([x], [y]), dice.inputs(*a))


def _every_byte(dice: Dice) -> tuple[tuple[int, ...], bytes]:
    values = np.arange(-128, 128).astype(np.int8)
    if dice.chance(0.5):
        return (1, 256), values.tobytes()
    return (2, 8, 32), np.concatenate([values, dice.int8(256)]).tobytes()


def _unary(
    dice: Dice, name: str, source: float, target: float, zero: int, **options: float
) -> Case:
    shape, inputs = _every_byte(dice)
    graph = Graph()
    x = graph.tensor(shape, quantization=affine(source, dice.zero_point()))
    y = graph.tensor(shape, quantization=affine(target, zero))
    graph.add(name, [x], [y], **options)
    return Case(name.lower(), graph.build([x], [y]), inputs)


def relu(dice: Dice) -> Case:
    """RELU and RELU6, in and out quantization free."""
    name = "RELU" if dice.chance(0.5) else "RELU6"
    source = dice.scale()
    return _unary(dice, name, source, dice.scale_near(source), dice.zero_point())


def leaky_relu(dice: Dice) -> Case:
    """LEAKY_RELU with slopes of both signs."""
    source, alpha = dice.scale(), dice.log_uniform(1e-3, 2) * (-1 if dice.chance(0.1) else 1)
    return _unary(dice, "LEAKY_RELU", source, dice.scale_near(source), dice.zero_point(),
                  alpha=alpha)  # fmt: skip


def hard_swish(dice: Dice) -> Case:
    """HARD_SWISH."""
    source = dice.scale()
    return _unary(dice, "HARD_SWISH", source, dice.scale_near(source), dice.zero_point())


def logistic(dice: Dice) -> Case:
    """LOGISTIC; a few with a zero point that is refused. Below 2^-28 its scale is undefined."""
    zero = dice.zero_point() if dice.chance(0.05) else -128
    target = dice.scale() if dice.chance(0.1) else 1 / 256
    return _unary(dice, "LOGISTIC", max(dice.scale(), 4e-9), target, zero)


def requantize(dice: Dice) -> Case:
    """QUANTIZE between int8 tensors, alone or through int16 or int32 in the middle."""
    source = dice.scale()
    target = dice.scale_near(source)
    middle = ("int8", "int16", "int32")[dice.integer(0, 2)]
    if middle == "int8":
        return _unary(dice, "QUANTIZE", source, target, dice.zero_point())
    shape, inputs = _every_byte(dice)
    graph = Graph()
    x = graph.tensor(shape, quantization=affine(source, dice.zero_point()))
    fine = affine(source / dice.log_uniform(2, 300), 0 if dice.chance(0.8) else dice.zero_point())
    z = graph.tensor(shape, middle, fine)
    y = graph.tensor(shape, quantization=affine(target, dice.zero_point()))
    graph.add("QUANTIZE", [x], [z])
    graph.add("QUANTIZE", [z], [y])
    return Case(f"requantize_{middle}", graph.build([x], [y]), inputs)


def quantize(dice: Dice) -> Case:
    """QUANTIZE of floats: ordinary ones, exact ties, huge ones, infinities and NaN."""
    shape = dice.shape(dice.integer(1, 4))
    target = affine(dice.scale(), dice.zero_point())
    steps = dice.rng.uniform(-200, 200, (2, *shape)).astype(np.float32)
    if dice.chance(0.3):
        steps = np.round(steps * 2) / np.float32(2)
    values = steps * np.float32(target.scales[0])
    if dice.extreme:
        odd = np.array([np.inf, -np.inf, np.nan, 1e30, -1e30, 0], np.float32)
        values = np.where(dice.rng.random(values.shape) < 0.1, dice.rng.choice(odd, values.shape),
                          values)  # fmt: skip
    graph = Graph()
    x = graph.tensor(shape, "float32")
    y = graph.tensor(shape, quantization=target)
    graph.add("QUANTIZE", [x], [y])
    return Case("quantize", graph.build([x], [y]), values.astype(np.float32).tobytes())


def dequantize(dice: Dice) -> Case:
    """DEQUANTIZE to floats."""
    shape, inputs = _every_byte(dice)
    graph = Graph()
    x = graph.tensor(shape, quantization=dice.quantization())
    y = graph.tensor(shape, "float32")
    graph.add("DEQUANTIZE", [x], [y])
    return Case("dequantize", graph.build([x], [y]), inputs)
