from __future__ import annotations

import math

import numpy as np
import pytest

from harness.scaling.curves import BROKEN, LOG_LINEAR, POWER, STRETCHED, Curve, fit_curves
from harness.scaling.size import Size
from tests.harness.scaling.made import power_law_sizes

PARAMETERS = np.geomspace(1e4, 1e7, 20)
X = np.log(PARAMETERS / 1e4)


def truth(law: str) -> np.ndarray:
    return {
        POWER: np.exp(-0.5 - 0.15 * X),
        BROKEN: np.exp(-0.5 - 0.35 * X + 0.3 * 0.3 * np.logaddexp(0, (X - 3) / 0.3)),
        STRETCHED: np.exp(-0.5 - 0.02 * np.exp(0.6 * X)),
        LOG_LINEAR: 0.6 - 0.08 * X,
    }[law]


def sizes(errors: np.ndarray) -> list[Size]:
    pairs = zip(PARAMETERS, errors, strict=True)
    return [Size("net", i, round(n), float(e)) for i, (n, e) in enumerate(pairs)]


def noisy(law: str, seed: int) -> list[Size]:
    noise = 0.01 * np.random.default_rng(seed).standard_normal(len(X))
    return sizes(truth(law) * np.exp(noise))


def by_law(curves: tuple[Curve, ...]) -> dict[str, Curve]:
    return {curve.law: curve for curve in curves}


@pytest.mark.parametrize("law", [POWER, BROKEN, STRETCHED, LOG_LINEAR])
def test_the_law_that_made_the_data_is_the_one_found(law: str) -> None:
    best = [next(c for c in fit_curves(noisy(law, s)) if c.delta == 0).law for s in range(5)]
    assert best.count(law) >= 4


@pytest.mark.parametrize("law", [POWER, BROKEN, STRETCHED, LOG_LINEAR])
def test_a_law_meets_data_of_its_own_making(law: str) -> None:
    curve = by_law(fit_curves(sizes(truth(law))))[law]
    assert curve.rss is not None
    assert math.sqrt(curve.rss / curve.sizes) < 1e-5
    assert curve.error(PARAMETERS) == pytest.approx(truth(law), rel=1e-4)


def test_the_parameters_of_the_broken_law_are_those_of_the_data() -> None:
    found = by_law(fit_curves(noisy(BROKEN, 1)))[BROKEN].parameters
    assert found["c0"] == pytest.approx(0.35, abs=0.02)
    assert found["c1"] == pytest.approx(-0.3, abs=0.03)
    assert found["x0"] == pytest.approx(3, abs=0.2)


def test_the_criteria_are_those_of_the_formulas() -> None:
    curve = by_law(fit_curves(noisy(POWER, 0)))[POWER]
    x, y = np.log([(s.parameters, s.error) for s in noisy(POWER, 0)]).T
    rss = float(((y - np.polynomial.Polynomial.fit(x, y, 1)(x)) ** 2).sum())
    fit = 20 * math.log(rss / 20)
    expected = (rss, fit + 6, fit + 6 + 24 / 16, fit + 3 * math.log(20))
    assert (curve.rss, curve.aic, curve.aicc, curve.bic) == pytest.approx(expected)


def test_weights_add_up_to_one() -> None:
    weights = [curve.weight for curve in fit_curves(noisy(POWER, 3))]
    assert sum(one or 0.0 for one in weights) == pytest.approx(1)


@pytest.mark.parametrize(
    ("count", "fitted"),
    [(2, []), (3, [POWER, LOG_LINEAR]), (4, [POWER, STRETCHED, LOG_LINEAR]), (6, None)],
)
def test_a_law_that_would_meet_every_point_is_not_fitted_and_says_so(
    count: int, fitted: list[str] | None
) -> None:
    curves = fit_curves(power_law_sizes(0.2, noise=0.05, count=count))
    wanted = [c.law for c in curves] if fitted is None else fitted
    assert [c.law for c in curves if c.rss is not None] == wanted
    assert all("sizes or more" in c.note for c in curves if c.rss is None or c.aicc is None)


def test_aicc_is_none_where_it_would_divide_by_zero() -> None:
    broken = by_law(fit_curves(power_law_sizes(0.2, noise=0.05, count=7)))[BROKEN]
    assert broken.aic is not None
    assert (broken.aicc, broken.weight) == (None, None)
    assert "AICc needs 8 sizes" in broken.note


def test_an_exact_fit_has_no_criterion() -> None:
    power = by_law(fit_curves(power_law_sizes(0.2)))[POWER]
    assert power.aic is None
    assert "meets every point" in power.note


def test_local_exponents_that_fall_leave_the_stretched_exponential_a_power_law() -> None:
    falling = sizes(np.exp(-0.5 - 0.3 * X + 0.02 * X**2))
    assert "becomes the power law" in by_law(fit_curves(falling))[STRETCHED].note


def test_errors_that_fall_to_nearly_nothing_are_still_fitted() -> None:
    steep = sizes(np.linspace(0.5, 0.0005, 20))
    assert all(curve.rss is not None and math.isfinite(curve.rss) for curve in fit_curves(steep))
