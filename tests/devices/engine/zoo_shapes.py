"""Random graphs of dense layers, reductions, softmax and operators that move bytes."""

from __future__ import annotations

import numpy as np

from .case import ACTIVATIONS, Case, Dice
from .graph import Graph, Quantization, affine


def fully_connected(dice: Dice) -> Case:
    """FULLY_CONNECTED, per tensor (some with a filter zero point) and per channel."""
    batch, depth, outputs = dice.pick(1, 1, 2, 3), dice.integer(1, 70), dice.integer(1, 12)
    graph = Graph()
    source = dice.quantization()
    weights = dice.filter_quantization(outputs, 0, 0.01)
    if len(weights.scales) == 1 and dice.chance(0.3):
        weights = affine(weights.scales[0], dice.integer(-20, 20))
    target = affine(
        dice.scale_near(source.scales[0] * max(weights.scales) * 40 * depth**0.5),
        dice.zero_point(),
    )
    x = graph.tensor([batch, depth], quantization=source)
    w = graph.constant(dice.int8(outputs, depth), "int8", weights)
    bias = []
    if dice.chance(0.7):
        scale = source.scales[0] * weights.scales[0] * (1.5 if dice.chance(0.05) else 1)
        bias = [graph.constant(dice.bias(outputs), "int32", affine(scale))]
    y = graph.tensor([batch, outputs], quantization=target)
    graph.add("FULLY_CONNECTED", [x, w, *bias], [y],
              fusedActivationFunction=dice.pick(*ACTIVATIONS))  # fmt: skip
    return Case("fully_connected", graph.build([x], [y]), dice.inputs(batch, depth))


def reduction(dice: Dice) -> Case:
    """MEAN or SUM over any axes."""
    rank = dice.integer(1, 5)
    shape = (1, *dice.shape(2), dice.integer(1, 9)) if dice.chance(0.4) else dice.shape(rank, 6)
    rank = len(shape)
    axes = sorted({dice.integer(0, rank - 1) for _ in range(dice.integer(1, rank))})
    if rank == 4 and dice.chance(0.5):
        axes = [1, 2]
    keep = dice.chance(0.5)
    out = [1 if i in axes else n for i, n in enumerate(shape) if keep or i not in axes]
    stated = [a - rank if dice.chance(0.3) else a for a in axes]
    name = "MEAN" if dice.chance(0.7) else "SUM"
    source = dice.quantization()
    target = source if dice.chance(0.3) else affine(dice.scale_near(source.scales[0]),
                                                    dice.zero_point())  # fmt: skip
    graph = Graph()
    x = graph.tensor(shape, quantization=source)
    axis = np.array(stated[0] if len(stated) == 1 and dice.chance(0.3) else stated)
    a = graph.constant(axis, "int32")
    y = graph.tensor(out, quantization=target)
    graph.add(name, [x, a], [y], keepDims=keep)
    return Case(name.lower(), graph.build([x], [y]), dice.inputs(*shape))


def softmax(dice: Dice) -> Case:
    """SOFTMAX to int8 or int16, rows of 1..40 or up to 511 (from 512 on TFLM may abort)."""
    shape = dice.shape(dice.integer(1, 3))
    depth = dice.integer(400, 511) if dice.chance(0.03) else dice.integer(1, 40)
    shape = (*shape, depth)
    beta = 1.0 if dice.chance(0.8) else dice.log_uniform(0.01, 10)
    wide = dice.chance(0.3)
    target = affine(1 / 65536, -32768) if wide else affine(1 / 256, -128)
    if dice.chance(0.03):
        target = affine(1 / 255, target.zero_points[0])
    graph = Graph()
    x = graph.tensor(shape, quantization=dice.quantization())
    y = graph.tensor(shape, "int16" if wide else "int8", target)
    graph.add("SOFTMAX", [x], [y], beta=beta)
    return Case("softmax16" if wide else "softmax", graph.build([x], [y]), dice.inputs(*shape))


def pad(dice: Dice) -> Case:
    """PAD and PADV2."""
    shape = dice.shape(dice.integer(1, 5), 5)
    amounts = dice.rng.integers(0, 4, (len(shape), 2)).astype(np.int32)
    out = [int(n + before + after) for n, (before, after) in zip(shape, amounts, strict=True)]
    source = dice.quantization()
    graph = Graph()
    x = graph.tensor(shape, quantization=source)
    p = graph.constant(amounts, "int32")
    y = graph.tensor(out, quantization=source)
    extra = []
    if dice.chance(0.5):
        odd = dice.chance(0.1)
        extra = [graph.constant(dice.int8(1), "int8", dice.quantization() if odd else source)]
    graph.add("PADV2" if extra else "PAD", [x, p, *extra], [y])
    return Case("padv2" if extra else "pad", graph.build([x], [y]), dice.inputs(*shape))


def transpose(dice: Dice) -> Case:
    """TRANSPOSE of int8 or float32."""
    shape = dice.shape(dice.integer(1, 5), 5)
    order = dice.rng.permutation(len(shape)).astype(np.int32)
    dtype = "float32" if dice.chance(0.2) else "int8"
    quantization = None if dtype == "float32" else dice.quantization()
    graph = Graph()
    x = graph.tensor(shape, dtype, quantization)
    p = graph.constant(order, "int32")
    y = graph.tensor([shape[i] for i in order], dtype, quantization)
    graph.add("TRANSPOSE", [x, p], [y])
    inputs = dice.inputs(*shape)
    if dtype == "float32":
        inputs = dice.rng.standard_normal((2, *shape)).astype(np.float32).tobytes()
    return Case("transpose", graph.build([x], [y]), inputs)


def concatenation(dice: Dice) -> Case:
    """CONCATENATION of the input with constants and itself."""
    shape = list(dice.shape(dice.integer(1, 4), 5))
    axis = dice.integer(0, len(shape) - 1)
    quantization = dice.quantization()
    graph = Graph()
    x = graph.tensor(shape, quantization=quantization)
    parts: list[int] = []
    total = 0
    for _ in range(dice.integer(1, 5)):
        size = list(shape)
        if parts and dice.chance(0.7):
            size[axis] = dice.integer(1, 4)
            odd = dice.chance(0.02)
            parts.append(graph.constant(dice.int8(*size), "int8",
                                        dice.quantization() if odd else quantization))  # fmt: skip
        else:
            parts.append(x)
        total += size[axis]
    out = list(shape)
    out[axis] = total
    y = graph.tensor(out, quantization=quantization)
    stated = axis - len(shape) if dice.chance(0.3) else axis
    graph.add("CONCATENATION", parts, [y], axis=stated,
              fusedActivationFunction=1 if dice.chance(0.02) else 0)  # fmt: skip
    return Case("concatenation", graph.build([x], [y]), dice.inputs(*shape))


def reshape(dice: Dice) -> Case:
    """RESHAPE, then an operator that reads the result: nothing may be overwritten early."""
    a, b, c = dice.shape(3)
    quantization = dice.quantization()
    graph = Graph()
    x = graph.tensor([a, b, c], quantization=quantization)
    shape = graph.constant(np.array([a * b, c], np.int32), "int32")
    z = graph.tensor([a * b, c], quantization=quantization)
    y = graph.tensor([a * b, c], quantization=Quantization((1 / 256,), (-128,)))
    graph.add("RESHAPE", [x, shape] if dice.chance(0.7) else [x], [z])
    graph.add("SOFTMAX", [z], [y], beta=1.0)
    return Case("reshape", graph.build([x], [y]), dice.inputs(a, b, c))
