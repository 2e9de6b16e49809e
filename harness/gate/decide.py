"""From checks and Predictions to a verdict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from harness import __version__
from harness.comparison import Pair, match
from harness.errors import PredictionsError, UserError
from harness.gate.checks import DEVICE, Check, Rules, references_of
from harness.gate.decision import Decided, decide, family_alpha
from harness.gate.measures.asked import Asked, measure
from harness.gate.rates import error_rates
from harness.gate.registered import RegisteredVersion, Skipped
from harness.gate.sentence import sentence
from harness.gate.twin import matched_sample, twin_sample
from harness.gate.verdict import CheckResult, Evidence, Looks, Verdict, combined
from harness.predictions import Predictions

_ONE_LOOK = (
    "Testing again on more samples until a check decides makes errors more likely: choose the size "
    "beforehand, or set looks to how often you will look."
)


@dataclass(frozen=True)
class Case:
    """What a gate decides on.

    Attributes:
        candidate: what the artifact that is to ship answered.
        references: by the `reference` of the checks; those that no check names are ignored.
        seeds: for claims about the recipe: the candidate's Predictions from every seed.
        reference_seeds: the same for the references, by name.
        device_sample: what the device answered on samples drawn at random, where `candidate` comes
            from its twin.
        looks: how often this test set has decided, where that is known.
        registered: of the references, those that are versions of the registered model.
        skipped: checks of the config that are left out of this gate.

    """

    candidate: Predictions
    references: Mapping[str, Predictions] = field(default_factory=dict)
    seeds: tuple[Predictions, ...] = ()
    reference_seeds: Mapping[str, tuple[Predictions, ...]] = field(default_factory=dict)
    device_sample: Predictions | None = None
    looks: Looks | None = None
    registered: Mapping[str, RegisteredVersion] = field(default_factory=dict)
    skipped: tuple[Skipped, ...] = ()

    def words(self, check: Check) -> str:
        """Return the check's reference as a sentence says it; empty where it has none."""
        found = self.registered.get(check.reference or "")
        return check.reference_words if found is None else found.words

    @property
    def on_device(self) -> Predictions:
        """The candidate, with what its device takes where only a part was answered there."""
        if self.device_sample is None:
            return self.candidate
        return self.candidate.with_meta(device=self.device_sample.meta.device)


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
    case: Case,
    expected: Expected | None = None,
    rules: Rules | None = None,
    warnings: tuple[str, ...] = (),
) -> Verdict:
    """Return the verdict of `checks` on a case.

    Args:
        checks: at least one.
        case: the candidate and what it is compared with.
        expected: facts the Predictions must state.
        rules: how checks are decided that do not say so themselves.
        warnings: what the reader of the config had to say.

    Raises:
        PredictionsError: a file is not of the expected artifact, model, runtime or split, or a
            reference does not belong to the candidate (see `match`).
        ConfigError: a check names a class that the data do not have.
        UserError: no checks, or a reference or the seeds that a check needs are missing.

    """
    if not checks:
        raise UserError(_nothing_to_judge(case))
    rules, demanded = rules or Rules(), expected or Expected()
    verified = check_evidence("the candidate", case.candidate, demanded)
    evidence = {}
    for name in references_of(checks):
        reference = _reference(name, case)
        due = demanded.references.get(name, Expected())
        held = check_evidence(f"the reference {name!r}", reference, due)
        found = Evidence.of(reference, held)
        evidence[name] = found.model_copy(update={"registered": case.registered.get(name)})
    decided = decisions(checks, case, rules)
    results = tuple(_result(one, case.words(one.check)) for one in decided)
    return Verdict(
        outcome=combined(result.outcome for result in results),
        checks=results,
        subject=_subject(case, verified),
        references=evidence,
        skipped=case.skipped,
        rates=error_rates(decided, family_alpha(rules)),
        looks=case.looks,
        inconclusive=rules.inconclusive,
        warnings=warnings + _warnings(decided, results),
        tinygate_version=__version__,
    )


def _nothing_to_judge(case: Case) -> str:
    if case.skipped:
        return (
            f"no check can be judged: {case.skipped[0].reason} Add a check that compares with "
            "nothing, or with another reference, so that the first version is judged too"
        )
    return "the gate has no checks; a gate without checks would pass anything"


def decisions(checks: Sequence[Check], case: Case, rules: Rules) -> list[Decided]:
    """Return every check decided, without the words and bounds of a report; errors as `judge`."""
    names = references_of(checks)
    pairs = {name: _pair(name, _reference(name, case), case) for name in names}
    measured = [measure(_asked(check, case, pairs)) for check in checks]
    return decide(checks, measured, rules)


def _subject(case: Case, verified: tuple[str, ...]) -> Evidence:
    found = Evidence.of(case.candidate, verified)
    if case.device_sample is None:
        return found
    return found.model_copy(update={"twin": twin_sample(case.candidate, case.device_sample)})


def _pair(name: str, reference: Predictions, case: Case) -> Pair:
    if name == DEVICE:
        return matched_sample(case.candidate, reference)
    return match(reference, case.candidate)


def _asked(check: Check, case: Case, pairs: Mapping[str, Pair]) -> Asked:
    pair = pairs[check.reference] if check.reference else None
    references = case.reference_seeds.get(check.reference or "", ())
    return Asked(check, case.on_device, pair, case.seeds, references)


def _reference(name: str, case: Case) -> Predictions:
    if name == DEVICE and case.device_sample is not None:
        return case.device_sample
    if name not in case.references:
        raise UserError(
            f"a check compares with the reference {name!r}, which was not given; "
            f"given: {', '.join(case.references) or 'none'}"
        )
    return case.references[name]


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


def _result(decided: Decided, reference: str) -> CheckResult:
    check, measured, bounds = decided.check, decided.measured, decided.bounds
    needed = _samples_needed(decided)
    return CheckResult(
        name=check.title,
        metric=check.metric,
        outcome=decided.outcome,
        estimate=measured.value,
        lower=bounds[0] if bounds else None,
        upper=bounds[1] if bounds else None,
        confidence=1 - decided.alpha if bounds else None,
        limit=check.limit,
        direction=check.rule.direction,
        n=measured.samples,
        decision=decided.decision,
        claim=check.claim,
        method=_method(decided),
        samples_needed=needed,
        baselines=measured.baselines,
        reference=reference or None,
        sentence=sentence(decided, reference, needed),
    )


def _samples_needed(decided: Decided) -> int | None:
    method = decided.measured.method
    undecided = decided.outcome == "inconclusive" and not decided.measured.gap
    if method is None or not undecided or decided.held_back:
        return None
    needed = method.samples_needed(decided.alpha)
    return None if needed is None else max(needed, method.n + 1)


def _method(decided: Decided) -> str:
    """Return how the check was decided, and which way its value errs."""
    method, bias = decided.measured.method, decided.check.rule.bias
    name = "point estimate" if decided.decision == "estimate" or method is None else method.name
    one_class = decided.check.classes is not None and len(decided.check.classes) == 1
    return f"{name}; {bias}" if bias and not one_class else name


def _warnings(decided: Sequence[Decided], results: Sequence[CheckResult]) -> tuple[str, ...]:
    notes = [
        f"{one.check.title}: {one.measured.warning}"
        for one in decided
        if one.measured.warning and one.decision in ("evidence", "non-inferiority")
    ]
    asks = any(result.samples_needed for result in results)
    return (*notes, *([_ONE_LOOK] if asks else []))
