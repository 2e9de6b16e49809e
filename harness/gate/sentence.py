"""The result of a check as a sentence that a release manager understands."""

from __future__ import annotations

from harness.gate.checks import Check
from harness.gate.measurements import Measured
from harness.gate.metric import Direction, Unit

_MOST_DIGITS = 9
LIMIT_WORDS: dict[Direction, str] = {">=": "at least", "<=": "at most"}


def number(value: float, unit: Unit, digits: int = 2) -> str:
    """Return `value` in its unit: 0.9 as `90.00 %` or `90.00 points`, or plainly as `0.9000`."""
    if unit == "plain":
        return f"{value:.{digits + 2}f}"
    return f"{100 * value:.{digits}f} {'%' if unit == 'percent' else 'points'}"


def value_and_limit(value: float, limit: float, unit: Unit) -> tuple[str, str]:
    """Return both as text, with as many digits as it takes to tell them apart."""
    digits = 2
    while (
        digits < _MOST_DIGITS
        and value != limit
        and number(value, unit, digits) == number(limit, unit, digits)
    ):
        digits += 1
    return number(value, unit, digits), number(limit, unit, digits)


def sentence(check: Check, measured: Measured, outcome: str) -> str:
    """Return what was found, how it stands to the limit, and why it is undecided where it is."""
    if measured.value is None:
        return f"{check.rule.phrase} cannot be computed: {measured.gap}."
    value, limit = value_and_limit(measured.value, check.limit, check.rule.unit)
    against = f" against {check.reference_words}" if check.reference else ""
    found = f"{check.rule.phrase}{measured.detail}{against} is {value}"
    bound = f"the limit of {LIMIT_WORDS[check.rule.direction]} {limit}"
    if outcome == "inconclusive":
        return f"{found}, but whether {bound} is met cannot be decided: {measured.gap}."
    return f"{found}, which {'meets' if outcome == 'pass' else 'misses'} {bound}."
