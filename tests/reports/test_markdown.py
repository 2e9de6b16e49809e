from __future__ import annotations

import re
from dataclasses import replace

import pytest
from markdown_it import MarkdownIt

from harness.gate.checks import Check, Rules
from harness.gate.decide import Case, judge
from reports.markdown import escaped, render_markdown
from reports.report import Report
from tests.harness.made import answers
from tests.reports.made import HOSTILE, report


def test_the_first_line_is_the_verdict() -> None:
    first = render_markdown(report()).splitlines()[0]
    assert first == (
        "❌ **Do not ship**: 2 of 4 checks failed, 1 of 4 checks undecided: "
        "scale\\_cnn width 8 seed 0 on tflm"
    )


@pytest.mark.parametrize(
    ("check", "words"),
    [
        (Check(metric="accuracy", limit=0.5), "✅ **Ship**: the only check passed"),
        (Check(metric="top5_accuracy", limit=0.5), "❓ **Undecided**: 1 of 1 check undecided"),
    ],
)
def test_a_pass_and_an_undecided_gate_say_so_first(check: Check, words: str) -> None:
    verdict = judge(
        [check], Case(answers([0, 1], [0, 1], classes=2)), rules=Rules(decision="estimate")
    )
    assert render_markdown(Report("t", verdict)).startswith(words)


def test_it_lists_every_check_and_every_runtime_and_the_evidence() -> None:
    html = rendered(render_markdown(report()))
    assert html.count("<table>") == 2
    assert html.count("<tr>") == (1 + 4) + (1 + 2)
    assert "<code>aaaaaaaaaaaa</code>" in html
    assert "Against tflm: the share of samples" in html


def test_checks_that_did_not_pass_are_explained_above_the_table() -> None:
    lines = render_markdown(report()).splitlines()
    assert [line.startswith("* ") for line in lines[2:5]] == [True, True, True]
    assert "cannot be computed: 20 classes are asked for" in lines[4]


def test_a_report_without_a_verdict_has_its_title_first() -> None:
    made = replace(report(), verdict=None)
    assert render_markdown(made).startswith("**digits &lt;script&gt;")


def rendered(text: str) -> str:
    return MarkdownIt("gfm-like", {"html": True, "linkify": False}).render(text)


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_is_shown_and_does_nothing(name: str) -> None:
    html = rendered(f"| a |\n| --- |\n| {escaped(name)} |")
    cells = re.findall(r"<td>(.*?)</td>", html)
    assert len(cells) == 1
    assert "<" not in cells[0]
    assert "\x1b" not in cells[0]


def test_addresses_mentions_and_issue_numbers_are_broken_up() -> None:
    text = escaped("http://x.example www.x.example @me #1")
    assert not re.search(r"://|www\.|@|(?<!\\|&)#\d(?!\d*;)", text)


def test_it_is_short_enough_for_a_pull_request() -> None:
    assert len(render_markdown(report())) < 4000
