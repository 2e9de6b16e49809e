"""The tables of an analysis on ways of getting smaller: width, pruning, quantization."""

from __future__ import annotations

from collections.abc import Sequence

from harness.scaling.analysis import Analysis
from harness.scaling.compression import Pair, WayResult
from harness.scaling.line import Interval
from reports.sheet import Cell, Sheet, sheet

_WAYS_NOTE = (
    "Means over seeds; bytes are of the file that answered. jaccard_largest: overlap of the "
    "error set with that of the largest trained float model of the same seed (its own row: 1), "
    "with a 95 % interval for these very models and new samples, for display. Beside it "
    "independent (within classes), cross_seed (with the largest models of the other seeds: what "
    "an unrelated training shares) and containment (the highest the error rates allow); "
    "position: 0 as by chance, 1 as if contained. new_errors_percent: of its errors, those the "
    "largest does not make. gini_null_95: 95 % of models with equal classes would be below."
)
_PAIRS_NOTE = (
    "Two ways that differ in one thing, seed by seed. pruned: against the model trained at that "
    "width; pruned ones have seen the images for longer, in their parent's training and their "
    "fine-tuning. quantized: a .tflite against the weights it was made from. jaccard: of their "
    "two error sets; cross_seed: of two seeds of the first, the baseline. accuracy_points: "
    "second minus first. overlap_ratio: Jaccard index with the largest model, second over "
    "first; below 1 the second's errors are less like the largest's, be it that they are others "
    "or only more. The intervals of accuracy, and those of the ratio, hold together at 95 % "
    "(Bonferroni over the rows): `models` for these very models and new samples, `recipe` for "
    "new seeds too, from three seeds on. differs: for what that shows a difference; `no` is "
    "lack of evidence, not equality."
)


def compression_sheets(analysis: Analysis) -> tuple[Sheet, ...]:
    """Return the tables that have rows, in the order in which they are read."""
    found = analysis.compression
    sheets = (_ways(found.results), _pairs(found.pairs))
    return tuple(one for one in sheets if one.rows)


def _ways(results: Sequence[WayResult]) -> Sheet:
    bottom = sorted({k for one in results for k in one.spread.bottom})
    columns = " ".join(f"bottom_{k}_percent" for k in bottom)
    return sheet(
        "ways",
        "Ways of getting smaller",
        _WAYS_NOTE,
        "size:t way:t runtime:t seeds parameters bytes accuracy_percent accuracy_std "
        "jaccard_largest jaccard_95:i independent cross_seed containment position "
        f"new_errors_percent gini gini_null gini_null_95 {columns} ece ece_std",
        [_way(one, bottom) for one in results],
    )


def _way(one: WayResult, bottom: Sequence[int]) -> tuple[Cell, ...]:
    overlap, spread = one.overlap, one.spread
    shared: tuple[Cell, ...] = (None,) * 7
    if overlap is not None:
        new = None if overlap.new is None else 100 * overlap.new
        shared = (
            overlap.jaccard,
            overlap.interval,
            overlap.independent,
            overlap.cross_seed,
            overlap.containment,
            overlap.position,
            new,
        )
    lowest = [100 * spread.bottom[k] if k in spread.bottom else None for k in bottom]
    return (
        one.way.size,
        one.way.words,
        one.runtime,
        one.models,
        one.parameters,
        one.file_bytes,
        100 * (1 - one.error),
        None if one.error_std is None else 100 * one.error_std,
        *shared,
        spread.gini,
        None if spread.null is None else spread.null.mean,
        None if spread.null is None else spread.null.upper,
        *lowest,
        one.calibration.ece,
        one.calibration.ece_std,
    )


def _pairs(pairs: Sequence[Pair]) -> Sheet:
    return sheet(
        "ways_compared",
        "Ways of getting smaller, compared",
        f"{findings(pairs)} {_PAIRS_NOTE}",
        "size:t kind:t first:t second:t seeds jaccard jaccard_95:i cross_seed new_errors_percent "
        "accuracy_points accuracy_models:i accuracy_recipe:i accuracy_differs:t overlap_ratio "
        "overlap_models:i overlap_recipe:i overlap_differs:t",
        [_pair(one) for one in pairs],
    )


def _pair(one: Pair) -> tuple[Cell, ...]:
    accuracy, overlap = one.accuracy, one.overlap
    return (
        one.first.size,
        one.kind,
        one.first.words,
        one.second.words,
        one.seeds,
        one.jaccard,
        one.interval,
        one.cross_seed,
        None if one.new is None else 100 * one.new,
        100 * accuracy.value,
        _percent(accuracy.models),
        _percent(accuracy.recipe),
        accuracy.shown_for(0.0),
        *(
            (None, None, None, None)
            if overlap is None
            else (overlap.value, overlap.models, overlap.recipe, overlap.shown_for(1.0))
        ),
    )


def _percent(interval: Interval | None) -> Interval | None:
    return None if interval is None else (100 * interval[0], 100 * interval[1])


def findings(pairs: Sequence[Pair]) -> str:
    """Return in words for how many pairs of each kind a difference is shown, and for what."""
    kinds = dict.fromkeys(one.kind for one in pairs)
    return " ".join(_finding(kind, [one for one in pairs if one.kind == kind]) for kind in kinds)


def _finding(kind: str, pairs: Sequence[Pair]) -> str:
    overlaps = [one.overlap.shown_for(1.0) for one in pairs if one.overlap is not None]
    accuracy = _shown([one.accuracy.shown_for(0.0) for one in pairs])
    text = f"Of {len(pairs)} pairs {kind}, accuracy is shown to differ in {accuracy}"
    if overlaps:
        text += (
            f"; of {len(overlaps)}, likeness to the largest model's errors in {_shown(overlaps)}"
        )
    return f"{text}."


def _shown(claims: Sequence[str]) -> str:
    recipes, models = claims.count("recipes"), claims.count("these models")
    return f"{recipes} for the recipes and in {models} more for these models alone"
