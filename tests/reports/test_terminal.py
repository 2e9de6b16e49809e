from __future__ import annotations

import io

import pytest
from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from reports.report import RuntimeRow, runtime_row
from reports.terminal import print_runtimes, print_verdict
from tests.harness.made import drawn
from tests.reports.made import report


def printed(width: int, terminal: bool) -> str:
    made, target = report(), io.StringIO()
    console = Console(file=target, width=width, force_terminal=terminal, color_system="standard")
    print_runtimes(console, made.rows)
    assert made.verdict is not None
    print_verdict(console, made.verdict)
    return target.getvalue()


def test_where_there_is_no_terminal_lines_are_plain_and_whole() -> None:
    text = printed(width=40, terminal=False)
    lines = text.splitlines()
    assert "\x1b" not in text
    assert lines[0].split()[:3] == ["model", "width", "seed"]
    assert any(line.startswith("pass") and "at least 20.00 %" in line for line in lines)
    assert lines[-1] == (
        "Do not ship: 2 of 4 checks failed, 1 of 4 checks undecided: "
        "scale_cnn width 8 seed 0 on tflm"
    )


def test_plain_columns_are_aligned() -> None:
    lines = printed(width=80, terminal=False).splitlines()[:3]
    end = lines[0].index("accuracy") + len("accuracy")
    assert [line[end - 1 : end + 1] for line in lines[1:]] == ["% ", "% "]


@pytest.mark.parametrize("width", [60, 80, 120, 200])
def test_on_a_terminal_no_line_is_wider_than_it(width: int) -> None:
    for line in printed(width, terminal=True).splitlines():
        assert cell_len(Text.from_ansi(line).plain) <= width


def test_a_narrow_terminal_loses_the_lesser_columns_and_keeps_the_figures() -> None:
    narrow, wide = printed(100, terminal=True), printed(200, terminal=True)
    headers = [
        next(line for line in text.splitlines() if "runtime" in line) for text in (wide, narrow)
    ]
    assert ["seed" in header for header in headers] == [True, False]
    assert all("accuracy" in header and "largest" in header for header in headers)


def test_colour_marks_the_outcome_and_the_word_stands_beside_it() -> None:
    text = printed(120, terminal=True)
    assert "\x1b[1;32mpass" in text
    assert "\x1b[1;31mFAIL" in text
    assert "\x1b[1;33mundecided" in text


def test_control_characters_of_a_class_name_do_not_reach_the_terminal() -> None:
    text = printed(120, terminal=False)
    assert "\x1b" not in text
    assert "\x00" not in text


def test_markup_in_a_name_is_literal() -> None:
    target = io.StringIO()
    row = runtime_row("[red]net[/red]", drawn(10, 3, seed=1))
    print_runtimes(Console(file=target, force_terminal=True, width=100), [row])
    assert "[red]net[/red]" in target.getvalue()


def test_columns_that_nobody_fills_are_left_out() -> None:
    target = io.StringIO()
    rows: list[RuntimeRow] = [runtime_row("net", drawn(10, 3, seed=1))]
    print_runtimes(Console(file=target, width=100), rows)
    assert target.getvalue().splitlines()[0].split() == ["model", "accuracy", "ECE"]
