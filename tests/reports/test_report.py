from __future__ import annotations

import numpy as np
import pytest

from harness.errors import PredictionsError
from harness.predictions import Meta, Predictions, RuntimeRecord
from reports.columns import runtime_columns
from reports.report import runtime_row, twin_of
from reports.text import printable, quantity, shortened
from tests.harness.made import answers, drawn


def test_a_row_holds_what_the_file_says_and_stands_against_the_oracle() -> None:
    oracle = answers([0, 0, 0, 1], [0, 0, 1, 1], 2, runtime=RuntimeRecord(name="tflm"))
    other = answers([0, 0, 0, 1], [1, 0, 0, 0], 2, runtime=RuntimeRecord(name="litert"))
    row = runtime_row("net", other, 1000, oracle, output_scale=0.25)
    assert (row.model, row.runtime, row.file_bytes) == ("net", "litert", 1000)
    assert row.twin is not None
    assert row.twin.runtime == "tflm"
    assert row.twin.agreement == 0.25
    assert (row.twin.negative_flips, row.twin.positive_flips) == (2, 1)
    assert (row.twin.largest_difference, row.twin.largest_difference_lsb) == (0.5, 2.0)


def test_the_difference_in_steps_is_unknown_where_the_step_or_the_kind_is() -> None:
    logits = drawn(20, 3, seed=1)
    assert twin_of(logits, logits).largest_difference_lsb is None
    probabilities = answers(logits.labels, logits.predicted, 3)
    found = twin_of(probabilities, logits, output_scale=0.1)
    assert (found.largest_difference, found.largest_difference_lsb) == (None, None)


def test_an_oracle_of_other_samples_is_refused() -> None:
    with pytest.raises(PredictionsError, match="the samples differ"):
        twin_of(drawn(20, 3, seed=1), drawn(21, 3, seed=1))


def test_agreement_of_100_percent_is_printed_only_when_nothing_differs() -> None:
    count = 100_000
    labels = np.zeros(count, dtype=np.int64)
    scores = np.tile(np.array([[1.0, 0.0]], dtype=np.float32), (count, 1))
    oracle = Predictions(scores, labels, np.arange(count), Meta(kind="logits"))
    changed = scores.copy()
    changed[5] = [0.0, 1.0]
    other = Predictions(changed, labels, np.arange(count), Meta(kind="logits"))
    same, differs = (
        runtime_columns([runtime_row("n", one, None, oracle)]) for one in (oracle, other)
    )
    place = same.headers.index("same class")
    assert (same.rows[0][place], differs.rows[0][place]) == ("100.00 %", "< 100 %")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (12, "12"),
        (999, "999"),
        (22756, "22.8 k"),
        (925_000, "925 k"),
        (999_900, "1 M"),
        (3.5e9, "3.5 G"),
    ],
)
def test_quantities_have_three_digits_and_a_magnitude(value: float, text: str) -> None:
    assert quantity(value) == text


def test_unprintable_characters_are_replaced_and_lines_joined() -> None:
    assert printable("a\nb\tc\x1b[0m\u202e\u0000") == "a b c\ufffd[0m\ufffd\ufffd"
    assert printable("猫 ü €") == "猫 ü €"
    assert shortened("abcdef", 4) == "abc…"
    assert shortened("abcd", 4) == "abcd"
