"""int8 and real numbers: TFLite's QUANTIZE and DEQUANTIZE, bit for bit, in numpy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Quantization:
    """real = scale * (integer - zero_point), with the integers of `dtype`."""

    scale: float
    zero_point: int
    dtype: str = "int8"

    def quantize(self, values: NDArray[np.float32]) -> NDArray[np.generic]:
        """Return round(values / scale) + zero_point, saturated, in the shape of `values`.

        The division is in float32, halves round away from zero. Values are finite.
        """
        with np.errstate(over="ignore"):  # beyond float32 is beyond int8: it saturates
            ratio = (values.astype(np.float32) / np.float32(self.scale)).astype(np.float64)
        limits = np.iinfo(np.dtype(self.dtype))
        rounded = np.trunc(ratio + np.copysign(0.5, ratio))
        shifted = np.clip(rounded + self.zero_point, limits.min, limits.max)
        return np.asarray(shifted.astype(self.dtype))

    def dequantize(self, integers: NDArray[np.generic]) -> NDArray[np.float32]:
        """Return scale * (integers - zero_point) as float32, in the shape of `integers`."""
        centred = integers.astype(np.int32) - np.int32(self.zero_point)
        return np.asarray(np.float32(self.scale) * centred.astype(np.float32), dtype=np.float32)
