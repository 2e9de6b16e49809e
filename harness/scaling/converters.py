"""Does the converter change which inputs fail? Each model in two converters' files, by sample."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from export.form import DEFAULT_FORM, Converter
from harness.comparison import (
    Pair,
    agreement,
    jaccard,
    largest_score_difference,
    match,
    outcomes,
)
from harness.errors import PredictionsError
from harness.gate.methods.error_overlap import ErrorOverlap
from harness.gate.methods.paired_drop import PairedDrop
from harness.metrics import ece
from harness.model_record import ModelRecord
from harness.predictions import Predictions
from harness.scaling.line import CONFIDENCE, Interval

Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class ConvertedTwice:
    """What one model answered in the default converter's file and in another's, on one runtime.

    Attributes:
        usual, other: the answers.
        step: one step (LSB) of the usual file's int8 output, in the units of its scores; None where
            the file is not at hand.

    """

    usual: Predictions
    other: Predictions
    step: float | None


@dataclass(frozen=True)
class ConverterPair:
    """One model in two converters' files; every difference is the other minus the usual.

    The intervals hold at 95 % for all models of an analysis together (Bonferroni).

    Attributes:
        model: the model, in the usual file.
        converter: that made the other file.
        runtime: that ran both; empty where the files do not say.
        samples: how many both answered.
        accuracy: of the usual and of the other.
        difference: of the accuracies; paired.
        interval: of the difference: exact unconditional, see `PairedDrop`.
        other_class: samples whose top class differs, right or wrong.
        lost: samples right in the usual and wrong in the other.
        gained: wrong in the usual and right in the other.
        other_scores: samples of which a score differs by more than half a step of the usual's
            output: scales that differ in their last bit alone do not count. None without the step.
        largest_lsb: the largest difference of a score in steps of the usual's output.
        jaccard: J of the two error sets; 1 where both are empty.
        jaccard_interval: Clopper-Pearson given the union, see `ErrorOverlap`.
        independent: J if the errors were independent within each class.
        cross_seed: J of the usual file's errors with those of the same size's other seeds, the
            mean; what training anew changes. None for a lone seed.
        ece: expected calibration error of the usual and of the other.

    """

    model: ModelRecord
    converter: Converter
    runtime: str
    samples: int
    accuracy: tuple[float, float]
    difference: float
    interval: Interval
    other_class: int
    lost: int
    gained: int
    other_scores: int | None
    largest_lsb: float | None
    jaccard: float
    jaccard_interval: Interval
    independent: float
    cross_seed: float | None
    ece: tuple[float, float]

    @property
    def name(self) -> str:
        """The model in a word, `scale_cnn-4-s0`."""
        return f"{_size_name(self.model)}-s{self.model.seed}"

    @property
    def changes_accuracy(self) -> bool:
        """Whether the interval of the difference leaves out 0."""
        return not self.interval[0] <= 0 <= self.interval[1]


def converter_pairs(twice: Iterable[ConvertedTwice]) -> tuple[ConverterPair, ...]:
    """Return every model's comparison: families by name, sizes by parameters, seeds in order.

    The answers may come one model at a time, to spare memory.

    Raises:
        PredictionsError: the two are not of one model, not of the same samples, or come from the
            same converter.

    """
    first: Predictions | None = None
    found: list[tuple[_Compared, Mask]] = []
    for one in twice:
        first = first or one.usual
        pair = match(one.usual, one.other)
        wrong = ~match(one.usual, first).reference_correct
        found.append((_compared(pair, one.step), wrong))
    found.sort(key=lambda row: _order(row[0].model))
    alpha = (1 - CONFIDENCE) / 2 / max(len(found), 1)
    return tuple(_pair(compared, _cross_seed(compared, found), alpha) for compared, _ in found)


@dataclass(frozen=True)
class _Compared:
    """What a pair tells by itself, once its answers are let go."""

    model: ModelRecord
    converter: Converter
    runtime: str
    samples: int
    accuracy: tuple[float, float]
    other_class: int
    lost: int
    gained: int
    both_wrong: int
    other_scores: int | None
    largest_lsb: float | None
    independent: float
    ece: tuple[float, float]
    wrong: tuple[int, int]


def _compared(pair: Pair, step: float | None) -> _Compared:
    model, converter = _models(pair)
    table, n = outcomes(pair), len(pair)
    wrong = (table.positive_flips + table.both_wrong, table.negative_flips + table.both_wrong)
    largest = largest_score_difference(pair)
    runtime = pair.reference.meta.runtime
    return _Compared(
        model=model,
        converter=converter,
        runtime="" if runtime is None else runtime.name,
        samples=n,
        accuracy=(1 - wrong[0] / n, 1 - wrong[1] / n),
        other_class=n - round(agreement(pair) * n),
        lost=table.negative_flips,
        gained=table.positive_flips,
        both_wrong=table.both_wrong,
        other_scores=_beyond_half_a_step(pair, step),
        largest_lsb=None if largest is None or step is None else largest / step,
        independent=jaccard(pair).independent,
        ece=(ece(pair.reference), ece(pair.candidate)),
        wrong=wrong,
    )


def _beyond_half_a_step(pair: Pair, step: float | None) -> int | None:
    if step is None or pair.reference.meta.kind != pair.candidate.meta.kind:
        return None
    difference = np.abs(pair.of_reference(pair.reference.scores) - pair.candidate.scores)
    return int(np.count_nonzero(difference.max(axis=1) > step / 2))


def _models(pair: Pair) -> tuple[ModelRecord, Converter]:
    usual, other = pair.reference.meta.model, pair.candidate.meta.model
    if usual is None or other is None:
        raise PredictionsError("meta of a Predictions file does not say which model answered")
    if usual.identity != other.model_copy(update={"converter": usual.converter}).identity:
        raise PredictionsError(f"{_described(usual)} and {_described(other)} are two models")
    if other.form.converter in (usual.form.converter, DEFAULT_FORM.converter):
        raise PredictionsError(f"both files of {_described(usual)} are of one converter")
    return usual, other.form.converter


def _described(model: ModelRecord) -> str:
    return f"{_size_name(model)} seed {model.seed}"


def _size_name(model: ModelRecord) -> str:
    name = f"{model.family}-{model.width:g}"
    return f"{name} {model.variant}" if model.variant else name


def _order(model: ModelRecord) -> tuple[str, int, float, str, int]:
    return model.family, model.parameters or 0, model.width, model.variant, model.seed


def _cross_seed(one: _Compared, found: Sequence[tuple[_Compared, Mask]]) -> float | None:
    same = [
        (other.model.seed, wrong)
        for other, wrong in found
        if _size_name(other.model) == _size_name(one.model)
    ]
    own = next(wrong for seed, wrong in same if seed == one.model.seed)
    others = [_overlap(own, wrong) for seed, wrong in same if seed != one.model.seed]
    return float(np.mean(others)) if others else None


def _overlap(first: Mask, second: Mask) -> float:
    """Return |A n B| / |A u B|, 1 where both are empty."""
    union = int(np.count_nonzero(first | second))
    return int(np.count_nonzero(first & second)) / union if union else 1.0


def _pair(one: _Compared, cross_seed: float | None, alpha: float) -> ConverterPair:
    low, high = PairedDrop(one.lost, one.gained, one.samples, 0.0).bounds(alpha)
    union = one.lost + one.gained + one.both_wrong
    overlap = ErrorOverlap(one.both_wrong, union, one.samples, 0.0)
    return ConverterPair(
        model=one.model,
        converter=one.converter,
        runtime=one.runtime,
        samples=one.samples,
        accuracy=one.accuracy,
        difference=(one.gained - one.lost) / one.samples,
        interval=(0.0 - high, 0.0 - low),
        other_class=one.other_class,
        lost=one.lost,
        gained=one.gained,
        other_scores=one.other_scores,
        largest_lsb=one.largest_lsb,
        jaccard=overlap.estimate,
        jaccard_interval=overlap.bounds(alpha),
        independent=one.independent,
        cross_seed=cross_seed,
        ece=one.ece,
    )
