"""Random graphs of several operators: chains with branches that join again."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .case import Case, Dice
from .graph import Graph, Quantization, affine


@dataclass
class _Net:
    dice: Dice
    graph: Graph
    at: int
    shape: list[int]
    quantization: Quantization

    def emit(self, name: str, inputs: list[int], shape: list[int], q: Quantization,
             **options: object) -> None:  # fmt: skip
        out = self.graph.tensor(shape, quantization=q)
        self.graph.add(name, inputs, [out], **options)
        self.at, self.shape, self.quantization = out, shape, q


def _fresh(net: _Net) -> Quantization:
    return affine(net.dice.log_uniform(0.02, 0.2), net.dice.integer(-128, 127))


def _weights(net: _Net, shape: list[int], channels: int, dimension: int) -> list[int]:
    q = net.dice.filter_quantization(channels, dimension, 0.01)
    q = Quantization(tuple(min(s, 1.0) for s in q.scales), q.zero_points, q.dimension)
    w = net.graph.constant(net.dice.int8(*shape), "int8", q)
    bias = net.graph.constant(net.dice.bias(channels), "int32", affine(1e-3))
    return [w, bias]


def _conv(net: _Net) -> None:
    n, h, w, c = net.shape
    channels, size = net.dice.integer(1, 8), net.dice.pick(1, 3)
    weights = _weights(net, [channels, size, size, c], channels, 0)
    net.emit("CONV_2D", [net.at, *weights], [n, h, w, channels], _fresh(net), padding=0,
             strideH=1, strideW=1, fusedActivationFunction=net.dice.pick(0, 1, 3))  # fmt: skip


def _depthwise(net: _Net) -> None:
    n, h, w, c = net.shape
    stride = net.dice.pick(1, 2)
    weights = _weights(net, [1, 3, 3, c], c, 3)
    size = [n, -(-h // stride), -(-w // stride), c]
    net.emit("DEPTHWISE_CONV_2D", [net.at, *weights], size, _fresh(net), padding=0,
             strideH=stride, strideW=stride, depthMultiplier=1,
             fusedActivationFunction=net.dice.pick(0, 1, 3))  # fmt: skip


def _pool(net: _Net) -> None:
    n, h, w, c = net.shape
    name = "MAX_POOL_2D" if net.dice.chance(0.5) else "AVERAGE_POOL_2D"
    net.emit(name, [net.at], [n, -(-h // 2), -(-w // 2), c], net.quantization, padding=0,
             strideH=2, strideW=2, filterHeight=2, filterWidth=2)  # fmt: skip


def _branch(net: _Net) -> None:
    """A residual: the branch's start stays alive past what is between."""
    start, shape, quantization = net.at, list(net.shape), net.quantization
    _pointwise(net)
    if net.dice.chance(0.5):
        _unary(net)
    name = "ADD" if net.dice.chance(0.7) else "MUL"
    sides = [start, net.at] if net.dice.chance(0.5) else [net.at, start]
    del quantization
    net.emit(name, sides, shape, _fresh(net), fusedActivationFunction=net.dice.pick(0, 1))


def _pointwise(net: _Net) -> None:
    n, h, w, c = net.shape
    weights = _weights(net, [c, 1, 1, c], c, 0)
    net.emit("CONV_2D", [net.at, *weights], [n, h, w, c], _fresh(net), padding=1,
             strideH=1, strideW=1)  # fmt: skip


def _unary(net: _Net) -> None:
    name = ("RELU", "LEAKY_RELU", "HARD_SWISH", "QUANTIZE", "LOGISTIC")[net.dice.integer(0, 4)]
    options = {"alpha": 0.1} if name == "LEAKY_RELU" else {}
    q = affine(1 / 256, -128) if name == "LOGISTIC" else _fresh(net)
    net.emit(name, [net.at], list(net.shape), q, **options)


def _twice(net: _Net) -> None:
    """Two concatenated copies."""
    n, h, w, c = net.shape
    net.emit("CONCATENATION", [net.at, net.at], [n, h, w, 2 * c], net.quantization, axis=3)


def _pad(net: _Net) -> None:
    n, h, w, c = net.shape
    amounts = net.graph.constant(np.array([[0, 0], [1, 1], [0, 1], [0, 0]], np.int32), "int32")
    net.emit("PAD", [net.at, amounts], [n, h + 2, w + 1, c], net.quantization)


STEPS = (_conv, _depthwise, _pool, _branch, _branch, _unary, _twice, _pad)


def _head(net: _Net) -> None:
    n, h, w, c = net.shape
    if net.dice.chance(0.5):
        axes = net.graph.constant(np.array([1, 2], np.int32), "int32")
        net.emit("MEAN", [net.at, axes], [n, c], _fresh(net))
    else:
        net.emit("RESHAPE", [net.at], [n, h * w * c], net.quantization)
    depth, classes = net.shape[1], net.dice.integer(2, 10)
    weights = net.graph.constant(net.dice.int8(classes, depth), "int8", affine(0.01))
    net.emit("FULLY_CONNECTED", [net.at, weights], [n, classes], _fresh(net))
    if net.dice.chance(0.5):
        net.emit("SOFTMAX", [net.at], [n, classes], affine(1 / 256, -128), beta=1.0)


def network(dice: Dice) -> Case:
    """Two to eight steps and a head."""
    dice.extreme = False
    shape = [1, dice.integer(3, 9), dice.integer(3, 9), dice.integer(1, 6)]
    graph = Graph()
    q = affine(dice.log_uniform(0.01, 0.1), dice.integer(-128, 127))
    x = graph.tensor(shape, quantization=q)
    net = _Net(dice, graph, x, shape, q)
    for _ in range(dice.integer(2, 8)):
        STEPS[dice.integer(0, len(STEPS) - 1)](net)
        if net.shape[3] > 24:
            break
    _head(net)
    return Case("network", graph.build([x], [net.at]), dice.inputs(*shape))
