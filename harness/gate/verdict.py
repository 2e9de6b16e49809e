"""The verdict: what the gate says about one candidate, check by check, and on what evidence."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Annotated, Literal

from pydantic import Field, ValidationError, model_validator

from harness.errors import EXIT_FAIL, EXIT_INCONCLUSIVE, EXIT_PASS, UserError
from harness.gate.checks import Claim, Decision
from harness.gate.metric import Direction
from harness.gate.registered import RegisteredVersion, Skipped
from harness.predictions import DeviceRecord, HostRecord, ModelRecord, Predictions, RuntimeRecord
from harness.problems import first_problem
from harness.table import Table

Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Outcome = Literal["pass", "fail", "inconclusive"]
_INCONCLUSIVE = {"hold": EXIT_INCONCLUSIVE, "fail": EXIT_FAIL, "ship": EXIT_PASS}
_NAMES_SHOWN = 5
EXIT_CODES: dict[Outcome, int] = {
    "pass": EXIT_PASS,
    "fail": EXIT_FAIL,
    "inconclusive": EXIT_INCONCLUSIVE,
}


class CheckResult(Table):
    """What one check found.

    `estimate` is None where the data do not define it.
    """

    name: str
    metric: str
    outcome: Outcome
    estimate: float | None
    lower: float | None = None
    upper: float | None = None
    """One-sided bounds, each at `confidence`; None where the value is undefined."""
    confidence: float | None = Field(default=None, gt=0, lt=1)
    """Of each bound and of a pass on evidence, the looks taken off."""
    limit: float
    direction: Direction
    """`>=`: the value must be at least the limit; `<=`: at most."""
    n: int = Field(ge=0)
    """Samples the estimate rests on: all; those of the worst class or the lowest k classes; for
    jaccard those that at least one model gets wrong."""
    decision: Decision = "estimate"
    claim: Claim = "artifact"
    method: str
    samples_needed: int | None = Field(default=None, ge=1)
    """Where it is inconclusive: how large a test set would decide it at the observed rates."""
    baselines: dict[str, float] = Field(default_factory=dict)
    """Of jaccard: `independent` (chance within classes), `containment` (the most that the error
    counts allow), `position` between the two, `cross_seed` (two seeds of the reference)."""
    reference: str | None = None
    """What it was compared with, in words; None where it compares nothing."""
    sentence: str
    """The result for the person who releases."""


class TwinSample(Table):
    """How the device stood to its bit-exact twin on samples drawn at random."""

    device: DeviceRecord | None = None
    samples: int = Field(ge=1)
    mismatches: int = Field(ge=0)
    """Samples of which any score differs."""
    upper: float = Field(ge=0, le=1)
    """95 % bound on the share of mismatches among all samples."""


class Evidence(Table):
    """What one Predictions file in the gate is: which artifact answered what, and where."""

    artifact_sha256: Digest | None = None
    model: ModelRecord | None = None
    runtime: RuntimeRecord | None = None
    host: HostRecord | None = None
    device: DeviceRecord | None = None
    data_digest: Digest | None = None
    data_name: str | None = None
    split: str | None = None
    samples: int = Field(ge=1)
    classes: int = Field(ge=2)
    twin: TwinSample | None = None
    """Where the device answered some samples and its twin all of them."""
    registered: RegisteredVersion | None = None
    """Which version of the registered model it is, where the gate found it there."""
    verified: tuple[str, ...] = ()
    """Which of these facts were demanded of the file and found to hold; the others are its own
    word."""

    @classmethod
    def of(cls, predictions: Predictions, verified: tuple[str, ...] = ()) -> Evidence:
        """Return what `predictions` says of itself."""
        meta = predictions.meta
        return cls(
            artifact_sha256=meta.artifact_sha256,
            model=meta.model,
            runtime=meta.runtime,
            host=meta.host,
            device=meta.device,
            data_digest=meta.data_digest,
            data_name=meta.data_name,
            split=meta.split,
            samples=len(predictions),
            classes=predictions.classes,
            verified=verified,
        )

    @property
    def sentence(self) -> str:
        """Where the answers come from, as the person who releases must know it."""
        if self.twin is not None:
            return _twin_words(self.twin, self.samples)
        where = self.runtime.name if self.runtime else "a runtime that is not stated"
        if self.device is not None:
            emulated = "the emulated" if self.device.emulated else "the"
            where = f"{emulated} board {self.device.board} ({self.device.core})"
        return f"All {self.samples:,} samples were answered on {where}."

    @property
    def caveat(self) -> str | None:
        """What the file cannot vouch for; None where there is nothing of that kind."""
        if self.device is None or self.device.artifact_verified is not False:
            return None
        return (
            f"not verified on the device: the firmware of {self.device.board} cannot say which "
            "model it runs"
        )

    @property
    def label(self) -> str:
        """Model and runtime in a few words, such as `scale_cnn width 8 seed 0 on tflm`."""
        model, runtime = self.model, self.runtime
        named = _model_words(model) if model else "candidate"
        return f"{named} on {runtime.name}" if runtime else named


def _model_words(model: ModelRecord) -> str:
    variant = f" {model.variant}" if model.variant else ""
    return f"{model.family} width {model.width:g} seed {model.seed}{variant}"


def _twin_words(twin: TwinSample, samples: int) -> str:
    board = f" {twin.device.board}" if twin.device else ""
    return (
        f"All {samples:,} samples were answered on the device's bit-exact twin, tflm; "
        f"{twin.samples:,} of them, drawn at random, also on the device{board}: "
        f"{twin.mismatches:,} differ, so with 95 % confidence at most {100 * twin.upper:.3g} % "
        "of all do."
    )


class Looks(Table):
    """How often a test set has decided on one registered model."""

    planned: int = Field(ge=1)
    """What the config divides the error by."""
    seen: int = Field(ge=1)
    """Different artifacts that were gated on this test set, this one included."""
    name: str
    """The registered model's."""

    @property
    def sentence(self) -> str:
        """What the number of looks means for the stated confidence."""
        many = "once" if self.seen == 1 else f"for {self.seen} candidates"
        used = f"This test set has decided on {self.name!r} {many}"
        if self.seen <= self.planned:
            return f"{used}; the config allows for looks = {self.planned}."
        return (
            f"{used}, the config allows for looks = {self.planned}: the stated confidence no "
            f"longer holds. Set looks = {self.seen} or more, or gate on a fresh test set."
        )


