"""The verdict: what the gate says about one candidate, check by check, and on what evidence."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Annotated, Literal

from pydantic import Field, ValidationError, model_validator

from harness.errors import EXIT_FAIL, EXIT_INCONCLUSIVE, EXIT_PASS, UserError
from harness.gate.metric import Direction
from harness.predictions import DeviceRecord, HostRecord, ModelRecord, Predictions, RuntimeRecord
from harness.problems import first_problem
from harness.table import Table

Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Outcome = Literal["pass", "fail", "inconclusive"]
EXIT_CODES: dict[Outcome, int] = {
    "pass": EXIT_PASS,
    "fail": EXIT_FAIL,
    "inconclusive": EXIT_INCONCLUSIVE,
}


class CheckResult(Table):
    """What one check found.

    `estimate` is None where the data do not define it; `lower` and `upper` are the one-sided bounds
    of a decision that uses them, else None.
    """

    name: str
    metric: str
    outcome: Outcome
    estimate: float | None
    lower: float | None = None
    upper: float | None = None
    limit: float
    direction: Direction
    """`>=`: the value must be at least the limit; `<=`: at most."""
    n: int = Field(ge=0)
    """Samples the estimate rests on: all; those of the worst class or the lowest k classes; for
    jaccard those that at least one model gets wrong."""
    decision: str = "estimate"
    method: str
    reference: str | None = None
    """What it was compared with, in words; None where it compares nothing."""
    sentence: str
    """The result for the person who releases."""


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
        named = f"{model.family} width {model.width:g} seed {model.seed}" if model else "candidate"
        return f"{named} on {runtime.name}" if runtime else named


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
    """By `float`, `largest` or the path of the file."""
    tinygate_version: str = Field(pattern=r"^[0-9A-Za-z.+-]+$")

    @model_validator(mode="after")
    def _follows_from_checks(self) -> Verdict:
        due = combined(check.outcome for check in self.checks)
        if self.outcome != due:
            raise ValueError(f"outcome is {self.outcome!r}, but the checks give {due!r}")
        return self

    @property
    def exit_code(self) -> int:
        """0 pass, 1 fail, 3 inconclusive."""
        return EXIT_CODES[self.outcome]

    @property
    def headline(self) -> str:
        """The verdict in one line."""
        return f"{', '.join(self._counts())}: {self.subject.label}"

    def _counts(self) -> Iterator[str]:
        total = len(self.checks)
        if self.outcome == "pass":
            yield "the only check passed" if total == 1 else f"all {total} checks passed"
            return
        for outcome, word in (("fail", "failed"), ("inconclusive", "undecided")):
            count = sum(check.outcome == outcome for check in self.checks)
            if count:
                yield f"{count} of {total} {'check' if total == 1 else 'checks'} {word}"

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
