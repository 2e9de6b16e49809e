"""One size of a family, a width, and the error rate its models have: what every fit takes."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Size:
    """A family at one width.

    Attributes:
        family: the network family.
        width: channels or width multiplier.
        parameters: trained parameters, N.
        error: error rate, in [0, 1]; the mean over the seeds.
        error_std: sample standard deviation over the seeds (n - 1); None for one seed.
        models: how many models, one a seed, the mean is of; None where a table does not say.
        seed_errors: (seed, error rate) of each; empty where only the mean is known.

    """

    family: str
    width: float
    parameters: int
    error: float
    error_std: float | None = None
    models: int | None = None
    seed_errors: tuple[tuple[int, float], ...] = ()

    @property
    def name(self) -> str:
        """Family and width, `scale_cnn-4`."""
        return f"{self.family}-{self.width:g}"

    @property
    def error_standard_error(self) -> float | None:
        """Standard error of the mean over seeds; None for fewer than two."""
        if self.error_std is None or self.models is None or self.models < 2:  # noqa: PLR2004
            return None
        return self.error_std / math.sqrt(self.models)


def size_of(
    family: str, width: float, parameters: int, errors: Sequence[tuple[int, float]]
) -> Size:
    """Return the size whose models, by seed, have these error rates."""
    values = np.array([error for _, error in errors])
    return Size(
        family=family,
        width=width,
        parameters=parameters,
        error=float(values.mean()),
        error_std=float(values.std(ddof=1)) if len(values) > 1 else None,
        models=len(values),
        seed_errors=tuple(sorted(errors)),
    )


def families(sizes: Iterable[Size]) -> dict[str, tuple[Size, ...]]:
    """Return the sizes of each family, fewest parameters first; families in order of appearance."""
    found: dict[str, list[Size]] = {}
    for size in sizes:
        found.setdefault(size.family, []).append(size)
    return {name: tuple(sorted(some, key=lambda s: s.parameters)) for name, some in found.items()}
