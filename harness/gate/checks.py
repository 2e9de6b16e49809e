"""The checks of a gate as a config writes them, each refused here if it could not be judged."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    Field,
    StrictInt,
    StrictStr,
    ValidationInfo,
    field_validator,
    model_validator,
)

from export.form import DEFAULT_FORM, Converter, Form, Quantization
from harness.gate.methods.calibration import ece_floor
from harness.gate.metric import METRICS, Metric
from harness.table import Table

FLOAT = "float"
LARGEST = "largest"
TFLM = "tflm"
DEVICE = "device"
MODEL_REFERENCES = {
    FLOAT: "the float model of the same size",
    LARGEST: "the float model of the largest size",
    TFLM: "the same file on TensorFlow Lite Micro",
    DEVICE: "the same file on the device",
}
"""References that name a model of the pipeline; others name a registered version, as
`registry:champion` or `registry:3`, or are the path of a Predictions file."""
REGISTRY = "registry:"
_REGISTERED = re.compile(r"[1-9][0-9]*|[A-Za-z][A-Za-z0-9_-]*")

_OWN_OPTIONS = ("reference", "classes", "k")

Decision = Literal["evidence", "regression", "non-inferiority", "estimate"]
Claim = Literal["artifact", "recipe"]
Confidence = Annotated[float, Field(ge=0.5, lt=1)]


class Target(Table):
    """`[gate.target]`: the model that is to ship."""

    family: str
    """One of `[[models]]`."""
    width: float
    """One of its widths."""
    seed: int | None = None
    """Which of the trained seeds ships; by default the first of the family's `seeds`."""
    pruned_from: float | None = None
    """Of a pruned model, as in `[[models]]`."""
    quantization: Quantization = DEFAULT_FORM.quantization
    """Which of the .tflite files in `[export] quantize` ships."""
    converter: Converter = DEFAULT_FORM.converter
    """Whose .tflite ships, as in `[export]`."""

    def names(self, family: str, width: float, seed: int, pruned_from: float | None) -> bool:
        """Whether it is this model that is to ship, in whatever form."""
        same = (self.family, self.width, self.pruned_from) == (family, width, pruned_from)
        return same and self.seed in (None, seed)

    @property
    def form(self) -> Form:
        """The form of .tflite that ships."""
        return Form(self.quantization, self.converter)

    @property
    def words(self) -> str:
        """The model in a few words."""
        cut = "" if self.pruned_from is None else f" pruned from {self.pruned_from:g}"
        return f"{self.family} width {self.width:g}{cut}"


