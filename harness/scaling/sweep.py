"""A sweep: what many models, of several families, widths and seeds, answered on one test set."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from harness.comparison import match
from harness.errors import PredictionsError
from harness.metrics import Summary, summarize
from harness.predictions import ModelIdentity, ModelRecord, Predictions
from harness.scaling.size import Size, size_of


@dataclass(frozen=True, eq=False)
class Run:
    """One model's answers, reduced to what the analysis needs.

    Attributes:
        model: family, width and seed; its parameters are known.
        summary: every metric of its Predictions.
        wrong: (N,) bool, its error set, in the sample order of the sweep.

    """

    model: ModelRecord
    summary: Summary
    wrong: NDArray[np.bool_]

    @property
    def parameters(self) -> int:
        """N, the trained parameters."""
        if self.model.parameters is None:
            raise ValueError("a run of a sweep states its parameters")
        return self.model.parameters

    @property
    def error(self) -> float:
        """Error rate, in [0, 1]."""
        return int(np.count_nonzero(self.wrong)) / len(self.wrong)


@dataclass(frozen=True, eq=False)
class Group:
    """The runs of one size and variant, one a seed, in the order of the seeds."""

    size: Size
    runs: tuple[Run, ...]

    @property
    def variant(self) -> str:
        """How its models were made, where not as every model is; empty for plain ones."""
        return self.runs[0].model.variant

    @property
    def name(self) -> str:
        """Family, width and variant: `scale_cnn-4`, `scale_cnn-4 pruned-24`."""
        return f"{self.size.name} {self.variant}".rstrip()


@dataclass(frozen=True, eq=False)
class Sweep:
    """Runs over the same samples on one runtime.

    Attributes:
        runtime: its name; empty where the files do not say.
        runs: one for each family, width, seed and variant.
        labels: (N,) int64, the true classes.
        class_names: one per class.

    """

    runtime: str
    runs: tuple[Run, ...]
    labels: NDArray[np.int64]
    class_names: tuple[str, ...]

    @cached_property
    def groups(self) -> tuple[Group, ...]:
        """The sizes: families by name, each from the fewest parameters to the most."""
        found: dict[tuple[str, float, str], list[Run]] = {}
        for run in self.runs:
            found.setdefault((run.model.family, run.model.width, run.model.variant), []).append(run)
        groups = [_group(runs) for runs in found.values()]
        return tuple(sorted(groups, key=lambda g: (g.size.family, g.size.parameters, g.name)))

    @property
    def sizes(self) -> tuple[Size, ...]:
        """The size of every group."""
        return tuple(group.size for group in self.groups)


def _group(runs: list[Run]) -> Group:
    model = runs[0].model
    errors = [(run.model.seed, run.error) for run in runs]
    size = size_of(model.family, model.width, runs[0].parameters, errors)
    return Group(size, tuple(sorted(runs, key=lambda run: run.model.seed)))


def sweep_of(predictions: Iterable[Predictions], runtime: str = "") -> Sweep:
    """Return the sweep of these Predictions; they may come one at a time, to spare memory.

    Raises:
        PredictionsError: none at all, files that are not of the same samples, that do not say
            which model answered or how many parameters it has, or two of one model.

    """
    first: Predictions | None = None
    runs: dict[ModelIdentity, Run] = {}
    for one in predictions:
        first = first or one
        run = run_of(one, first)
        if run.model.identity in runs:
            raise PredictionsError(f"two results of {_described(run.model)}; give each model once")
        runs[run.model.identity] = run
    if first is None:
        raise PredictionsError("no Predictions to analyse")
    return Sweep(runtime, tuple(runs.values()), first.labels, first.class_names)


def run_of(predictions: Predictions, first: Predictions) -> Run:
    """Return one model's run, in the sample order of `first`; PredictionsError as `sweep_of`."""
    model = predictions.meta.model
    if model is None or model.parameters is None:
        missing = "which model answered" if model is None else "how many parameters it has"
        raise PredictionsError(f"meta of a Predictions file does not say {missing}")
    pair = match(predictions, first)
    return Run(model, summarize(predictions), ~pair.reference_correct)


def _described(model: ModelRecord) -> str:
    variant = f", {model.variant}" if model.variant else ""
    return f"{model.family}, width {model.width:g}, seed {model.seed}{variant}"
