"""Int8 arithmetic of TensorFlow Lite Micro in numpy: what the known model must answer.

Source of the formulas: the TensorFlow Lite 8-bit quantization specification and gemmlowp's fixed
point (a multiplier is a 31-bit mantissa and a shift; the high half of the product is rounded half
up, the shift that follows half away from zero).
"""

import math

import numpy as np
from numpy.typing import NDArray

Int8 = NDArray[np.int8]
_MANTISSA_BITS = 31


def quantized_multiplier(scale: float) -> tuple[int, int]:
    """Return mantissa and shift of a positive multiplier: mantissa / 2^31 * 2^shift."""
    fraction, shift = math.frexp(scale)
    mantissa = math.floor(fraction * (1 << _MANTISSA_BITS) + 0.5)
    return (mantissa // 2, shift + 1) if mantissa == 1 << _MANTISSA_BITS else (mantissa, shift)


def rescaled(values: NDArray[np.int64], scale: float) -> NDArray[np.int64]:
    """Return int32 accumulators times `scale` < 1, rounded twice as the kernels do."""
    mantissa, shift = quantized_multiplier(scale)
    if shift > 0:
        raise ValueError(f"a multiplier of {scale}: 1 is too large")
    high = (values * mantissa + (1 << (_MANTISSA_BITS - 1))) >> _MANTISSA_BITS
    half = (1 << -shift) >> 1
    return np.where(high >= 0, (high + half) >> -shift, -((-high + half) >> -shift))


def _clamped(values: NDArray[np.int64], lowest: int = -128) -> Int8:
    return np.clip(values, lowest, 127).astype(np.int8)


def conv_3x3_relu(
    image: Int8,
    zero_points: tuple[int, int],
    filters: Int8,
    bias: NDArray[np.int32],
    scales: NDArray[np.float64],
) -> Int8:
    """Return a 3x3 convolution, padding SAME, stride 1, with a fused ReLU.

    `image` (H, W, C), `filters` (O, 3, 3, C), `bias` (O,); `scales` (O,) are input times filter
    over output scale; `zero_points` are the input's and the output's. Returns (H, W, O).
    """
    height, width, _ = image.shape
    centred = np.pad(image.astype(np.int64) - zero_points[0], ((1, 1), (1, 1), (0, 0)))
    total = np.zeros((height, width, len(filters)), np.int64) + bias
    for row in range(3):
        for column in range(3):
            part = centred[row : row + height, column : column + width]
            total += part @ filters[:, row, column].astype(np.int64).T
    channels = [rescaled(total[..., o], float(scales[o])) for o in range(len(filters))]
    return _clamped(np.stack(channels, axis=-1) + zero_points[1], zero_points[1])


def max_pool_2x2(image: Int8) -> Int8:
    """Return the largest of each 2x2 window: (H, W, C) to (H / 2, W / 2, C)."""
    height, width, channels = image.shape
    windows = image.reshape(height // 2, 2, width // 2, 2, channels)
    largest: Int8 = windows.max(axis=(1, 3))
    return largest


def fully_connected(
    features: Int8,
    zero_points: tuple[int, int],
    weights: Int8,
    bias: NDArray[np.int32],
    scale: float,
) -> Int8:
    """Return `weights` (O, F) times the flattened features, plus `bias` (O,): (O,)."""
    centred = features.reshape(-1).astype(np.int64) - zero_points[0]
    total = weights.astype(np.int64) @ centred + bias
    return _clamped(rescaled(total, scale) + zero_points[1])
