"""What a gate may get wrong by chance, as its checks are decided."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from harness.gate.decision import Decided
from harness.gate.verdict import ErrorRates

_PASS_ON_EVIDENCE = ("evidence", "non-inferiority")
_FAIL_ON_EVIDENCE = ("evidence", "regression")


def error_rates(decided: Sequence[Decided], family_alpha: float) -> ErrorRates:
    """Return the rates of a gate; checks that chance plays no part in count as decided on evidence.

    A gate passes only if every check does, so the chance of a false pass is at most that of the one
    check whose limit is violated: the largest alpha among them.
    """
    uncertain = [one for one in decided if one.measured.method and not one.measured.certain]
    passing = [one for one in uncertain if one.decision in _PASS_ON_EVIDENCE]
    failing = [one for one in uncertain if one.decision in _FAIL_ON_EVIDENCE]
    return ErrorRates(
        false_fail=family_alpha if failing else 0.0,
        false_pass=max((one.alpha for one in passing), default=0.0),
        tests=len(failing),
        may_fail=_titles(one for one in uncertain if one not in failing),
        may_pass=_titles(one for one in uncertain if one not in passing),
    )


def _titles(decided: Iterable[Decided]) -> tuple[str, ...]:
    return tuple(one.check.title for one in decided)
