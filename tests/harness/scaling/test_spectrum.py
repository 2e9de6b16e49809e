from __future__ import annotations

import numpy as np
import pytest

from harness.scaling.line import fit_line
from harness.scaling.spectrum import spectrum


def images_of(variances: np.ndarray, samples: int, seed: int = 0) -> np.ndarray:
    """Return (N, 4, F / 4) images whose sample covariance has exactly these eigenvalues."""
    rng = np.random.default_rng(seed)
    count = len(variances)
    rows = rng.standard_normal((samples, count))
    whitened, _ = np.linalg.qr(rows - rows.mean(axis=0))
    turn, _ = np.linalg.qr(rng.standard_normal((count, count)))
    values = (whitened * np.sqrt(variances * (samples - 1))) @ turn.T + 3
    return values.reshape(samples, 4, -1).astype(np.float32)


def test_a_power_law_of_variances_is_found_with_its_exponent() -> None:
    found = spectrum(images_of(np.arange(1, 521) ** -1.45, 700))
    assert found is not None
    assert (found.beta, found.r2) == pytest.approx((1.45, 1.0), abs=1e-4)
    assert (found.first, found.last, found.features) == (10, 500, 520)


def test_the_eigenvalues_are_those_of_a_singular_value_decomposition() -> None:
    images = np.random.default_rng(1).integers(0, 256, (300, 5, 8), dtype=np.uint8)
    rows = images.reshape(300, 40).astype(float)
    expected = np.linalg.svd(rows - rows.mean(axis=0), compute_uv=False) ** 2 / 299
    found = spectrum(images)
    assert found is not None
    assert found.eigenvalues == pytest.approx(expected)
    line = fit_line(np.log(np.arange(10, 41)).tolist(), np.log(expected[9:]).tolist())
    assert line is not None
    assert found.beta == pytest.approx(-line.slope)


def test_only_ranks_that_the_data_have_are_fitted() -> None:
    variances = np.where(np.arange(100) < 30, 1.0 / np.arange(1, 101), 0)
    found = spectrum(images_of(variances, 400).astype(np.float64))
    few = spectrum(np.random.default_rng(0).random((15, 64)))
    assert found is not None
    assert few is not None
    assert few.rank == few.last == 14


def test_too_few_ranks_give_nothing_and_too_many_features_an_error() -> None:
    assert spectrum(np.random.default_rng(0).random((50, 8))) is None
    with pytest.raises(ValueError, match="20001 values an image"):
        spectrum(np.zeros((2, 20001), dtype=np.uint8))
