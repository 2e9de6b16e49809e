"""The audio front end: one second of sound as a picture of its mel spectrum in decibels.

Frames of 30 ms every 20 ms, each under a periodic Hann window w and zero-padded to 512 points;
power |DFT|^2 / (sum w)^2, so that a sine of full scale has -6 dB in its bin; 40 triangular filters
of unit height with edges equally spaced in mel from 20 to 8000 Hz, mel(f) = 2595 log10(1 + f /
700); then 10 log10 of each filter's output. Rows are time, columns frequency.

The result is uint8, half a decibel per step, 0 at -120 dB or less: finer than an int8 model sees,
and, unlike float32, the same bytes on every machine but for values within rounding of a step.

Sources: mel and filters, Young et al., "The HTK Book" (3.4), section 5.4, after Davis and
Mermelstein (1980), doi:10.1109/TASSP.1980.1163420; 30 ms and 20 ms as in the keyword spotting of
MLPerf Tiny, Banbury et al. (2021), arXiv 2106.07597.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.fft import rfft
from scipy.signal import get_window

from harness.data.wav import RATE_HZ

WINDOW_SAMPLES = 480
STRIDE_SAMPLES = 320
FRAMES = 1 + (RATE_HZ - WINDOW_SAMPLES) // STRIDE_SAMPLES
BANDS = 40
VERSION = 1
"""Part of the name of cached features; goes up with every change of the result."""

_FULL_SCALE = 32768.0
_POINTS = 512
_LOWEST_HZ, _HIGHEST_HZ = 20.0, 8000.0
_FLOOR_DB = -120.0
_STEPS_PER_DB = 2.0


def log_mel(sound: NDArray[np.int16]) -> NDArray[np.uint8]:
    """Return (N, 49, 40, 1) uint8 of sounds (N, 16000) int16 at 16 kHz."""
    windows = np.lib.stride_tricks.sliding_window_view(sound, WINDOW_SAMPLES, axis=1)
    frames = windows[:, ::STRIDE_SAMPLES] * (_window() / _FULL_SCALE)
    spectrum = rfft(frames, _POINTS, axis=-1)
    power = spectrum.real**2 + spectrum.imag**2
    decibels = 10 * np.log10(np.maximum(power @ mel_filters(), 10 ** (_FLOOR_DB / 10)))
    steps = np.rint((decibels - _FLOOR_DB) * _STEPS_PER_DB)
    return np.clip(steps, 0, 255).astype(np.uint8)[..., np.newaxis]


@cache
def _window() -> NDArray[np.float64]:
    window = np.asarray(get_window("hann", WINDOW_SAMPLES), dtype=np.float64)
    return np.asarray(window / window.sum())


@cache
def mel_filters() -> NDArray[np.float64]:
    """Return (257, 40): the weight of each DFT bin in each band."""
    edges_mel = np.linspace(_mel(_LOWEST_HZ), _mel(_HIGHEST_HZ), BANDS + 2)
    edges_hz = 700 * (10 ** (edges_mel / 2595) - 1)
    bins_hz = np.arange(_POINTS // 2 + 1)[:, np.newaxis] * (RATE_HZ / _POINTS)
    lower, centre, upper = edges_hz[:-2], edges_hz[1:-1], edges_hz[2:]
    rising = (bins_hz - lower) / (centre - lower)
    falling = (upper - bins_hz) / (upper - centre)
    return np.maximum(0.0, np.minimum(rising, falling))


def _mel(frequency_hz: float) -> float:
    return float(2595 * np.log10(1 + frequency_hz / 700))