class ErrorRates(Table):
    """What the gate as configured may get wrong by chance."""

    false_fail: float = Field(ge=0, le=1)
    """Highest chance that evidence of a violation fails the gate although every limit is kept."""
    false_pass: float = Field(ge=0, le=1)
    """Highest chance that a check on evidence passes although its limit is violated."""
    tests: int = Field(ge=0)
    """Checks that share `false_fail`, by Holm's method."""
    may_fail: tuple[str, ...] = ()
    """Checks that may fail by chance at any rate, for they need no evidence to."""
    may_pass: tuple[str, ...] = ()
    """Checks that may pass by chance at any rate."""

    @property
    def sentence(self) -> str:
        """The rates, as the person who releases must know them."""
        fails = f"a gate whose limits are all kept fails in at most {100 * self.false_fail:.3g} %"
        passes = f"a check whose limit is violated passes in at most {100 * self.false_pass:.3g} %"
        text = f"By chance, {fails} of cases (Holm's method over {self.tests}), and {passes}."
        for names, verb in ((self.may_fail, "fail"), (self.may_pass, "pass")):
            if names:
                text += f" {_listed(names)} may {verb} by chance at any rate."
        return text


def _listed(names: tuple[str, ...]) -> str:
    shown = ", ".join(names[:_NAMES_SHOWN])
    return shown + (f" and {len(names) - _NAMES_SHOWN} more" if len(names) > _NAMES_SHOWN else "")


def combined(outcomes: Iterable[Outcome]) -> Outcome:
    """Return fail if any fails, else inconclusive if any is, else pass."""
    found = set(outcomes)
    if "fail" in found:
        return "fail"
    return "inconclusive" if "inconclusive" in found else "pass"


class Verdict(Table):
    """The outcome of a gate, its checks, and the evidence for the candidate and each reference."""

    format: Literal[1] = 1
    outcome: Outcome
    checks: tuple[CheckResult, ...] = Field(min_length=1)
    subject: Evidence
    """What was gated."""
    references: dict[str, Evidence] = Field(default_factory=dict)
    """By `float`, `largest`, `registry:...` or the path of the file."""
    skipped: tuple[Skipped, ...] = ()
    rates: ErrorRates | None = None
    looks: Looks | None = None
    inconclusive: Literal["hold", "fail", "ship"] = "hold"
    """What the config makes of an inconclusive gate."""
    warnings: tuple[str, ...] = ()
    """What will hardly ever be decided with these limits on so many samples."""
    tinygate_version: str = Field(pattern=r"^[0-9A-Za-z.+-]+$")

    @model_validator(mode="after")
    def _follows_from_checks(self) -> Verdict:
        due = combined(check.outcome for check in self.checks)
        if self.outcome != due:
            raise ValueError(f"outcome is {self.outcome!r}, but the checks give {due!r}")
        return self

    @property
    def exit_code(self) -> int:
        """0 pass, 1 fail, 3 inconclusive unless the config says otherwise."""
        if self.outcome == "inconclusive":
            return _INCONCLUSIVE[self.inconclusive]
        return EXIT_CODES[self.outcome]

    @property
    def ships(self) -> bool:
        """Whether the model may be registered."""
        return self.exit_code == EXIT_PASS

    @property
    def notes(self) -> tuple[str, ...]:
        """What to know beside the checks: the evidence, the error rates, the looks, warnings."""
        caveat = f"The artifact was {self.subject.caveat}." if self.subject.caveat else ""
        rates = self.rates.sentence if self.rates else ""
        looks = self.looks.sentence if self.looks else ""
        skipped = (one.sentence for one in self.skipped)
        notes = (self.subject.sentence, caveat, *skipped, rates, looks, *self.warnings)
        return tuple(note for note in notes if note)

    @property
    def headline(self) -> str:
        """The verdict in one line."""
        return f"{', '.join(self._counts())}: {self.subject.label}"

    def _counts(self) -> Iterator[str]:
        total = len(self.checks)
        if self.outcome == "pass" and not self.skipped:
            yield "the only check passed" if total == 1 else f"all {total} checks passed"
            return
        words = {"pass": "passed", "fail": "failed", "inconclusive": "undecided"}
        for outcome, word in words.items():
            count = sum(check.outcome == outcome for check in self.checks)
            if count and (self.outcome == "pass" or outcome != "pass"):
                yield f"{count} of {total} {'check' if total == 1 else 'checks'} {word}"
        if self.skipped:
            yield f"{len(self.skipped)} not judged"

    def to_json(self) -> str:
        """Return the verdict as indented JSON; absent facts are null."""
        return self.model_dump_json(indent=2) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Verdict:
        """Return the verdict that `to_json` wrote.

        Raises:
            UserError: not JSON, not a verdict of this format, or an outcome that does not follow
                from its checks.

        """
        try:
            return cls.model_validate_json(text)
        except ValidationError as error:
            raise UserError(f"not a verdict: {first_problem(error)}") from error
