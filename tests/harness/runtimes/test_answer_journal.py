"""What is kept of an evaluation that was stopped is whole, and is of this evaluation."""

from __future__ import annotations

import logging
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness.errors import InfrastructureError, UserError
from harness.runtimes.answer_journal import AnswerJournal, KeptAnswer
from tests.harness.runtimes.device_bench import (
    FakeBench,
    fake_link,
    images_of,
    model_file,
    scores_of,
)

SUBJECT = {"artifact": "a" * 64, "data": "d" * 64, "device": {"board": "fake"}}
ANSWERS = {at: KeptAnswer(bytes(15) + b"\x01", 7 * at, bytes([at] * 8)) for at in range(20)}


def opened(path: Path, **changed: Any) -> AnswerJournal:
    return AnswerJournal(path, SUBJECT | changed, 20, 8)


def written(path: Path) -> bytes:
    with opened(path) as journal:
        for at, answer in ANSWERS.items():
            journal.append(at, answer)
    return path.read_bytes()


def kept(path: Path, **changed: Any) -> dict[int, KeptAnswer]:
    with opened(path, **changed) as journal:
        return journal.answers


def test_what_was_kept_is_found(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    written(tmp_path / "j")
    assert kept(tmp_path / "j") == ANSWERS
    assert not caplog.records


def test_a_journal_cut_at_any_byte_keeps_every_whole_record(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "j"
    content = written(path)
    line = content.index(b"\n") + 1
    step = (len(content) - line) // 20
    for cut in range(len(content)):
        path.write_bytes(content[:cut])
        with opened(path) as journal:
            whole = max(0, cut - line) // step
            assert list(journal.answers) == list(range(whole))
            journal.append(19, ANSWERS[19])
        assert kept(path) == {at: ANSWERS[at] for at in {*range(whole), 19}}
    assert not caplog.records


def test_a_flipped_bit_costs_one_record_or_starts_anew(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "j"
    source = random.Random(1)  # noqa: S311 - seeded test data
    content = written(path)
    magic, line = len(b"tinygate-answers 1 "), content.index(b"\n") + 1
    for at in [*range(magic, line, 5), *range(line, len(content), 3)]:
        caplog.clear()
        spoilt = bytearray(content)
        spoilt[at] ^= 1 << source.randrange(8)
        path.write_bytes(spoilt)
        found = kept(path)
        assert all(ANSWERS[position] == answer for position, answer in found.items())
        assert len(found) == (0 if at < line else 19)
        assert len(caplog.records) == 1


def test_answers_to_something_else_are_dropped_with_one_line_that_says_what(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "j"
    for key in SUBJECT:
        written(path)
        caplog.clear()
        assert kept(path, **{key: "other"}) == {}
        (record,) = caplog.records
        assert record.levelno == logging.WARNING
        assert f"the kept answers are of another {key}; started anew" in record.getMessage()


def test_a_record_of_another_journal_does_not_fit(tmp_path: Path) -> None:
    content = written(tmp_path / "j")
    with opened(tmp_path / "k", data="other") as journal:
        journal.append(0, ANSWERS[0])
    line = (tmp_path / "k").read_bytes().partition(b"\n")[0] + b"\n"
    (tmp_path / "k").write_bytes(line + content[content.index(b"\n") + 1 :])
    assert kept(tmp_path / "k", data="other") == {}


def test_a_file_that_is_no_journal_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "j"
    path.write_bytes(b"my thesis")
    with pytest.raises(UserError, match="no journal of answers; move it away"):
        opened(path)
    assert path.read_bytes() == b"my thesis"


def test_a_journal_in_use_is_refused(tmp_path: Path) -> None:
    with opened(tmp_path / "j"), pytest.raises(InfrastructureError, match="in use by another"):
        opened(tmp_path / "j")


def test_without_an_answer_no_file_is_left(tmp_path: Path) -> None:
    assert kept(tmp_path / "j") == {}
    assert not (tmp_path / "j").exists()


def test_kept_answers_are_not_asked_again_but_for_one(tmp_path: Path) -> None:
    model, images, keep = model_file(tmp_path), images_of(50), tmp_path / "keep"
    first, second = fake_link(), fake_link()
    with FakeBench({"fake://a": [lambda: first]}).session(model) as session:
        session.predict_kept(images, keep, None)
    with FakeBench({"fake://a": [lambda: second]}).session(model) as session:
        scores = session.predict_kept(images, keep, None)
    assert np.array_equal(scores, scores_of(images))
    assert (first.device.inferences, second.device.inferences) == (50, 1)


def test_a_device_that_answers_otherwise_than_what_is_kept_is_found_out(tmp_path: Path) -> None:
    model, images, keep = model_file(tmp_path), images_of(50), tmp_path / "keep"
    with FakeBench({"fake://a": [fake_link]}).session(model) as session:
        session.predict_kept(images, keep, None)
    link = fake_link()
    link.device.engine.infer = lambda _: bytes(8)  # type: ignore[method-assign]
    with (
        FakeBench({"fake://a": [lambda: link]}).session(model) as session,
        pytest.raises(InfrastructureError, match="answers sample 0 otherwise than before"),
    ):
        session.predict_kept(images, keep, None)
