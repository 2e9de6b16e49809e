"""The checks of a gate as a config writes them, each refused here if it could not be judged."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
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

from harness.gate.metric import METRICS, Metric
from harness.table import Table

FLOAT = "float"
LARGEST = "largest"
TFLM = "tflm"
MODEL_REFERENCES = {
    FLOAT: "the float model of the same size",
    LARGEST: "the float model of the largest size",
    TFLM: "the same file on TensorFlow Lite Micro",
}
"""References that name a model of the pipeline; any other is the path of a Predictions file."""

_OWN_OPTIONS = ("reference", "classes", "k")


class Target(Table):
    """`[gate.target]`: the model that is to ship."""

    family: str
    width: float
    seed: int | None = None
    """Which of the trained seeds ships; by default the first of the family's `seeds`."""


class Check(Table):
    """One `[[gate.checks]]` table: a metric, its limit, and what it is compared with.

    Raises on reading: an unknown metric, a limit out of the metric's range, an option that does not
    belong to the metric or that it lacks.
    """

    metric: str
    limit: float
    """Shares and drops are fractions: 0.9 is 90 %. The limit itself is acceptable."""
    name: Annotated[str, Field(min_length=1, max_length=100)] | None = None
    """Names the check in reports; by default made of the metric and its options."""
    reference: str | None = None
    """For metrics that compare: `float` (the default), `largest`, `tflm` (the default of parity)
    or a Predictions `.npz` path, relative to the config."""
    decision: Literal["estimate"] = "estimate"
    """How the value is held against the limit; `estimate`: as it is."""
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
        if not reference.endswith(".npz"):
            raise ValueError(
                f"expected {', '.join(MODEL_REFERENCES)} or the path of a Predictions .npz"
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
        return metric + classes + (f" vs {self._short_reference}" if self.reference else "")

    @property
    def reference_file(self) -> Path | None:
        """The Predictions file it names as its reference, if it names one."""
        if self.reference is None or self.reference in MODEL_REFERENCES:
            return None
        return Path(self.reference)

    @property
    def reference_words(self) -> str:
        """Its reference as a sentence says it; empty where it has none."""
        return MODEL_REFERENCES.get(self.reference or "", self._short_reference)

    @property
    def _short_reference(self) -> str:
        return self.reference_file.name if self.reference_file else self.reference or ""


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


class ChecksFile(Table):
    """A file of nothing but `[[checks]]`."""

    checks: tuple[Check, ...] = Field(min_length=1)

    _distinct = field_validator("checks")(distinct_titles)


class GateConfig(Table):
    """`[gate]`: which model on which runtime must pass which checks."""

    target: Target
    runtime: str
    checks: tuple[Check, ...] = Field(min_length=1)

    _distinct = field_validator("checks")(distinct_titles)


def references_of(checks: Sequence[Check]) -> tuple[str, ...]:
    """Return the references that the checks name, each once, in their order."""
    return tuple(dict.fromkeys(check.reference for check in checks if check.reference))
