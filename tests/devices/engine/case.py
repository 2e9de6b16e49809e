"""One graph of the zoo, with inputs, and the random numbers that graphs are made of."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .graph import Quantization, affine

ACTIVATIONS = (0, 1, 2, 3)


@dataclass(frozen=True)
class Case:
    """A model and the bytes of its samples, back to back."""

    name: str
    model: bytes
    inputs: bytes


class Dice:
    """Seeded draws; "extreme" cases leave the range that a converter would produce."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.extreme = bool(self.rng.random() < 0.25)

    def chance(self, probability: float) -> bool:
        """True with this probability."""
        return bool(self.rng.random() < probability)

    def integer(self, low: int, high: int) -> int:
        """Uniform in [low, high]."""
        return int(self.rng.integers(low, high + 1))

    def pick(self, *choices: int) -> int:
        """One of the choices."""
        return int(choices[self.integer(0, len(choices) - 1)])

    def log_uniform(self, low: float, high: float) -> float:
        """float32, uniform in the logarithm."""
        return float(np.float32(np.exp(self.rng.uniform(np.log(low), np.log(high)))))

    def scale(self) -> float:
        """A scale, typically 1e-3..1."""
        return self.log_uniform(1e-9, 1e9) if self.extreme else self.log_uniform(1e-3, 1.0)

    def scale_near(self, product: float) -> float:
        """An output scale that leaves a sum of `product` steps mostly unsaturated."""
        if self.extreme and self.chance(0.5):
            return self.scale()
        low, high = product * 0.05, product * 20
        return self.log_uniform(max(low, 1e-30), min(max(high, 1e-29), 1e30))

    def zero_point(self) -> int:
        """-128, 127, 0 or anything; now and then outside int8."""
        if self.extreme and self.chance(0.05):
            return self.pick(128, 300, -129, -1000)
        return self.pick(-128, 127, 0, self.integer(-128, 127), self.integer(-128, 127))

    def quantization(self) -> Quantization:
        """Per-tensor parameters."""
        return affine(self.scale(), self.zero_point())

    def int8(self, *shape: int) -> npt.NDArray[np.int8]:
        """Uniform, saturated or small values."""
        kind = self.rng.random()
        if kind < 0.15:
            return self.rng.choice(np.array([-128, 127], np.int8), shape)
        low, high = (-5, 6) if kind < 0.3 else (-128, 128)
        return self.rng.integers(low, high, shape).astype(np.int8)

    def inputs(self, *shape: int, samples: int = 2) -> bytes:
        """Bytes of int8 samples."""
        return b"".join(self.int8(*shape).tobytes() for _ in range(samples))

    def shape(self, rank: int, limit: int = 7) -> tuple[int, ...]:
        """Sizes of 1..limit."""
        return tuple(self.integer(1, limit) for _ in range(rank))

    def bias(self, count: int) -> npt.NDArray[np.int32]:
        """Sane or anything up to the limits of int32."""
        bits = 31 if self.extreme and self.chance(0.3) else 12
        return self.rng.integers(-(2**bits), 2**bits, count).astype(np.int32)

    def filter_quantization(self, channels: int, dimension: int, sane: float) -> Quantization:
        """Per tensor or per channel, around `sane`."""
        base = self.scale() if self.extreme else sane
        if channels == 1 or self.chance(0.4):
            return affine(base)
        scales = tuple(float(np.float32(base * self.log_uniform(0.2, 5))) for _ in range(channels))
        return Quantization(scales, (0,) * channels, dimension)
