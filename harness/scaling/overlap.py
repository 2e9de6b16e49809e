"""How alike the error sets of any two sizes are: the Jaccard matrix over all pairs of seeds."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.scaling.line import CONFIDENCE, Interval
from harness.scaling.overlap_interval import recipe_interval
from harness.scaling.size import Size
from harness.scaling.sweep import Group, Run, Sweep

Floats = NDArray[np.float64]

RESAMPLES = 10_000
_SEED = 0
_SAME = 1e-12


@dataclass(frozen=True)
class Overlap:
    """The Jaccard index J = |A n B| / |A u B| of the error sets of two sizes.

    Attributes:
        first, second: names of the sizes; the same for the cross-seed baseline of one size.
        pairs: how many pairs of models, every seed of one with every seed of the other; within one
            size, every two seeds. 0 where only error rates are known.
        mean, std: over those pairs; sample standard deviation, None for a single pair.
        bootstrap: 95 % percentile interval of the mean over 10,000 resamples of the pairs, as arXiv
            2603.07365 has it. For display: pairs share models and all share the samples, so it is
            too narrow and decides nothing.
        recipe: 95 % interval of J for new seeds and new samples, see `recipe_interval`; None
            within one size, for a side with one seed, or where two models share no error.
        independent: J if errors were independent within each class, E / (a + b - E) with
            E = sum_c a_c b_c / n_c; the mean over the pairs. None where classes are unknown.
        independent_global: J if they were independent over all samples,
            eA eB / (eA + eB - eA eB), the paper's; too low where classes differ in difficulty.
        containment: the highest J the error rates allow, min / max: the larger model's errors all
            among the smaller's.
        position: (mean - independent) / (containment - independent): 0 as by chance within classes,
            1 as if contained. None where the two coincide.

    """

    first: str
    second: str
    pairs: int
    mean: float | None
    std: float | None
    bootstrap: Interval | None
    recipe: Interval | None
    independent: float | None
    independent_global: float
    containment: float
    position: float | None


@dataclass(frozen=True, eq=False)
class _Tables:
    """(R, R) over all runs: J, and its three reference values."""

    jaccard: Floats
    independent: Floats
    independent_global: Floats
    containment: Floats


def overlaps(sweep: Sweep) -> tuple[Overlap, ...]:
    """Return every two sizes' overlap, each size with itself included where it has two seeds.

    Sizes are in the order of the sweep, so the result is the upper half of the matrix row by row.
    """
    runs = [run for group in sweep.groups for run in group.runs]
    tables = _tables(runs, sweep.labels, len(sweep.class_names))
    places = dict(zip(sweep.groups, _places(sweep.groups), strict=True))
    pairs = itertools.combinations_with_replacement(sweep.groups, 2)
    found = (_overlap(a, b, _pairs(places[a], places[b]), tables) for a, b in pairs)
    return tuple(one for one in found if one is not None)


def _places(groups: Sequence[Group]) -> list[list[int]]:
    ends = list(itertools.accumulate(len(group.runs) for group in groups))
    return [list(range(end - len(g.runs), end)) for end, g in zip(ends, groups, strict=True)]


def _pairs(first: list[int], second: list[int]) -> list[tuple[int, int]]:
    if first == second:
        return list(itertools.combinations(first, 2))
    return list(itertools.product(first, second))


def _tables(runs: Sequence[Run], labels: NDArray[np.int64], classes: int) -> _Tables:
    wrong = np.array([run.wrong for run in runs])
    masks = wrong.astype(np.float32)  # counts below 2^24 are exact
    both = (masks @ masks.T).astype(np.float64)
    by_class = np.array([np.bincount(labels[row], minlength=classes) for row in wrong])
    counts = np.bincount(labels, minlength=classes)
    present = counts > 0
    shares = by_class[:, present] / counts[present]
    errors = wrong.sum(axis=1).astype(np.float64)
    smaller = np.minimum.outer(errors, errors)
    expected = np.multiply.outer(errors, errors) / len(labels)
    totals = np.add.outer(errors, errors)
    return _Tables(
        _shared(both, totals),
        _shared(shares @ by_class[:, present].T, totals),
        _shared(expected, totals),
        _shared(smaller, totals),
    )


def _shared(intersection: Floats, totals: Floats) -> Floats:
    """Return intersection / union; 1 where both error sets are empty."""
    union = totals - intersection
    return np.asarray(np.divide(intersection, union, out=np.ones_like(union), where=union > 0))


def _overlap(
    first: Group, second: Group, pairs: Sequence[tuple[int, int]], tables: _Tables
) -> Overlap | None:
    if not pairs:
        return None
    rows, columns = np.array(pairs).T
    values = tables.jaccard[rows, columns]
    independent = float(tables.independent[rows, columns].mean())
    containment = float(tables.containment[rows, columns].mean())
    mean = float(values.mean())
    return Overlap(
        first=first.name,
        second=second.name,
        pairs=len(values),
        mean=mean,
        std=float(values.std(ddof=1)) if len(values) > 1 else None,
        bootstrap=_bootstrap(values),
        recipe=None if first is second else recipe_interval(_masks(first), _masks(second)),
        independent=independent,
        independent_global=float(tables.independent_global[rows, columns].mean()),
        containment=containment,
        position=_position(mean, independent, containment),
    )


def _masks(group: Group) -> NDArray[np.bool_]:
    return np.array([run.wrong for run in group.runs])


def _position(mean: float, independent: float, containment: float) -> float | None:
    apart = containment - independent
    return (mean - independent) / apart if apart > _SAME else None


def _bootstrap(values: Floats) -> Interval | None:
    if len(values) < 2:  # noqa: PLR2004  one value resampled is itself
        return None
    means = values[_resamples(len(values))].mean(axis=1)
    low, high = np.quantile(means, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return float(low), float(high)


@functools.lru_cache(maxsize=4)
def _resamples(count: int) -> NDArray[np.int64]:
    return np.random.default_rng(_SEED).integers(count, size=(RESAMPLES, count))


def expected_overlaps(sizes: Sequence[Size]) -> tuple[Overlap, ...]:
    """Return the reference values alone, from error rates, for every two sizes."""
    return tuple(_expected(a, b) for a, b in itertools.combinations(sizes, 2))


def _expected(first: Size, second: Size) -> Overlap:
    a, b = first.error, second.error
    both = max(a, b)
    return Overlap(
        first=first.name,
        second=second.name,
        pairs=0,
        mean=None,
        std=None,
        bootstrap=None,
        recipe=None,
        independent=None,
        independent_global=a * b / (a + b - a * b) if both else 1.0,
        containment=min(a, b) / both if both else 1.0,
        position=None,
    )
