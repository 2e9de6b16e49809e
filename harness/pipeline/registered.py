"""Registered versions as references of the gate: found, fetched, and run on the gate's runtime."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from harness.errors import ArtifactError, InfrastructureError, PredictionsError
from harness.gate.checks import Check
from harness.gate.decide import Expected
from harness.gate.registered import RegisteredVersion, Skipped
from harness.pipeline.stages import Stages
from harness.pipeline.store import Unit
from harness.predictions import Predictions
from harness.tracking.lookup import Found, Lookup
from harness.tracking.served import MODEL_NAME, read_serving
from harness.tracking.store import TrackingStore


@dataclass(frozen=True)
class RegisteredReferences:
    """The versions that checks name, by `Check.reference`, and the checks for which there is none.

    Attributes:
        predictions: what each version answered.
        versions: which version each is.
        expected: facts that the Predictions must state.
        skipped: checks that cannot be judged yet.

    """

    predictions: dict[str, Predictions] = field(default_factory=dict)
    versions: dict[str, RegisteredVersion] = field(default_factory=dict)
    expected: dict[str, Expected] = field(default_factory=dict)
    skipped: tuple[Skipped, ...] = ()

    def judged(self, checks: tuple[Check, ...]) -> tuple[Check, ...]:
        """Return the checks that are not skipped."""
        left_out = {one.name for one in self.skipped}
        return tuple(check for check in checks if check.title not in left_out)


@dataclass(frozen=True, eq=False)
class RegisteredModel:
    """The registered model of one pipeline, its versions kept in the results folder once fetched.

    Raises:
        InfrastructureError: by every method: MLflow does not answer.

    """

    name: str
    tracking: TrackingStore
    stages: Stages

    def references(
        self, checks: tuple[Check, ...], artifact: Path, runtime: str
    ) -> RegisteredReferences:
        """Return the registered versions that `checks` compare the candidate's `artifact` with.

        Raises:
            UserError: there is no such version, as `Lookup.find` says.
            ArtifactError: the version does not run on these data or this runtime.
            PredictionsError: it was registered for other classes.

        """
        named = {check.reference: check.registered for check in checks if check.registered}
        if not named:
            return RegisteredReferences()
        digest = self.stages.store.digest(artifact)
        try:
            lookup = Lookup(self.tracking.connect(), self.name)
            with self.tracking.answering():
                found = {str(n): lookup.find(str(label), digest) for n, label in named.items()}
        except InfrastructureError as error:
            raise InfrastructureError(
                f"{error}; the gate compares with {next(iter(named))} and waits for it, `tinygate "
                f"register {self.stages.store.root}` goes on from here"
            ) from error
        there = {name: one for name, one in found.items() if one is not None}
        return RegisteredReferences(
            predictions={n: self._answers(lookup, one, runtime) for n, one in there.items()},
            versions={name: one.version for name, one in there.items()},
            expected={name: self._expected(one, runtime) for name, one in there.items()},
            skipped=tuple(
                Skipped(name=check.title, metric=check.metric, reason=self._reason(check))
                for check in checks
                if check.registered and str(check.reference) not in there
            ),
        )

    def _reason(self, check: Check) -> str:
        return (
            f"the registered model {self.name} has no {check.registered!r} before this one yet; "
            "it is judged from the next version on."
        )

    def _expected(self, found: Found, runtime: str) -> Expected:
        return Expected(
            artifact_sha256=found.sha256,
            data_digest=self.stages.plan.split(runtime).digest,
            runtime=runtime,
        )

    def _answers(self, lookup: Lookup, found: Found, runtime: str) -> Predictions:
        folder = self._fetched(lookup, found)
        self._check_classes(found.version, read_serving(folder).class_names)
        try:
            path = self.stages.evaluate_other(_name(found.version), folder / MODEL_NAME, runtime)
        except ArtifactError as error:
            raise ArtifactError(f"{found.version.words} on {runtime}: {error}") from error
        return Predictions.load(path)

    def _fetched(self, lookup: Lookup, found: Found) -> Path:
        unit = Unit("registry", _name(found.version), {"artifact": found.sha256})

        def work(folder: Path) -> None:
            with self.tracking.answering():
                lookup.fetch(found, folder)

        return self.stages.store.build(unit, work)

    def _check_classes(self, version: RegisteredVersion, theirs: tuple[str, ...] | None) -> None:
        ours = self.stages.plan.dataset.class_names
        if not theirs or not ours or theirs == ours:
            return
        if len(theirs) != len(ours):
            what = f"{len(theirs)} classes, the data have {len(ours)}"
        else:
            first = next(i for i, name in enumerate(theirs) if name != ours[i])
            what = f"class {first} as {theirs[first]!r}, the data have {ours[first]!r} there"
        raise PredictionsError(
            f"{version.words} was registered with {what}: it is a model of another task; compare "
            "with a version of this one"
        )


def _name(version: RegisteredVersion) -> str:
    return f"{version.name}-v{version.version}"
