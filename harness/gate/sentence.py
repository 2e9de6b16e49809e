"""The result of a check as a sentence that a release manager understands."""

from __future__ import annotations

from harness.gate.checks import Check
from harness.gate.decision import Decided
from harness.gate.metric import Direction, Unit

_MOST_DIGITS = 9
LIMIT_WORDS: dict[Direction, str] = {">=": "at least", "<=": "at most"}


def number(value: float, unit: Unit, digits: int = 2) -> str:
    """Return `value` in its unit: 0.9 as `90.00 %`, `90.00 points` or `0.9000`, 4800 as `4,800`."""
    if unit in ("bytes", "whole"):
        return f"{value:,.0f}" + (" bytes" if unit == "bytes" else "")
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


def sentence(decided: Decided, reference: str, samples_needed: int | None) -> str:
    """Return what was found, how sure it is, how it stands to the limit, what would settle it.

    `reference` is what it was compared with, in words; empty where it compares nothing.
    """
    check, measured = decided.check, decided.measured
    if measured.value is None:
        return f"{check.rule.phrase} cannot be computed: {measured.gap}."
    value, limit = value_and_limit(measured.value, check.limit, check.rule.unit)
    against = f" against {reference}" if reference else ""
    found = f"{check.rule.phrase}{measured.detail}{against} is {value}"
    return f"{found}{_ending(decided, f'the limit of {_bound(check, limit)}', samples_needed)}."


def _bound(check: Check, value: str) -> str:
    return f"{LIMIT_WORDS[check.rule.direction]} {value}"


def _ending(decided: Decided, limit: str, samples_needed: int | None) -> str:
    if decided.measured.gap and decided.outcome == "inconclusive":
        return f", but whether {limit} is met cannot be decided: {decided.measured.gap}"
    if decided.decision == "estimate" or decided.bounds is None:
        return f", which {'meets' if decided.outcome == 'pass' else 'misses'} {limit}"
    if decided.outcome == "inconclusive":
        return f"{_between(decided)}: {_undecided(decided, limit)}{_more(decided, samples_needed)}"
    return _evidence(decided, limit)


def _evidence(decided: Decided, limit: str) -> str:
    fails, rule = decided.outcome == "fail", decided.decision
    if fails and rule == "non-inferiority":
        return f"{_side(decided, compliance=True)}: that is no evidence that it meets {limit}"
    if not fails and rule == "regression":
        return f"{_side(decided, compliance=False)}: no evidence that it misses {limit}"
    return f"{_side(decided, not fails)}, which {'misses' if fails else 'meets'} {limit}"


def _side(decided: Decided, compliance: bool) -> str:
    """Return the bound that speaks for compliance, or the one that speaks for a violation."""
    rule, bounds = decided.check.rule, decided.bounds
    if bounds is None or decided.measured.certain:
        return ""
    lower, upper = (number(one, rule.unit) for one in bounds)
    lowest = (rule.direction == ">=") == compliance
    word, value = ("at least", lower) if lowest else ("at most", upper)
    return f", {word} {value} with {_percent(1 - decided.alpha)} confidence"


def _between(decided: Decided) -> str:
    if decided.bounds is None:
        return ""
    lower, upper = (number(one, decided.check.rule.unit) for one in decided.bounds)
    return (
        f", between {lower} and {upper} with {_percent(1 - decided.alpha)} confidence on each side"
    )


def _undecided(decided: Decided, limit: str) -> str:
    if decided.held_back:
        return (
            f"alone that would be evidence that it misses {limit}, among this many checks it is "
            "not enough"
        )
    return f"{decided.measured.samples:,} samples cannot tell whether it meets {limit}"


def _more(decided: Decided, samples_needed: int | None) -> str:
    if samples_needed is None:
        return "; no number of samples would at this value" if not decided.held_back else ""
    return f"; a test set of about {_rounded(samples_needed):,} would at this value"


def _rounded(count: int) -> int:
    """Return `count` rounded up to two digits, which is all such a plan is good for."""
    step: int = 10 ** max(0, len(str(count)) - 2)
    return -(-count // step) * step


def _percent(share: float) -> str:
    return f"{100 * share:.4g} %"
