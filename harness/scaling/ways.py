"""Ways of getting smaller: one size of a family in one form, and the models that have it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from harness.errors import PredictionsError
from harness.predictions import Predictions
from harness.scaling.size import size_of
from harness.scaling.sweep import Group, Run, run_of

Weights = Literal["checkpoint", "float", "int8", "int8-per-tensor"]
"""What a model answered with: the trained weights, or a .tflite of them, float or int8."""
_WORDS: dict[Weights, str] = {
    "checkpoint": "",
    "float": "float .tflite",
    "int8": "int8 per channel",
    "int8-per-tensor": "int8 per tensor",
}
WEIGHTS: tuple[Weights, ...] = tuple(_WORDS)


@dataclass(frozen=True)
class Way:
    """How a model of some family and width came to be.

    Attributes:
        family: the network family.
        width: of the model that answered.
        pruned_from: width of the trained model it was cut from; None: trained at its own.
        weights: what answered.
        converter: that made the .tflite, where not the default one; else empty.

    """

    family: str
    width: float
    pruned_from: float | None = None
    weights: Weights = "checkpoint"
    converter: str = ""

    @property
    def size(self) -> str:
        """Family and width, `scale_cnn-4`."""
        return f"{self.family}-{self.width:g}"

    @property
    def words(self) -> str:
        """How, without the size: `trained`, `pruned from 24, int8 per channel`."""
        cut = "trained" if self.pruned_from is None else f"pruned from {self.pruned_from:g}"
        return ", ".join(part for part in (cut, _WORDS[self.weights], self.converter) if part)

    @property
    def is_plain(self) -> bool:
        """Whether it is the trained model itself, as sweeps over width have it."""
        return self == Way(self.family, self.width)


@dataclass(frozen=True)
class Answered:
    """Answers of one model, and in what way it was made.

    Attributes:
        way: how.
        runtime: that answered.
        predictions: its answers.
        file_bytes: of the file that answered; None where that is not at hand.

    """

    way: Way
    runtime: str
    predictions: Predictions
    file_bytes: int | None = None


@dataclass(frozen=True, eq=False)
class WayGroup:
    """The models of one way, one a seed, in the order of the seeds."""

    way: Way
    runtime: str
    file_bytes: int | None
    group: Group

    @property
    def seeds(self) -> tuple[int, ...]:
        """Of its models."""
        return tuple(run.model.seed for run in self.group.runs)

    def wrong(self, seeds: Iterable[int]) -> NDArray[np.bool_]:
        """Return (S, N) the error sets of these seeds, in their order."""
        by_seed = {run.model.seed: run.wrong for run in self.group.runs}
        return np.array([by_seed[seed] for seed in seeds])


@dataclass(frozen=True, eq=False)
class Ways:
    """Models made in several ways, all over the same samples.

    Attributes:
        groups: by family, then size from the fewest parameters, then way.
        labels: (N,) int64, the true classes.
        classes: C, how many there are.

    """

    groups: tuple[WayGroup, ...]
    labels: NDArray[np.int64]
    classes: int


def ways_of(answered: Iterable[Answered]) -> Ways:
    """Return the ways of these models; they may come one at a time, to spare memory.

    Raises:
        PredictionsError: none at all, not of the same samples, a file that does not say which model
            answered or how many parameters it has, or two of one model and way.

    """
    first: Predictions | None = None
    found: dict[Way, list[_Made]] = {}
    for one in answered:
        first = first or one.predictions
        made = _Made(one.runtime, one.file_bytes, run_of(one.predictions, first))
        some = found.setdefault(one.way, [])
        seed = made.run.model.seed
        if any(other.run.model.seed == seed for other in some):
            raise PredictionsError(
                f"two results of {one.way.size} {one.way.words}, seed {seed}; give each model once"
            )
        some.append(made)
    if first is None:
        raise PredictionsError("no Predictions to analyse")
    groups = sorted((_group(way, some) for way, some in found.items()), key=_order)
    return Ways(tuple(groups), first.labels, first.classes)


@dataclass(frozen=True)
class _Made:
    """A model's answers reduced to what is kept of them."""

    runtime: str
    file_bytes: int | None
    run: Run


def _group(way: Way, made: list[_Made]) -> WayGroup:
    made = sorted(made, key=lambda one: one.run.model.seed)
    runs = tuple(one.run for one in made)
    errors = [(run.model.seed, run.error) for run in runs]
    size = size_of(way.family, way.width, runs[0].parameters, errors)
    runtimes = dict.fromkeys(one.runtime for one in made)
    known = [one.file_bytes for one in made if one.file_bytes is not None]
    file_bytes = round(float(np.mean(known))) if len(known) == len(made) else None
    return WayGroup(way, ", ".join(runtimes), file_bytes, Group(size, runs))


def _order(one: WayGroup) -> tuple[str, int, float, float, int, str]:
    way = one.way
    parameters = one.group.size.parameters
    cut, weights = way.pruned_from or 0.0, WEIGHTS.index(way.weights)
    return way.family, parameters, way.width, cut, weights, way.converter
