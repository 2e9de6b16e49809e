from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.signal import ShortTimeFFT

from harness.data.log_mel import BANDS, FRAMES, log_mel, mel_filters

RATE_HZ = 16_000
TIME = np.arange(RATE_HZ) / RATE_HZ


def slow_log_mel(sound: np.ndarray) -> np.ndarray:
    """The front end written out: a DFT by its sum, and each filter by its three corners."""

    def mel(hz: float) -> float:
        return 2595 * math.log10(1 + hz / 700)

    lowest, highest = mel(20), mel(8000)
    corners = [
        700 * (10 ** ((lowest + (highest - lowest) * step / 41) / 2595) - 1) for step in range(42)
    ]
    window = np.array([0.5 - 0.5 * math.cos(2 * math.pi * n / 480) for n in range(480)])
    matrix = np.exp(-2j * np.pi * np.outer(np.arange(257), np.arange(480)) / 512)
    result = np.zeros((49, 40))
    for frame in range(49):
        piece = sound[320 * frame : 320 * frame + 480] / 32768
        power = np.abs(matrix @ (piece * window)) ** 2 / window.sum() ** 2
        for band in range(40):
            left, top, right = corners[band : band + 3]
            hz = np.arange(257) * 31.25
            weight = np.interp(hz, [left, top, right], [0, 1, 0])
            result[frame, band] = 10 * math.log10(max(1e-12, float(weight @ power)))
    return np.clip(np.rint(2 * (result + 120)), 0, 255).astype(np.uint8)


def sounds() -> dict[str, np.ndarray]:
    generator = np.random.default_rng(0)
    sweep = 10000 * np.sin(2 * np.pi * (50 + 3900 * TIME) * TIME)
    return {
        "noise": generator.normal(0, 3000, RATE_HZ),
        "faint": generator.normal(0, 2, RATE_HZ),
        "sweep": sweep,
        "square": 32767 * np.sign(np.sin(2 * np.pi * 440 * TIME)),
        "click": np.where(np.arange(RATE_HZ) == 8000, 32767, 0),
    }


@pytest.mark.parametrize("name", sounds())
def test_it_is_the_formula_of_its_docstring(name: str) -> None:
    sound = np.rint(sounds()[name]).astype(np.int16)
    found = log_mel(sound[np.newaxis])
    assert found.shape == (1, FRAMES, BANDS, 1) == (1, 49, 40, 1)
    assert found.dtype == np.uint8
    assert np.array_equal(found[0, :, :, 0], slow_log_mel(sound))


def test_its_spectrum_is_that_of_scipys_short_time_transform() -> None:
    sound = np.rint(sounds()["noise"]).astype(np.int16)
    window = np.hanning(481)[:480]
    transform = ShortTimeFFT(window, 320, RATE_HZ, mfft=512)
    frames = transform.stft(sound / 32768, p0=0, p1=FRAMES, k_offset=240)
    power = np.abs(frames) ** 2 / window.sum() ** 2
    expected = np.rint(2 * (10 * np.log10(power.T @ mel_filters()) + 120))
    assert np.array_equal(log_mel(sound[np.newaxis])[0, :, :, 0], expected)


def test_silence_is_zero_and_full_scale_does_not_overflow() -> None:
    silence = np.zeros((1, RATE_HZ), dtype=np.int16)
    loud = np.full((1, RATE_HZ), -32768, dtype=np.int16)
    noise = np.where(np.random.default_rng(0).random((1, RATE_HZ)) < 0.5, -32768, 32767)
    assert log_mel(silence).max() == 0
    assert 0 < log_mel(loud).max() < 255
    assert 180 < log_mel(noise.astype(np.int16)).max() < 255


@pytest.mark.parametrize("hz", [100, 440, 1000, 3000, 7000])
def test_a_tone_is_loudest_in_the_band_that_its_frequency_lies_in(hz: int) -> None:
    sound = np.rint(20000 * np.sin(2 * np.pi * hz * TIME)).astype(np.int16)
    bands = log_mel(sound[np.newaxis])[0, :, :, 0]
    centres = np.argmax(mel_filters(), axis=0) * 31.25
    for frame in bands:
        nearest = np.argsort(np.abs(centres - hz))[:2]
        assert int(np.argmax(frame)) in nearest


def test_twice_the_sound_is_six_decibels_more() -> None:
    sound = np.rint(sounds()["noise"] / 2).astype(np.int16)
    one, two = log_mel(sound[np.newaxis]), log_mel(2 * sound[np.newaxis])
    assert set(np.unique(two.astype(int) - one).tolist()) == {12, 13}  # 12.04 steps


def test_a_batch_is_its_sounds_one_by_one() -> None:
    batch = np.stack([np.rint(sound).astype(np.int16) for sound in sounds().values()])
    assert np.array_equal(log_mel(batch), np.concatenate([log_mel(one[None]) for one in batch]))
