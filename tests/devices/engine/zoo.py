"""The zoo: random graphs over every operator, each made from its seed alone."""

from __future__ import annotations

from collections.abc import Callable

from . import zoo_elementwise, zoo_networks, zoo_shapes, zoo_windows
from .case import Case, Dice

KINDS: dict[str, Callable[[Dice], Case]] = {
    "conv": zoo_windows.conv,
    "depthwise": zoo_windows.depthwise,
    "pool": zoo_windows.pool,
    "fully_connected": zoo_shapes.fully_connected,
    "binary": zoo_elementwise.binary,
    "reduction": zoo_shapes.reduction,
    "softmax": zoo_shapes.softmax,
    "pad": zoo_shapes.pad,
    "transpose": zoo_shapes.transpose,
    "concatenation": zoo_shapes.concatenation,
    "reshape": zoo_shapes.reshape,
    "relu": zoo_elementwise.relu,
    "leaky_relu": zoo_elementwise.leaky_relu,
    "hard_swish": zoo_elementwise.hard_swish,
    "logistic": zoo_elementwise.logistic,
    "requantize": zoo_elementwise.requantize,
    "quantize": zoo_elementwise.quantize,
    "dequantize": zoo_elementwise.dequantize,
    "network": zoo_networks.network,
}


def make(kind: str, seed: int) -> Case:
    """The graph of this kind and seed."""
    number = list(KINDS).index(kind)
    return KINDS[kind](Dice(seed * 1000 + number))
