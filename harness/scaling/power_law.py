"""The power law error = A N^-alpha of each family, and whether two families share its exponent."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from harness.scaling.line import Interval, fit_line, mean_interval
from harness.scaling.size import Size


@dataclass(frozen=True)
class PowerLaw:
    """error = coefficient N^-alpha, least squares of ln(error) on ln(N).

    The two intervals answer two questions. `alpha_interval` is of the fit: how well sizes lie on
    one line; its width holds the misfit of the power law itself. `seed_interval` is of training:
    where the exponent of another set of seeds would be, whatever the misfit.
    Source: arXiv 2603.07365, which states the mean and standard deviation over seeds.

    Attributes:
        family: the network family.
        sizes: how many sizes were fitted, one point each: the mean error over seeds.
        alpha: the exponent; above 0 larger is better.
        alpha_interval: 95 % by Student's t with sizes - 2 degrees of freedom; None for two sizes.
        alpha_error: its standard error.
        coefficient: A, the error rate of one parameter if the law reached so far.
        r2: of ln(error).
        seed_alphas: (seed, exponent) over the seeds that have every size.
        seed_mean, seed_std: mean and sample standard deviation of those; None without two.
        seed_interval: 95 % of their mean by Student's t.

    """

    family: str
    sizes: int
    alpha: float
    alpha_interval: Interval | None
    alpha_error: float | None
    coefficient: float
    r2: float | None
    seed_alphas: tuple[tuple[int, float], ...]
    seed_mean: float | None
    seed_std: float | None
    seed_interval: Interval | None

    def error(self, parameters: float) -> float:
        """Return the error rate the law gives a model of so many parameters."""
        return self.coefficient * math.exp(-self.alpha * math.log(parameters))


@dataclass(frozen=True)
class ExponentTest:
    """Two families' exponents compared, two-sided.

    Attributes:
        first, second: the families.
        method: `seeds` is Welch's two-sample t-test of the per-seed exponents; `slopes` compares
            the two fitted slopes by their standard errors, t = (a1 - a2) / sqrt(s1^2 + s2^2) with
            Satterthwaite's degrees of freedom.
        difference: exponent of the first minus that of the second.
        t, degrees, p: statistic, degrees of freedom, p-value. None where there is no variation.

    """

    first: str
    second: str
    method: str
    difference: float
    t: float | None
    degrees: float | None
    p: float | None


def power_law(family: str, sizes: Sequence[Size]) -> PowerLaw | None:
    """Return the fit over the sizes whose error is above 0; None where fewer than two are left."""
    fitted = [size for size in sizes if size.error > 0]
    line = fit_line([math.log(s.parameters) for s in fitted], [math.log(s.error) for s in fitted])
    if line is None:
        return None
    interval = line.slope_interval
    by_seed = _seed_alphas(fitted)
    alphas = [alpha for _, alpha in by_seed]
    several = len(alphas) > 1
    return PowerLaw(
        family=family,
        sizes=len(fitted),
        alpha=-line.slope,
        alpha_interval=None if interval is None else (-interval[1], -interval[0]),
        alpha_error=line.slope_error,
        coefficient=math.exp(line.intercept),
        r2=line.r2,
        seed_alphas=by_seed,
        seed_mean=float(np.mean(alphas)) if several else None,
        seed_std=float(np.std(alphas, ddof=1)) if several else None,
        seed_interval=mean_interval(alphas),
    )


def _seed_alphas(sizes: Sequence[Size]) -> tuple[tuple[int, float], ...]:
    by_size = [dict(size.seed_errors) for size in sizes]
    seeds = set(by_size[0]).intersection(*by_size[1:])
    found = []
    for seed in sorted(seeds):
        errors = [errors[seed] for errors in by_size]
        if min(errors) > 0:
            line = fit_line(
                [math.log(s.parameters) for s in sizes], [math.log(error) for error in errors]
            )
            found += [] if line is None else [(seed, -line.slope)]
    return tuple(found)


def exponent_tests(laws: Iterable[PowerLaw]) -> tuple[ExponentTest, ...]:
    """Return the comparisons of every two families that the data allow."""
    pairs = itertools.combinations(laws, 2)
    tests = [test for pair in pairs for test in (_of_seeds(*pair), _of_slopes(*pair))]
    return tuple(test for test in tests if test is not None)


def _of_seeds(first: PowerLaw, second: PowerLaw) -> ExponentTest | None:
    samples = [[alpha for _, alpha in law.seed_alphas] for law in (first, second)]
    if min(map(len, samples)) < 2:  # noqa: PLR2004  one value has no spread
        return None
    means = [float(np.mean(sample)) for sample in samples]
    errors = [float(np.std(sample, ddof=1)) / len(sample) ** 0.5 for sample in samples]
    degrees = [len(sample) - 1 for sample in samples]
    return _welch(first.family, second.family, "seeds", means, errors, degrees)


def _of_slopes(first: PowerLaw, second: PowerLaw) -> ExponentTest | None:
    if first.alpha_error is None or second.alpha_error is None:
        return None
    return _welch(
        first.family,
        second.family,
        "slopes",
        [first.alpha, second.alpha],
        [first.alpha_error, second.alpha_error],
        [first.sizes - 2, second.sizes - 2],
    )


def _welch(
    first: str,
    second: str,
    method: str,
    means: Sequence[float],
    errors: Sequence[float],
    degrees: Sequence[int],
) -> ExponentTest:
    difference = means[0] - means[1]
    variance = errors[0] ** 2 + errors[1] ** 2
    if variance == 0:
        return ExponentTest(first, second, method, difference, None, None, None)
    t = difference / variance**0.5
    freedom = variance**2 / sum(e**4 / d for e, d in zip(errors, degrees, strict=True))
    p = 2 * float(stats.t.sf(abs(t), freedom))
    return ExponentTest(first, second, method, difference, t, freedom, p)


def power_laws(by_family: Mapping[str, Sequence[Size]]) -> tuple[PowerLaw, ...]:
    """Return the power law of every family that has two sizes with errors."""
    laws = (power_law(family, sizes) for family, sizes in by_family.items())
    return tuple(law for law in laws if law is not None)
