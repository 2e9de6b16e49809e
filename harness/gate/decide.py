"""From checks and Predictions to a verdict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from harness import __version__
from harness.comparison import Pair, match
from harness.errors import PredictionsError, UserError
from harness.gate.checks import Check
from harness.gate.measurements import Asked, Measured, measure
from harness.gate.sentence import sentence
from harness.gate.verdict import CheckResult, Evidence, Outcome, Verdict, combined
from harness.predictions import Predictions

LIMIT_TOLERANCE = 1e-9
"""The limit itself is acceptable, and 0.9 * n is not exact in binary: below the step of one sample
for any n up to 10^8."""


@dataclass(frozen=True)
class Expected:
    """Facts that a Predictions file must state for the gate to accept it; None demands nothing.

    Attributes:
        artifact_sha256: of the very file that is to ship.
        data_digest: of the split the gate is about.
        runtime: name of the runtime.
        family: of the model.
        width: of the model.
        seed: of the model.
        references: the same for each reference, by its name.

    """

    artifact_sha256: str | None = None
    data_digest: str | None = None
    runtime: str | None = None
    family: str | None = None
    width: float | None = None
    seed: int | None = None
    references: Mapping[str, Expected] = field(default_factory=dict)


def judge(
    checks: Sequence[Check],
    candidate: Predictions,
    references: Mapping[str, Predictions],
    expected: Expected | None = None,
) -> Verdict:
    """Return the verdict of `checks` on `candidate`.

    Args:
        checks: at least one.
        candidate: what the artifact that is to ship answered.
        references: by the `reference` of the checks; those that no check names are ignored.
        expected: facts the Predictions must state.

    Raises:
        PredictionsError: a file is not of the expected artifact, model, runtime or split, or a
            reference does not belong to the candidate (see `match`).
        ConfigError: a check names a class that the data do not have.
        UserError: no checks, or a reference is missing.

    """
    if not checks:
        raise UserError("the gate has no checks; a gate without checks would pass anything")
    demanded = expected or Expected()
    verified = check_evidence("the candidate", candidate, demanded)
    evidence, pairs = {}, {}
    for name in dict.fromkeys(check.reference for check in checks if check.reference):
        reference = _reference(name, references)
        due = demanded.references.get(name, Expected())
        held = check_evidence(f"the reference {name!r}", reference, due)
        evidence[name] = Evidence.of(reference, held)
        pairs[name] = match(reference, candidate)
    results = tuple(_result(check, candidate, pairs) for check in checks)
    return Verdict(
        outcome=combined(result.outcome for result in results),
        checks=results,
        subject=Evidence.of(candidate, verified),
        references=evidence,
        tinygate_version=__version__,
    )


def _reference(name: str, references: Mapping[str, Predictions]) -> Predictions:
    if name not in references:
        raise UserError(
            f"a check compares with the reference {name!r}, which was not given; "
            f"given: {', '.join(references) or 'none'}"
        )
    return references[name]


def check_evidence(who: str, predictions: Predictions, expected: Expected) -> tuple[str, ...]:
    """Return the names of the facts that were demanded and hold.

    Raises:
        PredictionsError: a demanded fact is another one or is not stated; the message begins with
            `who`.

    """
    found = Evidence.of(predictions)
    stated = {
        "artifact_sha256": found.artifact_sha256,
        "data_digest": found.data_digest,
        "runtime": found.runtime and found.runtime.name,
        "family": found.model and found.model.family,
        "width": found.model and found.model.width,
        "seed": found.model and found.model.seed,
    }
    demanded = {name: getattr(expected, name) for name in stated}
    demanded = {name: value for name, value in demanded.items() if value is not None}
    for name, value in demanded.items():
        if stated[name] != value:
            raise PredictionsError(_mismatch(who, name, value, stated[name]))
    return tuple(demanded)


def _mismatch(who: str, fact: str, expected: object, found: object) -> str:
    what = f"is of {fact} {found}" if found is not None else f"does not state its {fact}"
    return f"{who} {what}, the gate is about {expected}; evaluate that one and gate the result"


def _result(check: Check, candidate: Predictions, pairs: Mapping[str, Pair]) -> CheckResult:
    pair = pairs[check.reference] if check.reference else None
    measured = measure(Asked(check, candidate, pair))
    outcome = decide_by_estimate(check, measured)
    one_class = check.classes is not None and len(check.classes) == 1
    return CheckResult(
        name=check.title,
        metric=check.metric,
        outcome=outcome,
        estimate=measured.value,
        limit=check.limit,
        direction=check.rule.direction,
        n=measured.samples,
        decision=check.decision,
        method="point estimate" if one_class else check.rule.method,
        reference=check.reference_words or None,
        sentence=sentence(check, measured, outcome),
    )


def decide_by_estimate(check: Check, measured: Measured) -> Outcome:
    """Return whether the value itself keeps the limit.

    Undefined values are inconclusive. So is a value that keeps the limit on incomplete data; one
    that violates it fails all the same.
    """
    if measured.value is None:
        return "inconclusive"
    excess = check.limit - measured.value
    if check.rule.direction == "<=":
        excess = -excess
    if excess > LIMIT_TOLERANCE:
        return "fail"
    return "inconclusive" if measured.gap else "pass"
