"""How accuracy spreads over the classes: Gini beside its null, weakest and strongest classes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.metrics import gini
from harness.metrics.summary import GROUP_SIZES
from harness.scaling.size import Size
from harness.scaling.sweep import Group, Sweep

DRAWS = 4000
_SEED = 0
_HIGH = 0.95


@dataclass(frozen=True)
class GiniNull:
    """The Gini coefficient where every class has the same true accuracy: sampling noise alone.

    From 4000 seeded draws of binomial class accuracies. For C classes of n images its mean is
    about sqrt(p (1 - p) / n) / (p sqrt(pi)).

    Attributes:
        accuracy: p, shared by all classes.
        mean: expected Gini of one model.
        upper: 95 % of models would be below.

    """

    accuracy: float
    mean: float
    upper: float


@dataclass(frozen=True)
class ClassSpread:
    """One size's accuracy over the classes; means and sample standard deviations over seeds.

    Attributes:
        size: its name.
        parameters: N.
        gini: mean Gini coefficient of the class accuracies; None where a model has no right answer.
        gini_std: None for one seed.
        null: what noise alone would give; None where the class sizes are unknown.
        bottom, top: for k classes, the mean accuracy of each model's k weakest and strongest.

    """

    size: str
    parameters: int
    gini: float | None
    gini_std: float | None
    null: GiniNull | None
    bottom: Mapping[int, float]
    top: Mapping[int, float]


@dataclass(frozen=True)
class ClassTable:
    """Accuracy of every class at every size, the mean over seeds.

    Attributes:
        sizes: names of the sizes.
        class_names: hardest first: by the mean over all sizes, then by name. Classes without a
            sample are left out.
        accuracy: one row a class, one column a size.

    """

    sizes: tuple[str, ...]
    class_names: tuple[str, ...]
    accuracy: tuple[tuple[float, ...], ...]


def gini_null(accuracy: float, class_counts: Sequence[int]) -> GiniNull | None:
    """Return the null for classes of so many samples each; None at accuracy 0.

    Equal arguments give equal figures. Source of the idea: arXiv 2603.07365 (binomial null).
    """
    counts = np.array([count for count in class_counts if count > 0])
    if accuracy <= 0 or len(counts) == 0:
        return None
    draws = np.random.default_rng(_SEED).binomial(counts, accuracy, (DRAWS, len(counts))) / counts
    values = [value for draw in draws if (value := gini(draw)) is not None]
    if not values:
        return None
    return GiniNull(accuracy, float(np.mean(values)), float(np.quantile(values, _HIGH)))


def class_spreads(sweep: Sweep) -> tuple[ClassSpread, ...]:
    """Return the spread of every size, in the order of the sweep."""
    return tuple(class_spread(group) for group in sweep.groups)


def class_spread(group: Group) -> ClassSpread:
    """Return the spread of one size."""
    counts = group.runs[0].summary.class_counts
    table = [_present(run.summary.class_accuracy) for run in group.runs]
    ginis = [value for row in table if (value := gini(row)) is not None]
    whole = len(ginis) == len(table)
    ordered = np.sort(np.array(table), axis=1)
    ks = [k for k in (1, *GROUP_SIZES) if 2 * k <= ordered.shape[1]]
    return ClassSpread(
        size=group.name,
        parameters=group.size.parameters,
        gini=float(np.mean(ginis)) if whole else None,
        gini_std=float(np.std(ginis, ddof=1)) if whole and len(ginis) > 1 else None,
        null=gini_null(1 - group.size.error, counts),
        bottom={k: float(ordered[:, :k].mean()) for k in ks},
        top={k: float(ordered[:, -k:].mean()) for k in ks},
    )


def expected_spreads(
    sizes: Sequence[Size], classes: int, samples_per_class: int
) -> tuple[ClassSpread, ...]:
    """Return the nulls alone, from error rates and the shape of the test set."""
    counts = [samples_per_class] * classes
    return tuple(
        ClassSpread(s.name, s.parameters, None, None, gini_null(1 - s.error, counts), {}, {})
        for s in sizes
    )


def class_table(sweep: Sweep) -> ClassTable:
    """Return the accuracy of every class at every size."""
    first = sweep.groups[0].runs[0].summary
    names = [
        n for n, a in zip(sweep.class_names, first.class_accuracy, strict=True) if a is not None
    ]
    columns = [
        np.mean([_present(run.summary.class_accuracy) for run in group.runs], axis=0)
        for group in sweep.groups
    ]
    table = np.array(columns).T
    order = sorted(range(len(names)), key=lambda i: (round(float(table[i].mean()), 12), names[i]))
    return ClassTable(
        sizes=tuple(group.name for group in sweep.groups),
        class_names=tuple(names[i] for i in order),
        accuracy=tuple(tuple(float(v) for v in table[i]) for i in order),
    )


def _present(accuracies: Sequence[float | None]) -> NDArray[np.float64]:
    return np.array([one for one in accuracies if one is not None])
