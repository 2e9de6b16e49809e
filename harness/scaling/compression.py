"""What each way of getting smaller does to the errors: width, pruning, quantization, converters."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.scaling.calibration import Calibration, calibration
from harness.scaling.class_spread import ClassSpread, class_spread
from harness.scaling.line import Interval
from harness.scaling.paired_overlap import (
    Difference,
    SeedOverlap,
    accuracy_difference,
    overlap_ratio,
)
from harness.scaling.ways import Way, WayGroup, Ways

Masks = NDArray[np.bool_]
_SAME = 1e-12


@dataclass(frozen=True)
class OverlapWithLargest:
    """The errors of one way beside those of the largest trained model of the family.

    Attributes:
        largest: name of the largest size.
        seeds: how many seeds both have.
        jaccard: J of the two error sets of one seed, the mean over the seeds.
        interval: 95 %, of these very models for new samples; for display.
        independent: J if errors were independent within each class; the mean over the seeds.
        cross_seed: J with the largest models of the other seeds; None for one seed.
        containment: the highest J that the error rates allow.
        position: (jaccard - independent) / (containment - independent): 0 as by chance, 1 as if
            contained; None where the two coincide.
        new: share of its errors that the largest does not make; None where it makes none.

    """

    largest: str
    seeds: int
    jaccard: float
    interval: Interval | None
    independent: float
    cross_seed: float | None
    containment: float
    position: float | None
    new: float | None


@dataclass(frozen=True)
class WayResult:
    """What one way gives at one width; means over the seeds.

    Attributes:
        way: how its models were made.
        runtime: that answered.
        parameters: trained scalars.
        file_bytes: of the file that answered; None where that is not at hand.
        models: how many, one a seed.
        error, error_std: error rate; sample standard deviation over seeds, None for one.
        overlap: with the largest trained model; None where the family has none of its seeds.
        spread: accuracy over the classes.
        calibration: ECE and the rest.

    """

    way: Way
    runtime: str
    parameters: int
    file_bytes: int | None
    models: int
    error: float
    error_std: float | None
    overlap: OverlapWithLargest | None
    spread: ClassSpread
    calibration: Calibration


@dataclass(frozen=True)
class Pair:
    """Two ways that differ in one thing, seed by seed.

    Attributes:
        kind: `pruned` (against trained at the same width), `quantized` (a .tflite against its own
            weights) or `converter` (against the default one's).
        first, second: the ways; what is said is of the second.
        seeds: how many seeds both have.
        jaccard: J of their error sets of one seed, the mean over the seeds.
        interval: 95 %, of these very models for new samples; for display.
        cross_seed: J of `first` between its own seeds, the baseline; None for one seed.
        new: share of the second's errors that the first does not make.
        accuracy: accuracy of the second minus that of the first.
        overlap: J of the second with the largest trained model over that of the first; None where
            either is that model, or shares no error with it.

    """

    kind: str
    first: Way
    second: Way
    seeds: int
    jaccard: float
    interval: Interval | None
    cross_seed: float | None
    new: float | None
    accuracy: Difference
    overlap: Difference | None


@dataclass(frozen=True)
class Compression:
    """Every way of a sweep, and every two that differ in one thing."""

    results: tuple[WayResult, ...] = ()
    pairs: tuple[Pair, ...] = ()


def compression(ways: Ways) -> Compression:
    """Return what the ways do; nothing where all models are plain trained ones."""
    if all(one.way.is_plain for one in ways.groups):
        return Compression()
    pairs = list(_pairs(ways.groups))
    return Compression(
        tuple(_result(one, ways) for one in ways.groups),
        tuple(_compared(kind, a, b, ways, len(pairs)) for kind, a, b in pairs),
    )


def _largest(one: WayGroup, ways: Ways) -> WayGroup | None:
    """Return the widest trained models of the family, if they have a seed of `one`."""
    plain = [g for g in ways.groups if g.way.is_plain and g.way.family == one.way.family]
    if not plain:
        return None
    found = max(plain, key=lambda g: (g.group.size.parameters, g.way.width))
    return found if set(found.seeds) & set(one.seeds) else None


def _shared_seeds(first: WayGroup, second: WayGroup) -> list[int]:
    return sorted(set(first.seeds) & set(second.seeds))


def _result(one: WayGroup, ways: Ways) -> WayResult:
    largest, size = _largest(one, ways), one.group.size
    return WayResult(
        way=one.way,
        runtime=one.runtime,
        parameters=size.parameters,
        file_bytes=one.file_bytes,
        models=len(one.group.runs),
        error=size.error,
        error_std=size.error_std,
        overlap=None if largest is None else _overlap(one, largest, ways),
        spread=class_spread(one.group),
        calibration=calibration(one.group),
    )


def _overlap(one: WayGroup, largest: WayGroup, ways: Ways) -> OverlapWithLargest:
    seeds = _shared_seeds(largest, one)
    own, reference = one.wrong(seeds), largest.wrong(seeds)
    overlap = SeedOverlap(reference, own)
    independent, containment = _independent(reference, own, ways), _containment(reference, own)
    jaccard, apart = float(overlap.jaccard.mean()), containment - independent
    return OverlapWithLargest(
        largest=largest.way.size,
        seeds=len(seeds),
        jaccard=jaccard,
        interval=overlap.interval(),
        independent=independent,
        cross_seed=_cross_seed(largest, one),
        containment=containment,
        position=(jaccard - independent) / apart if apart > _SAME else None,
        new=overlap.new,
    )


def _independent(first: Masks, second: Masks, ways: Ways) -> float:
    """Return E / (a + b - E) with E = sum_c a_c b_c / n_c, the mean over the seeds."""
    counts = np.bincount(ways.labels, minlength=ways.classes)
    found = []
    for a, b in zip(first, second, strict=True):
        by_class = [np.bincount(ways.labels[one], minlength=ways.classes) for one in (a, b)]
        expected = float((by_class[0] * by_class[1] / np.maximum(counts, 1)).sum())
        union = int(a.sum()) + int(b.sum()) - expected
        found.append(expected / union if union else 1.0)
    return float(np.mean(found))


def _containment(first: Masks, second: Masks) -> float:
    counts = np.array([first.sum(axis=1), second.sum(axis=1)])
    most = np.maximum(counts.max(axis=0), 1)
    return float(np.where(counts.max(axis=0) > 0, counts.min(axis=0) / most, 1.0).mean())


def _cross_seed(first: WayGroup, second: WayGroup) -> float | None:
    """Return the mean J of models of two different seeds; None where there are none."""
    found = [
        float(SeedOverlap(first.wrong([a]), second.wrong([b])).jaccard[0])
        for a in first.seeds
        for b in second.seeds
        if a != b
    ]
    return float(np.mean(found)) if found else None


def _pairs(groups: Sequence[WayGroup]) -> Iterator[tuple[str, WayGroup, WayGroup]]:
    """Yield every way after the one that differs in one thing only."""
    known = {one.way: one for one in groups}
    for one in groups:
        kind, other = _counterpart(one.way)
        if other in known and _shared_seeds(known[other], one):
            yield kind, known[other], one


def _counterpart(way: Way) -> tuple[str, Way | None]:
    family, width, cut = way.family, way.width, way.pruned_from
    if way.converter:
        return "converter", Way(family, width, cut, way.weights)
    if way.weights != "checkpoint":
        return "quantized", Way(family, width, cut)
    return "pruned", None if cut is None else Way(family, width)


def _compared(kind: str, first: WayGroup, second: WayGroup, ways: Ways, count: int) -> Pair:
    seeds = _shared_seeds(first, second)
    a, b = first.wrong(seeds), second.wrong(seeds)
    overlap = SeedOverlap(a, b)
    return Pair(
        kind=kind,
        first=first.way,
        second=second.way,
        seeds=len(seeds),
        jaccard=float(overlap.jaccard.mean()),
        interval=overlap.interval(),
        cross_seed=_cross_seed(first, first),
        new=overlap.new,
        accuracy=accuracy_difference(a, b, count),
        overlap=_against_largest(first, second, ways, count),
    )


def _against_largest(
    first: WayGroup, second: WayGroup, ways: Ways, count: int
) -> Difference | None:
    largest = _largest(first, ways)
    if largest is None or largest.way.width == first.way.width:
        return None
    seeds = sorted({*first.seeds} & {*second.seeds} & {*largest.seeds})
    if not seeds:
        return None
    reference = largest.wrong(seeds)
    one, other = (SeedOverlap(reference, group.wrong(seeds)) for group in (first, second))
    return overlap_ratio(one, other, count)
