"""The tables of an analysis that come of single answers: overlaps, classes, calibration."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from harness.scaling.analysis import Analysis
from harness.scaling.class_spread import ClassSpread
from harness.scaling.overlap import Overlap
from harness.scaling.size import families
from reports.sheet import Cell, Sheet, sheet

_OVERLAP_COLUMNS = (
    "first:t second:t seed_pairs jaccard std bootstrap_95:i recipe_95:i "
    "independent_in_class independent_global containment position"
)
_OVERLAP_NOTE = (
    "Over all seed pairs. The interval is the percentile bootstrap over seed pairs (10,000 "
    "resamples) for display only: pairs share models and all share the samples, so it is too "
    "narrow. recipe_95 is for new seeds and new samples and decides more safely: on ln J, seeds as "
    "rows and columns, with the samples' share. independent_in_class: J of errors independent "
    "within classes; independent_global: "
    "eA eB / (eA + eB - eA eB); containment: the smaller error rate over the larger. position: 0 "
    "as by chance within classes, 1 as if contained."
)


def answer_sheets(analysis: Analysis) -> tuple[Sheet, ...]:
    """Return the tables that have rows, in the order in which they are read."""
    sheets = (
        _matrix(analysis),
        _extremes(analysis),
        _overlaps(analysis),
        _baseline(analysis),
        _matched(analysis),
        _gini(analysis),
        _groups(analysis),
        _calibration(analysis),
        _classes(analysis),
    )
    return tuple(one for one in sheets if one.rows)


def _matrix(analysis: Analysis) -> Sheet:
    known = {
        frozenset((o.first, o.second)): o.mean for o in analysis.overlaps if o.mean is not None
    }
    names = [size.name for size in analysis.sizes] if known else []
    columns = "size:t " + " ".join(map(_column, names))
    return sheet(
        "jaccard_matrix",
        "Jaccard index of error sets, every two sizes",
        "Mean over all seed pairs. The diagonal is one size with itself, two seeds: the baseline.",
        columns,
        [(a, *(known.get(frozenset((a, b))) for b in names)) for a in names],
    )


def _column(name: str) -> str:
    return "_".join(name.replace(":", ".").split())


def _extremes(analysis: Analysis) -> Sheet:
    known = {frozenset((one.first, one.second)): one for one in analysis.overlaps}
    wanted = []
    for sizes in families(analysis.sizes).values():
        pairs = [(sizes[0], sizes[-1]), *itertools.pairwise(sizes)]
        wanted += [frozenset((a.name, b.name)) for a, b in pairs if a is not b]
    return sheet(
        "jaccard_extremes",
        "Overlap of error sets: smallest with largest, and neighbours",
        "Of each family the smallest size with the largest, then every size with the next. "
        + _OVERLAP_NOTE,
        _OVERLAP_COLUMNS,
        _rows([known[pair] for pair in dict.fromkeys(wanted) if pair in known]),
    )


def _overlaps(analysis: Analysis) -> Sheet:
    some = [one for one in analysis.overlaps if one.first != one.second]
    return sheet(
        "jaccard_pairs",
        "Overlap of error sets between sizes",
        _OVERLAP_NOTE,
        _OVERLAP_COLUMNS,
        _rows(some),
    )


def _baseline(analysis: Analysis) -> Sheet:
    some = [one for one in analysis.overlaps if one.first == one.second]
    return sheet(
        "jaccard_cross_seed",
        "Cross-seed baseline",
        "The same size trained from two seeds: what overlaps between sizes are to be held against.",
        _OVERLAP_COLUMNS,
        _rows(some),
    )


def _rows(overlaps: Sequence[Overlap]) -> list[tuple[Cell, ...]]:
    return [
        (
            one.first,
            one.second,
            one.pairs,
            one.mean,
            one.std,
            one.bootstrap,
            one.recipe,
            one.independent,
            one.independent_global,
            one.containment,
            one.position,
        )
        for one in overlaps
    ]


def _matched(analysis: Analysis) -> Sheet:
    return sheet(
        "jaccard_matched_size",
        "Overlap across families at matched size",
        "Each size of the family with fewer sizes beside the nearest of the other in parameters; "
        "not matched where they differ by more than a factor of 1.5.",
        "first:t second:t parameters_first parameters_second ratio matched:t jaccard std "
        "bootstrap_95:i recipe_95:i independent_in_class containment",
        [
            (
                one.overlap.first,
                one.overlap.second,
                *one.parameters,
                one.ratio,
                "yes" if one.matched else "no",
                one.overlap.mean,
                one.overlap.std,
                one.overlap.bootstrap,
                one.overlap.recipe,
                one.overlap.independent,
                one.overlap.containment,
            )
            for one in analysis.matched
        ],
    )


def _gini(analysis: Analysis) -> Sheet:
    return sheet(
        "gini",
        "Gini coefficient of the class accuracies",
        "null_mean: all classes share the size's accuracy and differ by sampling alone (4000 "
        "seeded binomial draws); 95 % of such models would be below null_95. above_null: the mean "
        "Gini is beyond that.",
        "size:t parameters accuracy gini gini_std null_mean null_95 above_null:t",
        [
            (
                one.size,
                one.parameters,
                None if one.null is None else one.null.accuracy,
                one.gini,
                one.gini_std,
                None if one.null is None else one.null.mean,
                None if one.null is None else one.null.upper,
                _above(one),
            )
            for one in analysis.spreads
        ],
    )


def _above(spread: ClassSpread) -> str | None:
    if spread.gini is None or spread.null is None:
        return None
    return "yes" if spread.gini > spread.null.upper else "no"


def _groups(analysis: Analysis) -> Sheet:
    ks = sorted({k for one in analysis.spreads for k in one.bottom})
    names = [f"bottom_{k}" for k in ks] + [f"top_{k}" for k in ks]
    rows = [
        (
            one.size,
            one.parameters,
            *(_percent(one.bottom.get(k)) for k in ks),
            *(_percent(one.top.get(k)) for k in ks),
        )
        for one in analysis.spreads
    ]
    return sheet(
        "class_groups",
        "Weakest and strongest classes",
        "Mean accuracy, in percent, of the k weakest and k strongest classes of each model, picked "
        "on the same samples: noise makes the weakest look weaker and the strongest stronger.",
        " ".join(["size:t", "parameters", *names]),
        rows if ks else [],
    )


def _percent(value: float | None) -> float | None:
    return None if value is None else 100 * value


def _calibration(analysis: Analysis) -> Sheet:
    return sheet(
        "calibration",
        "Calibration",
        "ECE over 15 bins (biased upwards for few samples); global_gap: mean confidence minus "
        "accuracy, above 0 is overconfident. Means over seeds.",
        "size:t parameters accuracy ece ece_std global_gap confidence confidence_correct "
        "confidence_wrong",
        [
            (
                one.size,
                one.parameters,
                one.accuracy,
                one.ece,
                one.ece_std,
                one.global_gap,
                one.confidence,
                one.confidence_correct,
                one.confidence_wrong,
            )
            for one in analysis.calibrations
        ],
    )


def _classes(analysis: Analysis) -> Sheet:
    table = analysis.classes
    names = [] if table is None else table.sizes
    columns = "class:t " + " ".join(map(_column, names))
    return sheet(
        "classes",
        "Accuracy of every class at every size",
        "In percent, mean over seeds; hardest first, by the mean over all sizes.",
        columns,
        []
        if table is None
        else [
            (name, *(100 * value for value in row))
            for name, row in zip(table.class_names, table.accuracy, strict=True)
        ],
    )
