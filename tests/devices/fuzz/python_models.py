"""Fuzzes the Python reader of `.tflite` files: hypothesis draws how a valid model is damaged."""

from __future__ import annotations

import random
import time

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from export.errors import InvalidModelFileError
from export.tflite_file import read_model
from tests.devices.fuzz import seeds
from tests.devices.fuzz.targets import Run

DAMAGES_EACH = 100
WORDS = (0, 1, 2, 4, 127, 255, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)


def _damage(model: bytes, dice: random.Random) -> bytes:
    damaged = bytearray(model)
    for _ in range(dice.randint(1, 3)):
        at, kind = dice.randrange(len(damaged)), dice.randrange(4)
        if kind == 0:
            damaged[at] ^= 1 << dice.randrange(8)
        elif kind == 1:
            damaged[at] = dice.randrange(256)
        elif kind == 2:
            word = dice.choice((*WORDS, dice.randrange(1 << 32)))
            damaged[at & ~3 : (at & ~3) + 4] = word.to_bytes(4, "little")
        elif dice.random() < 0.1:
            del damaged[at + 1 :]
    return bytes(damaged)


def damage_and_read(model: bytes, seed: int, damages: int = DAMAGES_EACH) -> int:
    """Return how many of `damages` damaged models were read; any error but ours is a finding."""
    dice = random.Random(seed)  # noqa: S311 - seeded test data
    read = 0
    for _ in range(damages):
        try:
            read_model(_damage(model, dice))
            read += 1
        except InvalidModelFileError as error:
            assert str(error), "a refusal has a reason"
    return read


def run(runs: int) -> Run:
    """Read at least `runs` damaged models."""
    executions, read = 0, 0

    @settings(
        max_examples=-(-runs // DAMAGES_EACH),
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.sampled_from(sorted(seeds.models().values())), st.integers(0, 1 << 32))
    def fuzz(model: bytes, seed: int) -> None:
        nonlocal executions, read
        read += damage_and_read(model, seed)
        executions += DAMAGES_EACH

    start, finding = time.monotonic(), ""
    try:
        fuzz()
    except Exception as error:
        finding = f"{type(error).__name__}: {error}"
    notes = f"{read:,} read, {executions - read:,} refused"
    return Run("python-tflite", executions, time.monotonic() - start, 0, 0, 0, finding, notes)
