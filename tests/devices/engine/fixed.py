"""TFLM's fixed-point arithmetic on numpy arrays, and what it is not.

Everything is int64 inside; the left shift's wrap-around is left out (the cases here shift right).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


def half_away(x: Array) -> Array:
    """Round half away from zero, in the array's own float type."""
    rounded: Array = np.trunc(x + np.copysign(np.asarray(0.5, x.dtype), x))
    return rounded


def multiplier(real: Array) -> tuple[Array, Array]:
    """(m, s) with real = m * 2^(s - 31), m rounded."""
    fraction, shift = np.frexp(np.asarray(real, np.float64))
    value = np.floor(fraction * 2.0**31 + 0.5).astype(np.int64)
    over = value == 1 << 31
    return np.where(over, 1 << 30, value), shift.astype(np.int64) + over


def round_shift(x: Array, bits: Array | int) -> Array:
    """x / 2^bits, half away from zero."""
    mask = (np.int64(1) << np.asarray(bits, np.int64)) - 1
    shifted: Array = (x >> bits) + ((x & mask) > ((mask >> 1) + (x < 0)))
    return shifted


def rescale(x: Array, scale: tuple[Array, Array]) -> Array:
    """x * m * 2^(s - 31) with both roundings, s <= 0 or a left shift that does not wrap."""
    value, shift = scale
    left = np.maximum(shift, 0)
    high = ((x << left) * value + (1 << 30)) >> 31
    return round_shift(high, np.maximum(-shift, 0))


def rescale_once(x: Array, scale: tuple[Array, Array]) -> Array:
    """The same with a single rounding, half up: what TFLM does not do."""
    value, shift = scale
    total = 31 - shift
    rounded: Array = (x * value + (np.int64(1) << (total - 1))) >> total
    return rounded
