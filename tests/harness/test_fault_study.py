"""The study of faults finds nothing lost or wrong, and would find it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from devices.protocol import cobs, frames
from devices.protocol.frames import BadFrame, Frame
from harness.fault_study import STUDIES, Study, build
from tests.devices import native


@pytest.fixture(scope="module", autouse=True)
def built() -> None:
    native.need("gcc", "make")
    build()


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    logger = logging.getLogger("tinygate")
    before = logger.level
    logger.setLevel(logging.ERROR)
    yield
    logger.setLevel(before)


def test_no_fault_loses_doubles_or_changes_an_answer(tmp_path: Path) -> None:
    study = Study(tmp_path, samples=300, seed=3)
    rows = [study.run(fault) for fault in STUDIES]
    assert [(row.wrong, row.lost, row.doubled) for row in rows] == [(0, 0, 0)] * len(STUDIES)
    assert rows[0].injected == 0
    assert sum(row.injected for row in rows) > 50
    assert sum(row.frames for row in rows) > 2 * 300 * len(STUDIES)


def unchecked(block: bytes) -> Frame | BadFrame:
    """Decode as a receiver would that does not look at the CRC."""
    try:
        body = cobs.decode(block)
    except ValueError as error:
        return BadFrame(str(error), len(block) + 1)
    if len(body) < frames.OVERHEAD_BYTES:
        return BadFrame("short", len(block) + 1)
    kind, _, session, sequence = frames.HEADER.unpack_from(body)
    return Frame(kind, session, sequence, body[frames.HEADER.size : -frames.CRC.size])


def test_without_the_crc_the_study_counts_wrong_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = Study(tmp_path, samples=1500, seed=3)
    assert study.run("none").wrong == 0
    monkeypatch.setattr(frames, "decode", unchecked)
    assert study.run("flip").wrong > 0