class Check(Table):
    """One `[[gate.checks]]` table: a metric, its limit, and what it is compared with.

    Raises on reading: an unknown metric, a limit out of the metric's range, an option that does not
    belong to the metric or that it lacks.
    """

    metric: str
    """What is measured."""
    limit: float
    """Shares and drops are fractions: 0.9 is 90 %. The limit itself is acceptable."""
    name: Annotated[str, Field(min_length=1, max_length=100)] | None = None
    """Names the check in reports; by default made of the metric and its options."""
    reference: str | None = None
    """For metrics that compare: `float` (the default), `largest`, `tflm` (the default of parity),
    `registry:` with an alias or a number for a version of the registered model, or a Predictions
    `.npz` path, relative to the config."""
    decision: Decision | None = None
    """How the value is held against the limit; by default as the gate says."""
    confidence: Confidence | None = None
    """Of the check's own decision; by default the gate's."""
    claim: Claim = "artifact"
    """`artifact`: what these files do. `recipe`: what training anew from other seeds would do,
    shown by several seeds of each model."""
    classes: Annotated[tuple[StrictInt | StrictStr, ...], Field(min_length=1)] | None = None
    """Class names or numbers; by default all classes."""
    k: Annotated[StrictInt, Field(ge=1)] | None = None
    """How many of the lowest classes are averaged."""

    @field_validator("metric")
    @classmethod
    def _known(cls, metric: str) -> str:
        if metric not in METRICS:
            close = difflib.get_close_matches(metric, METRICS, n=1)
            hint = f"did you mean {close[0]!r}? " if close else ""
            raise ValueError(f"unknown metric; {hint}known: {', '.join(METRICS)}")
        return metric

    @field_validator("reference")
    @classmethod
    def _reference(cls, reference: str | None, info: ValidationInfo) -> str | None:
        if reference is None or reference in MODEL_REFERENCES:
            return reference
        if reference.startswith(REGISTRY):
            return _registered(reference)
        if not reference.endswith(".npz"):
            raise ValueError(
                f"expected {', '.join(MODEL_REFERENCES)}, {REGISTRY}ALIAS or the path of a "
                "Predictions .npz"
            )
        folder = (info.context or {}).get("folder", Path())
        return str(Path(folder) / Path(reference).expanduser())

    @field_validator("classes")
    @classmethod
    def _once(cls, classes: tuple[int | str, ...] | None) -> tuple[int | str, ...] | None:
        if classes is not None and len(set(classes)) != len(classes):
            raise ValueError("a class is named twice")
        return classes

    @model_validator(mode="before")
    @classmethod
    def _default_reference(cls, content: Any) -> Any:
        if not isinstance(content, dict) or content.get("reference") is not None:
            return content
        metric = METRICS.get(str(content.get("metric")))
        return {**content, "reference": metric.reference} if metric and metric.compares else content

    @model_validator(mode="after")
    def _fits_metric(self) -> Check:
        rule = self.rule
        allowed = {*rule.options, *(("reference",) if rule.compares else ())}
        for option in _OWN_OPTIONS:
            given = getattr(self, option) is not None
            if given and option not in allowed:
                raise ValueError(f"{self.metric} takes no {option!r}")
            if not given and option in rule.required:
                raise ValueError(f"{self.metric} needs {option!r}")
        if not rule.lowest <= self.limit <= rule.highest:
            raise ValueError(_out_of_range(self.metric, self.limit, rule))
        if self.registered and (self.claim == "recipe" or self.metric == "parity"):
            what = "parity" if self.metric == "parity" else "claim = 'recipe'"
            about = "one file on two runtimes" if self.metric == "parity" else "several seeds"
            raise ValueError(f"{what} is about {about}; a registered version is another model")
        if self.claim == "recipe" and not rule.recipe:
            able = ", ".join(name for name, one in METRICS.items() if one.recipe)
            raise ValueError(
                f"{self.metric} has no method over seeds; claim = 'recipe' takes {able}"
            )
        return self

    @property
    def rule(self) -> Metric:
        """What its metric means."""
        return METRICS[self.metric]

    @property
    def title(self) -> str:
        """Its name, or one made of the metric, its options and its reference."""
        if self.name is not None:
            return self.name
        metric = self.metric.replace("_k_", f"_{self.k}_")
        classes = f"[{', '.join(map(str, self.classes))}]" if self.classes else ""
        against = f" vs {self._short_reference}" if self.reference else ""
        return metric + classes + against + (" over seeds" if self.claim == "recipe" else "")

    @property
    def reference_file(self) -> Path | None:
        """The Predictions file it names as its reference, if it names one."""
        if self.reference is None or self.reference in MODEL_REFERENCES or self.registered:
            return None
        return Path(self.reference)

    @property
    def registered(self) -> str | None:
        """The alias or number of the registered version it compares with, if it does."""
        if self.reference is None or not self.reference.startswith(REGISTRY):
            return None
        return self.reference.removeprefix(REGISTRY)

    @property
    def reference_words(self) -> str:
        """Its reference as a sentence says it; empty where it has none."""
        return MODEL_REFERENCES.get(self.reference or "", self._short_reference)

    @property
    def _short_reference(self) -> str:
        return self.reference_file.name if self.reference_file else self.reference or ""


def _registered(reference: str) -> str:
    label = reference.removeprefix(REGISTRY)
    if not _REGISTERED.fullmatch(label) or label.lower() == "latest":
        raise ValueError(f"after {REGISTRY!r} expected an alias, such as champion, or a number")
    return reference


