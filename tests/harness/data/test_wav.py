from __future__ import annotations

import numpy as np

from harness.data.wav import read_wav
from harness.errors import DataError
from tests.harness.data.speech_writer import RATE_HZ, wav

TONE = np.full(RATE_HZ, 100, np.int16)


def test_no_damage_of_a_clip_is_more_than_a_data_error() -> None:
    generator = np.random.default_rng(0)
    whole = wav(TONE[:200])
    refused = 0
    for _ in range(500):
        damaged = bytearray(whole)
        for at in generator.integers(0, 48, 4):
            damaged[at] = generator.integers(0, 256)
        try:
            read_wav(bytes(damaged), "clip")
        except DataError as error:
            refused += 1
            assert "\n" not in str(error)
    assert 100 < refused < 500
