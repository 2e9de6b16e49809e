"""From what was measured to pass, fail or inconclusive: each check, and all of them together.

A check passes on its own evidence: "every check passes" is wrong only if a check that passes is,
so it needs no correction (an intersection-union test). "Some check fails" is wrong if any one is,
so the evidence of violations is corrected over the checks by Holm's step-down method.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from harness.gate.checks import Check, Decision, Rules
from harness.gate.measures.asked import Measured
from harness.gate.methods.holm import holm
from harness.gate.methods.method import LIMIT_TOLERANCE, Method
from harness.gate.verdict import Outcome

_FAILS_ON_EVIDENCE = ("evidence", "regression")


@dataclass(frozen=True)
class Decided:
    """A check with its value, how it is decided, and what came out.

    Attributes:
        check: the check.
        measured: its value, and what can be said of it.
        decision: how it was decided, the gate's rule where the check names none.
        alpha: one minus its confidence, divided by the looks: what its bounds are drawn at.
        outcome: what came out.
        held_back: it would fail alone, but not among so many checks.

    """

    check: Check
    measured: Measured
    decision: Decision
    alpha: float
    outcome: Outcome
    held_back: bool = False

    @cached_property
    def bounds(self) -> tuple[float, float] | None:
        """One-sided bounds at `alpha`; None where the metric has no method."""
        method = self.measured.method
        return None if method is None else method.bounds(self.alpha)


@dataclass(frozen=True)
class _Open:
    """A check that is not decided yet."""

    check: Check
    measured: Measured
    decision: Decision
    alpha: float

    @property
    def uncertain(self) -> bool:
        """Whether it may fail by chance, so that it takes part in the correction."""
        return (
            self.decision in _FAILS_ON_EVIDENCE
            and self.measured.method is not None
            and not self.measured.certain
        )

    def violates(self, level: float) -> bool:
        """Whether it fails at `level`, and at its own."""
        method = self.measured.method
        return method is not None and method.violates(min(level, self.alpha))


def decide(checks: Sequence[Check], measured: Sequence[Measured], rules: Rules) -> list[Decided]:
    """Return every check decided, in their order."""
    opened = [_opened(*one, rules) for one in zip(checks, measured, strict=True)]
    doubtful = [one for one in opened if one.uncertain]
    failed = holm([one.violates for one in doubtful], family_alpha(rules))
    rejected = {id(one) for one, fails in zip(doubtful, failed, strict=True) if fails}
    return [_decided(one, id(one) in rejected) for one in opened]


def family_alpha(rules: Rules) -> float:
    """Return the chance that the gate fails on evidence although every limit is kept."""
    return (1 - rules.confidence) / rules.looks


def _opened(check: Check, measured: Measured, rules: Rules) -> _Open:
    confidence = rules.confidence if check.confidence is None else check.confidence
    alpha = (1 - confidence) / rules.looks
    return _Open(check, measured, check.decision or rules.decision, alpha)


def _decided(one: _Open, rejected: bool) -> Decided:
    held_back = one.uncertain and not rejected and one.violates(one.alpha)
    outcome = "inconclusive" if held_back else _outcome(one, rejected)
    return Decided(one.check, one.measured, one.decision, one.alpha, outcome, held_back)


def _outcome(one: _Open, rejected: bool) -> Outcome:
    method = one.measured.method
    if one.measured.value is None:
        return "inconclusive"
    if one.decision == "estimate" or method is None:
        return _by_estimate(one.check, one.measured)
    if rejected or (one.measured.certain and method.violates(one.alpha)):
        return "fail"
    if one.decision == "regression":
        return "inconclusive" if one.measured.gap else "pass"
    return _by_compliance(one, method)


def _by_compliance(one: _Open, method: Method) -> Outcome:
    if method.complies(one.alpha):
        return "inconclusive" if one.measured.gap else "pass"
    return "fail" if one.decision == "non-inferiority" and not one.measured.gap else "inconclusive"


def _by_estimate(check: Check, measured: Measured) -> Outcome:
    """Return whether the value itself keeps the limit.

    A value that keeps the limit on incomplete data is inconclusive; one that violates it fails all
    the same.
    """
    if measured.value is None:
        return "inconclusive"
    excess = check.limit - measured.value
    if check.rule.direction == "<=":
        excess = -excess
    if excess > LIMIT_TOLERANCE:
        return "fail"
    return "inconclusive" if measured.gap else "pass"