def _out_of_range(metric: str, limit: float, rule: Metric) -> str:
    hint = "; write 90 % as 0.9" if abs(limit) > rule.highest else ""
    return f"limit {limit:g} of {metric} is outside {rule.lowest:g} to {rule.highest:g}{hint}"


def distinct_titles(checks: tuple[Check, ...]) -> tuple[Check, ...]:
    """Return `checks` as they are; ValueError where two of them have the same title."""
    titles = [check.title for check in checks]
    twins = sorted({title for title in titles if titles.count(title) > 1})
    if twins:
        raise ValueError(f"two checks are called {twins[0]!r}; give one of them another 'name'")
    return checks


class Rules(Table):
    """How checks are decided, where they do not say so themselves."""

    decision: Decision = "evidence"
    """`evidence`: pass on evidence of compliance, fail on evidence of a violation, inconclusive
    between. `regression`: fail on evidence of a violation, else pass. `non-inferiority`: pass on
    evidence of compliance, else fail. `estimate`: the value itself."""
    confidence: Confidence = 0.95
    """Of each pass, and of the gate's fail; 0.95 is wrong in at most one of 20 cases."""
    looks: int = Field(default=1, ge=1)
    """How often this test set will be asked in all: new candidates, or more samples. Divides what
    may go wrong, 1 - confidence."""
    inconclusive: Literal["hold", "fail", "ship"] = "hold"
    """What an inconclusive gate does: `hold` ships nothing and exits with 3, `fail` exits with 1,
    `ship` registers the model and exits with 0."""


class GateRules(Rules):
    """Checks, and how they are decided."""

    checks: tuple[Check, ...] = Field(min_length=1)

    _distinct = field_validator("checks")(distinct_titles)

    @model_validator(mode="after")
    def _reachable(self) -> GateRules:
        for check in self._on_evidence:
            _refuse_unreachable(check)
        return self

    @property
    def rules(self) -> Rules:
        """The rules alone."""
        return Rules(**{name: getattr(self, name) for name in Rules.model_fields})

    @property
    def warnings(self) -> tuple[str, ...]:
        """What hardly any number of samples will decide, in words."""
        return tuple(
            f"check {check.title!r}: no number of samples shows an increase of at most 0 unless "
            "the candidate is better; give it a margin above 0, or decision = 'regression'"
            for check in self._on_evidence
            if check.rule.margin and check.limit <= 0
        )

    def warnings_on(self, samples: int) -> tuple[str, ...]:
        """Return `warnings`, and what a test set of this size will hardly ever decide."""
        floor = ece_floor(samples)
        return self.warnings + tuple(
            f"check {check.title!r}: on {samples:,} samples an ECE below about {floor:.2g} can be "
            "shown only of a model that is nearly always right or always sure"
            for check in self._on_evidence
            if check.metric == "ece" and check.limit < floor
        )

    @property
    def _on_evidence(self) -> Iterator[Check]:
        """The checks that pass on evidence alone."""
        for check in self.checks:
            if (check.decision or self.decision) in ("evidence", "non-inferiority"):
                yield check


def _refuse_unreachable(check: Check) -> None:
    rule = check.rule
    if rule.exact or check.limit != rule.perfect:
        return
    raise ValueError(
        f"check {check.title!r}: no number of samples is evidence of {check.metric} "
        f"{rule.direction} {check.limit:g}; set a limit short of it, or decision = 'regression' "
        "(fail only on evidence of a violation) or 'estimate'"
    )


class ChecksFile(GateRules):
    """A file of `[[checks]]`, and above them how they are decided."""


class GateConfig(GateRules):
    """`[gate]`: which model on which runtime must pass which checks."""

    target: Target
    runtime: str
    """Whose answers are judged: one of `evaluate.runtimes`."""


def references_of(checks: Sequence[Check]) -> tuple[str, ...]:
    """Return the references that the checks name, each once, in their order."""
    return tuple(dict.fromkeys(check.reference for check in checks if check.reference))
