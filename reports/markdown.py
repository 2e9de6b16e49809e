"""A report as Markdown, short enough for a pull request: the verdict is its first line."""

from __future__ import annotations

import re

from harness.gate.verdict import Outcome, Verdict
from reports.columns import (
    VERDICT_WORDS,
    Columns,
    bounds_note,
    check_columns,
    runtime_columns,
    twin_note,
)
from reports.report import Report
from reports.text import printable

_MARKS: dict[Outcome, str] = {"pass": "✅", "fail": "❌", "inconclusive": "❓"}
_SPECIAL = re.compile(r"([\\`*_\[\]#|~$])")
_HASH_SHOWN = 12


def render_markdown(report: Report) -> str:
    """Return the verdict, the checks, the runtimes and the evidence as GitHub Markdown.

    Class and model names are escaped: they cannot add markup, links, HTML or mentions.
    """
    parts = [_verdict_parts(report.verdict) if report.verdict else [f"**{escaped(report.title)}**"]]
    if report.rows:
        parts.append(["### Runtimes", _table(runtime_columns(report.rows))])
        parts.append([escaped(note)] if (note := twin_note(report.rows)) else [])
    if report.verdict:
        parts.append([_evidence(report.verdict)])
    return "\n\n".join(line for part in parts for line in part) + "\n"


def _verdict_parts(verdict: Verdict) -> list[str]:
    words = f"{_MARKS[verdict.outcome]} **{VERDICT_WORDS[verdict.outcome]}**"
    open_checks = [check for check in verdict.checks if check.outcome != "pass"]
    sentences = "\n".join(
        f"* **{escaped(check.name)}**: {escaped(check.sentence)}" for check in open_checks
    )
    lines = [f"{words}: {escaped(verdict.headline)}", sentences]
    table = _table(check_columns(verdict.checks))
    notes = "\n".join(f"* {escaped(note)}" for note in _notes(verdict))
    return [line for line in lines if line] + [table, notes]


def _notes(verdict: Verdict) -> list[str]:
    bounds = bounds_note(verdict.checks)
    return [*([bounds] if bounds else []), *verdict.notes]


def _table(columns: Columns) -> str:
    rules = ["---:" if numeric else "---" for numeric in columns.numeric]
    rows = [[escaped(cell) for cell in row] for row in columns.rows]
    return "\n".join(f"| {' | '.join(row)} |" for row in [list(columns.headers), rules, *rows])


def _evidence(verdict: Verdict) -> str:
    subject = verdict.subject
    facts = {
        "artifact": _short(subject.artifact_sha256),
        "data": _short(subject.data_digest),
        "samples": f"{subject.samples:,}",
        "tinygate": verdict.tinygate_version,
    }
    return "Evidence: " + ", ".join(f"{name} `{one}`" for name, one in facts.items() if one)


def _short(digest: str | None) -> str | None:
    return digest[:_HASH_SHOWN] if digest else None


def escaped(text: str) -> str:
    """Return `text` in one line with everything that Markdown or HTML would act on made literal."""
    plain = printable(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    plain = _SPECIAL.sub(r"\\\1", plain)
    return plain.replace("@", "&#64;").replace("://", "&#58;//").replace("www.", "www&#46;")
