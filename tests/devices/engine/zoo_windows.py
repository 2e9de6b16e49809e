"""Random graphs of the operators that slide a window: convolutions and pools."""

from __future__ import annotations

from .case import ACTIVATIONS, Case, Dice
from .graph import Graph, affine


def _output_size(size: int, window: int, stride: int, dilation: int, padding: int) -> int:
    extent = (window - 1) * dilation + 1
    return -(-size // stride) if padding == 0 else (size - extent + stride) // stride


def _window(dice: Dice, limit: int = 9) -> tuple[list[int], list[int], list[int], list[int], int]:
    """Image size, filter, stride and dilation (h, w each) and a padding that leaves output."""
    while True:
        image = [dice.integer(1, limit), dice.integer(1, limit)]
        window = [dice.integer(1, 4), dice.integer(1, 4)]
        if dice.chance(0.4):
            window = [3, 3]
        stride = [dice.pick(1, 1, 2, 3), dice.pick(1, 1, 2, 3)]
        dilation = [dice.pick(1, 1, 1, 2, 3), dice.pick(1, 1, 1, 2, 3)]
        padding = dice.pick(0, 1)
        sizes = [
            _output_size(n, f, s, d, padding)
            for n, f, s, d in zip(image, window, stride, dilation, strict=True)
        ]
        if min(sizes) > 0:
            return image, window, stride, dilation, padding


def _sizes(image: list[int], window: list[int], stride: list[int], dilation: list[int],
           padding: int) -> list[int]:  # fmt: skip
    return [
        _output_size(n, f, s, d, padding)
        for n, f, s, d in zip(image, window, stride, dilation, strict=True)
    ]


def _bias(dice: Dice, graph: Graph, channels: int, scale: float, absent: float = 0.25) -> list[int]:
    kind = (1 if dice.chance(absent) else 0) if dice.chance(0.4) else 2
    if kind == 2:
        return [graph.constant(dice.bias(channels), "int32", affine(scale))]
    return [-1] if kind else []


def conv(dice: Dice) -> Case:
    """CONV_2D: plain or grouped, any stride and dilation, with or without bias."""
    image, window, stride, dilation, padding = _window(dice)
    if dice.chance(0.25):
        window = [1, 1]
    groups = dice.pick(1, 1, 1, 2, 3)
    group_inputs, group_outputs = dice.integer(1, 9), dice.integer(1, 5)
    if dice.chance(0.3):
        group_inputs, group_outputs = dice.pick(4, 8, 12, 16, 20), dice.pick(2, 4, 8, 7)
    channels_in, channels_out = groups * group_inputs, groups * group_outputs
    batch = dice.pick(1, 1, 1, 2)
    graph = Graph()
    taps = window[0] * window[1] * group_inputs
    source, weights = dice.quantization(), dice.filter_quantization(channels_out, 0, 0.01)
    target = affine(
        dice.scale_near(source.scales[0] * max(weights.scales) * 40 * taps**0.5),
        dice.zero_point(),
    )
    x = graph.tensor([batch, *image, channels_in], quantization=source)
    w = graph.constant(dice.int8(channels_out, *window, group_inputs), "int8", weights)
    bias = _bias(dice, graph, channels_out, source.scales[0] * weights.scales[0])
    y_size = _sizes(image, window, stride, dilation, padding)
    if min(y_size) < 1:
        return conv(dice)
    y = graph.tensor([batch, *y_size, channels_out], quantization=target)
    graph.add("CONV_2D", [x, w, *bias], [y], padding=padding, strideH=stride[0],
              strideW=stride[1], dilationHFactor=dilation[0], dilationWFactor=dilation[1],
              fusedActivationFunction=dice.pick(*ACTIVATIONS))  # fmt: skip
    return Case("conv", graph.build([x], [y]), dice.inputs(batch, *image, channels_in))


def depthwise(dice: Dice) -> Case:
    """DEPTHWISE_CONV_2D with depth multipliers."""
    image, window, stride, dilation, padding = _window(dice)
    multiplier = dice.pick(1, 1, 1, 2, 3, 4)
    channels_in = dice.pick(dice.integer(1, 9), 4, 8, 12, 16)
    channels_out = channels_in * multiplier
    batch = dice.pick(1, 1, 1, 2)
    graph = Graph()
    source, weights = dice.quantization(), dice.filter_quantization(channels_out, 3, 0.01)
    taps = window[0] * window[1]
    target = affine(
        dice.scale_near(source.scales[0] * max(weights.scales) * 40 * taps**0.5),
        dice.zero_point(),
    )
    x = graph.tensor([batch, *image, channels_in], quantization=source)
    w = graph.constant(dice.int8(1, *window, channels_out), "int8", weights)
    # A bias of -1 crashes TFLM here.
    bias = _bias(dice, graph, channels_out, source.scales[0] * weights.scales[0], 0.02)
    y_size = _sizes(image, window, stride, dilation, padding)
    y = graph.tensor([batch, *y_size, channels_out], quantization=target)
    graph.add("DEPTHWISE_CONV_2D", [x, w, *bias], [y], padding=padding, strideH=stride[0],
              strideW=stride[1], dilationHFactor=dilation[0], dilationWFactor=dilation[1],
              depthMultiplier=multiplier,
              fusedActivationFunction=dice.pick(*ACTIVATIONS))  # fmt: skip
    return Case("depthwise", graph.build([x], [y]), dice.inputs(batch, *image, channels_in))


def pool(dice: Dice) -> Case:
    """MAX_POOL_2D or AVERAGE_POOL_2D; a few differ in quantization by little or much."""
    image, window, stride, _, padding = _window(dice)
    if dice.chance(0.2):
        window = [2, 2]
        image = [max(n, 2) for n in image]
    if dice.chance(0.1):
        window, padding = list(image), 1
    channels, batch = dice.pick(dice.integer(1, 9), 4, 8, 16), dice.pick(1, 1, 2)
    y_size = _sizes(image, window, stride, [1, 1], padding)
    if min(y_size) < 1:
        return pool(dice)
    source = dice.quantization()
    drift = dice.pick(*[0] * 18, 1, 2)
    scale = source.scales[0] + (0, 5e-7, 3e-6)[drift]
    # A bound beyond int32 leaves TFLM with an uninitialised range here: nothing to compare with.
    activation = dice.pick(*ACTIVATIONS) if scale > 1e-8 else 0
    name = "MAX_POOL_2D" if dice.chance(0.5) else "AVERAGE_POOL_2D"
    graph = Graph()
    x = graph.tensor([batch, *image, channels], quantization=source)
    y = graph.tensor([batch, *y_size, channels],
                     quantization=affine(scale, source.zero_points[0]))  # fmt: skip
    graph.add(name, [x], [y], padding=padding, strideH=stride[0], strideW=stride[1],
              filterHeight=window[0], filterWidth=window[1],
              fusedActivationFunction=activation)  # fmt: skip
    return Case(name.lower(), graph.build([x], [y]), dice.inputs(batch, *image, channels))
