"""The whole analysis of a sweep or a table: every result, and a line for each that is missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from harness.scaling.calibration import Calibration, calibrations
from harness.scaling.class_spread import (
    ClassSpread,
    ClassTable,
    class_spreads,
    class_table,
    expected_spreads,
)
from harness.scaling.compression import Compression, compression
from harness.scaling.curves import Curve, fit_curves
from harness.scaling.local import SATURATED_BELOW, Saturation, Step, saturation, steps
from harness.scaling.matched import Matched, matched_overlaps
from harness.scaling.overlap import Overlap, expected_overlaps, overlaps
from harness.scaling.power_law import ExponentTest, PowerLaw, exponent_tests, power_laws
from harness.scaling.rank_efficiency import RankEfficiency, SizeRank, rank_efficiencies
from harness.scaling.size import Size, families
from harness.scaling.spectrum import Spectrum
from harness.scaling.sweep import Sweep
from harness.scaling.training_loss import FinalLoss, LossLaw, loss_laws
from harness.scaling.ways import Ways

_FEWEST_FOR_INTERVAL = 3
_POWER_LAW_R2 = 0.9


@dataclass(frozen=True)
class Measured:
    """What a sweep's answers do not tell: it takes the trainings, or the images."""

    losses: tuple[FinalLoss, ...] = ()
    spectrum: Spectrum | None = None
    ranks: tuple[SizeRank, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Shape:
    """The test set of a table: how many classes, and images of each."""

    classes: int
    samples_per_class: int


@dataclass(frozen=True)
class Analysis:
    """Every result of one sweep; what could not be had is empty, and a note says why.

    Attributes:
        title: what was analysed.
        runtime: that answered; empty for a table.
        samples: test images; None for a table.
        sizes: every family and width.
        power_laws, exponent_tests, steps, saturation, curves: error against size.
        overlaps: of the error sets of every two sizes; reference values alone for a table.
        matched: overlaps across families at matched size.
        spreads, classes: accuracy over classes.
        calibrations: of every size.
        losses, loss_laws: training loss.
        spectrum, ranks, efficiencies: of the images and of trained activations.
        compression: ways of getting smaller beside width; empty where there are none.
        notes: one line for each thing that is missing or was left out.

    """

    title: str
    runtime: str
    samples: int | None
    sizes: tuple[Size, ...]
    power_laws: tuple[PowerLaw, ...]
    exponent_tests: tuple[ExponentTest, ...]
    steps: tuple[Step, ...]
    saturation: tuple[Saturation, ...]
    curves: tuple[Curve, ...]
    overlaps: tuple[Overlap, ...] = ()
    matched: tuple[Matched, ...] = ()
    spreads: tuple[ClassSpread, ...] = ()
    classes: ClassTable | None = None
    calibrations: tuple[Calibration, ...] = ()
    losses: tuple[FinalLoss, ...] = ()
    loss_laws: tuple[LossLaw, ...] = ()
    spectrum: Spectrum | None = None
    ranks: tuple[SizeRank, ...] = ()
    efficiencies: tuple[RankEfficiency, ...] = ()
    compression: Compression = field(default=Compression())
    notes: tuple[str, ...] = field(default=())


def analyse_sweep(
    title: str,
    sweep: Sweep,
    measured: Measured,
    threshold: float = SATURATED_BELOW,
    notes: Sequence[str] = (),
    ways: Ways | None = None,
) -> Analysis:
    """Return everything that the answers of a sweep, and what was measured beside them, tell.

    `ways` are its models and those made from them in other ways.
    """
    base = _of_sizes(title, sweep.sizes, threshold)
    found = overlaps(sweep)
    return replace(
        base,
        runtime=sweep.runtime,
        samples=len(sweep.labels),
        overlaps=found,
        matched=matched_overlaps(families(sweep.sizes), found),
        spreads=class_spreads(sweep),
        classes=class_table(sweep),
        calibrations=calibrations(sweep),
        losses=measured.losses,
        loss_laws=loss_laws(measured.losses),
        spectrum=measured.spectrum,
        ranks=measured.ranks,
        efficiencies=_efficiencies(base, measured),
        compression=Compression() if ways is None else compression(ways),
        notes=(
            *notes,
            *base.notes,
            *_seed_notes(sweep.sizes),
            *measured.notes,
            *_spectrum_notes(measured.spectrum),
        ),
    )


def analyse_table(
    title: str,
    sizes: Sequence[Size],
    shape: Shape | None,
    threshold: float = SATURATED_BELOW,
    unused: Sequence[str] = (),
) -> Analysis:
    """Return what error rates alone tell; `unused` are columns of the table to be named."""
    base = _of_sizes(title, sizes, threshold)
    notes = [
        *base.notes,
        "Jaccard indices, class accuracies and reliability: a table has no answers, sample by "
        "sample; the Jaccard reference values are computed from its error rates",
    ]
    if not any(len(size.seed_errors) > 1 for size in sizes):
        notes.append(
            "per-seed exponents: the table has means; give one row a seed, with the columns seed "
            "and accuracy_percent, to have them"
        )
        if any(size.models is None for size in sizes):
            notes.append(
                "intervals of local exponents: they take accuracy_percent_std and the column seeds"
            )
    if unused:
        notes.append(f"columns of the table that are not used: {', '.join(unused)}")
    if shape is None:
        notes.append("null of the Gini: give --classes and --samples-per-class")
    return replace(
        base,
        overlaps=expected_overlaps(sizes),
        spreads=()
        if shape is None
        else expected_spreads(sizes, shape.classes, shape.samples_per_class),
        notes=tuple(notes),
    )


def _of_sizes(title: str, sizes: Sequence[Size], threshold: float) -> Analysis:
    by_family = families(sizes)
    laws = power_laws(by_family)
    by_step = [steps(some, threshold) for some in by_family.values()]
    return Analysis(
        title=title,
        runtime="",
        samples=None,
        sizes=tuple(sizes),
        power_laws=laws,
        exponent_tests=exponent_tests(laws),
        steps=tuple(step for some in by_step for step in some),
        saturation=tuple(saturation(some, threshold) for some in by_step if some),
        curves=tuple(curve for some in by_family.values() for curve in fit_curves(some)),
        notes=tuple(_fit_notes(by_family)),
    )


def _fit_notes(by_family: Mapping[str, Sequence[Size]]) -> list[str]:
    notes = []
    for family, sizes in by_family.items():
        perfect = [size.name for size in sizes if size.error == 0]
        if perfect:
            notes.append(
                f"{', '.join(perfect)}: no errors, so no logarithm: left out of every fit of error "
                "against size"
            )
        usable = len(sizes) - len(perfect)
        if usable < _FEWEST_FOR_INTERVAL:
            lost = "power law, exponents, curves" if usable < 2 else "intervals of the exponent"  # noqa: PLR2004
            needed = 2 if usable < 2 else _FEWEST_FOR_INTERVAL  # noqa: PLR2004
            notes.append(f"{family}: {lost}: needs {needed} sizes with errors, has {usable}")
    if len(by_family) == 1:
        notes.append("comparison of families (t-test, matched size): the sweep has one family")
    return notes


def _seed_notes(sizes: Sequence[Size]) -> list[str]:
    seeds = {size.name: tuple(seed for seed, _ in size.seed_errors) for size in sizes}
    single = [name for name, some in seeds.items() if len(some) == 1]
    notes = []
    if single:
        notes.append(
            f"standard deviation over seeds and cross-seed baseline of {', '.join(single)}: needs "
            "two seeds or more, has one"
        )
    if len(set(seeds.values())) > 1:
        notes.append("sizes differ in their seeds: per-seed exponents are of the seeds all share")
    return notes


def _spectrum_notes(found: Spectrum | None) -> list[str]:
    if found is None or found.r2 is None or found.r2 >= _POWER_LAW_R2:
        return []
    return [
        f"data spectrum: it is no power law over the ranks {found.first} to {found.last} (R2 "
        f"{found.r2:.2f}), so beta and the gamma it implies mean little"
    ]


def _efficiencies(base: Analysis, measured: Measured) -> tuple[RankEfficiency, ...]:
    if measured.spectrum is None and not measured.ranks:
        return ()
    return rank_efficiencies(measured.ranks, base.power_laws, measured.spectrum)
