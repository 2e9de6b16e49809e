"""Between neighbouring sizes: the local exponent, what a doubling gains, where that ends."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

from scipy import stats

from harness.scaling.line import CONFIDENCE, Interval
from harness.scaling.size import Size

SATURATED_BELOW = 0.02
"""A doubling of N that takes away less than this share of the errors is saturation. The paper's
words are that MobileNetV2 saturates at 19.8M parameters, where the local exponent is 0.006; it
names no threshold. At 2 % (local exponent 0.029) its figures give that step and no other."""


@dataclass(frozen=True)
class Step:
    """From one size of a family to the next larger.

    Attributes:
        family: the network family.
        smaller, larger: the widths.
        parameters: N of both.
        alpha: local exponent, -ln(e2 / e1) / ln(N2 / N1) of the mean error rates.
        alpha_interval: 95 %, from the spread over seeds alone (delta method, Welch); None where a
            side has fewer than two seeds.
        gain_points: percentage points of accuracy per doubling of N.
        error_reduction: share of the errors that a doubling takes away, 1 - 2^-alpha.
        saturated: error_reduction is below the threshold.

    """

    family: str
    smaller: float
    larger: float
    parameters: tuple[int, int]
    alpha: float
    alpha_interval: Interval | None
    gain_points: float
    error_reduction: float
    saturated: bool

    @property
    def middle(self) -> float:
        """Geometric mean of the two N, where a figure draws the step."""
        return math.sqrt(self.parameters[0] * self.parameters[1])


@dataclass(frozen=True)
class Saturation:
    """Where a family stops gaining.

    Attributes:
        family: the network family.
        threshold: the least share of the errors a doubling must take away.
        width, parameters: the size from which every further step is saturated; None where the
            last step still gains.
        last_reduction: share of the errors that a doubling takes away at the largest size.
        last_alpha: the local exponent there.

    """

    family: str
    threshold: float
    width: float | None
    parameters: int | None
    last_reduction: float
    last_alpha: float


def steps(sizes: Sequence[Size], threshold: float = SATURATED_BELOW) -> tuple[Step, ...]:
    """Return the steps between neighbours of one family, fewest parameters first.

    Sizes without an error, and neighbours of equal N, have no local exponent and give no step.
    """
    some = [size for size in sizes if size.error > 0]
    pairs = itertools.pairwise(some)
    return tuple(_step(a, b, threshold) for a, b in pairs if a.parameters < b.parameters)


def _step(small: Size, large: Size, threshold: float) -> Step:
    ratio = math.log(large.parameters / small.parameters)
    alpha = -math.log(large.error / small.error) / ratio
    reduction = 1 - 2**-alpha
    return Step(
        family=small.family,
        smaller=small.width,
        larger=large.width,
        parameters=(small.parameters, large.parameters),
        alpha=alpha,
        alpha_interval=_interval(small, large, alpha, ratio),
        gain_points=100 * (small.error - large.error) * math.log(2) / ratio,
        error_reduction=reduction,
        saturated=reduction < threshold,
    )


def _interval(small: Size, large: Size, alpha: float, ratio: float) -> Interval | None:
    variances, weights = [], []
    for size in (small, large):
        error = size.error_standard_error
        if error is None or size.models is None:
            return None
        variances.append((error / size.error) ** 2)
        weights.append(size.models - 1)
    total = sum(variances)
    if total == 0:
        return None
    freedom = total**2 / sum(v**2 / w for v, w in zip(variances, weights, strict=True))
    half = float(stats.t.ppf((1 + CONFIDENCE) / 2, freedom)) * total**0.5 / ratio
    return alpha - half, alpha + half


def saturation(family_steps: Sequence[Step], threshold: float = SATURATED_BELOW) -> Saturation:
    """Return where one family stops gaining, from its steps in order; there is at least one."""
    last = family_steps[-1]
    start = None
    for step in reversed(family_steps):
        if not step.saturated:
            break
        start = step
    return Saturation(
        family=last.family,
        threshold=threshold,
        width=None if start is None else start.smaller,
        parameters=None if start is None else start.parameters[0],
        last_reduction=last.error_reduction,
        last_alpha=last.alpha,
    )
