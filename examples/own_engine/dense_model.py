"""Networks of dense int8 layers: the file that dense_engine.h reads, and what it must answer."""

import math
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

MAGIC = b"DNS1"
HEADER = struct.Struct("<4sIfi")
LAYER = struct.Struct("<IIiiiiI")
MULTIPLIER_BITS = 31


@dataclass(frozen=True)
class Dense:
    """A layer: `weights` int8 (outputs, inputs), `bias` int32 (outputs,).

    `scale` < 1 is input times weight over output scale; codes below `lowest` are raised to it.
    """

    weights: NDArray[np.int8]
    bias: NDArray[np.int32]
    input_zero: int
    output_zero: int
    scale: float
    lowest: int = -128

    @property
    def multiplier(self) -> tuple[int, int]:
        """Return the scale as the file holds it: multiplier / 2^31 / 2^shift."""
        fraction, exponent = math.frexp(self.scale)
        return min(round(fraction * (1 << MULTIPLIER_BITS)), (1 << MULTIPLIER_BITS) - 1), -exponent

    def pack(self) -> bytes:
        """Return the layer's part of the file."""
        outputs, inputs = self.weights.shape
        numbers = (inputs, outputs, self.input_zero, self.output_zero, self.lowest)
        weights = self.weights.tobytes()
        padding = bytes(-len(weights) % 4)
        head = LAYER.pack(*numbers, *self.multiplier)
        return head + self.bias.astype("<i4").tobytes() + weights + padding

    def run(self, codes: NDArray[np.int8]) -> NDArray[np.int8]:
        """Return the output codes (N, outputs) of the input codes (N, inputs)."""
        multiplier, shift = self.multiplier
        centred = codes.astype(np.int64) - self.input_zero
        sums = centred @ self.weights.T.astype(np.int64) + self.bias
        scaled = (sums * multiplier + (1 << (MULTIPLIER_BITS - 1 + shift))) >> (
            MULTIPLIER_BITS + shift
        )
        return np.clip(scaled + self.output_zero, self.lowest, 127).astype(np.int8)


def pack(layers: Sequence[Dense], output_scale: float) -> bytes:
    """Return the file of a network."""
    header = HEADER.pack(MAGIC, len(layers), output_scale, layers[-1].output_zero)
    return header + b"".join(layer.pack() for layer in layers)


def run(layers: Sequence[Dense], codes: NDArray[np.int8]) -> NDArray[np.int8]:
    """Return what a network answers: codes (N, outputs) for codes (N, inputs)."""
    for layer in layers:
        codes = layer.run(codes)
    return codes


def drawn_network(widths: Sequence[int], seed: int) -> list[Dense]:
    """Return a network of drawn weights whose codes spread over the whole of int8."""
    source = np.random.default_rng(seed)
    layers = []
    for inputs, outputs in pairwise(widths):
        first, last = not layers, len(layers) == len(widths) - 2
        layers.append(
            Dense(
                weights=source.integers(-127, 128, (outputs, inputs), np.int8),
                bias=source.integers(-20_000, 20_000, outputs, np.int32),
                input_zero=5 if first else -128,
                output_zero=-7 if last else -128,
                scale=1.6 / (73 * math.sqrt(inputs)),
                lowest=-128,
            )
        )
    return layers
