from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from harness.scaling.activations import LayerRank, layer_ranks, sample_indices  # noqa: E402
from harness.scaling.power_law import PowerLaw  # noqa: E402
from harness.scaling.rank_efficiency import rank_efficiencies, size_rank  # noqa: E402
from harness.scaling.spectrum import Spectrum  # noqa: E402
from models import ModelSpec, build  # noqa: E402


def stable_rank(rows: np.ndarray) -> float:
    values = np.linalg.svd(rows, compute_uv=False)
    return float((values**2).sum() / values[0] ** 2)


def network() -> torch.nn.Module:
    torch.manual_seed(0)
    return build(ModelSpec("scale_cnn", 4, 1, (8, 8), 10)).eval()


def test_the_ranks_are_those_of_a_singular_value_decomposition() -> None:
    module = network()
    images = np.random.default_rng(0).standard_normal((250, 1, 8, 8)).astype(np.float32)
    ranks = layer_ranks(module, images)
    with torch.inference_mode():
        maps = module.features[:3](torch.from_numpy(images))
        features = module.pool(module.features(torch.from_numpy(images))).flatten(1).numpy()
    rows = maps.permute(0, 2, 3, 1).reshape(-1, 4).numpy()
    assert (ranks[0].layer, ranks[0].channels) == ("features.3", 4)
    assert ranks[0].stable_rank == pytest.approx(stable_rank(rows), rel=1e-4)
    assert (ranks[-1].layer, ranks[-1].channels) == ("classifier", 32)
    assert ranks[-1].stable_rank == pytest.approx(stable_rank(features), rel=1e-4)
    centred = stable_rank(features - features.mean(axis=0))
    assert ranks[-1].centred == pytest.approx(centred, rel=1e-3)


def test_activations_that_do_not_vary_have_no_centred_rank() -> None:
    ranks = layer_ranks(network(), np.ones((10, 1, 8, 8), dtype=np.float32))
    assert ranks[-1].centred is None
    assert ranks[-1].stable_rank == pytest.approx(1)


def test_hooks_are_gone_afterwards() -> None:
    module = network()
    layer_ranks(module, np.zeros((2, 1, 8, 8), dtype=np.float32))
    assert not any(one._forward_pre_hooks for one in module.modules())


def test_the_sample_of_images_repeats_and_is_whole_where_there_are_few() -> None:
    assert np.array_equal(sample_indices(5), np.arange(5))
    assert np.array_equal(sample_indices(9000), sample_indices(9000))
    assert len(set(sample_indices(9000).tolist())) == 1000


def ranks_growing(gamma: float) -> list:
    found = []
    for n in (1000, 8000, 64000):
        layers = (LayerRank("a", 9, 2.0 * n**gamma, 3.0), LayerRank("b", 9, n**gamma, None))
        found.append(size_rank(f"net-{n}", "net", n, [layers, layers]))
    return found


def test_gamma_is_the_slope_of_the_rank_and_the_implied_one_solves_the_theory() -> None:
    law = PowerLaw("net", 3, 0.156, None, None, 1.0, 1.0, (), None, None, None)
    data = Spectrum(1.45, None, 1.0, 10, 500, 500, 1000, 600, ())
    (one,) = rank_efficiencies(ranks_growing(0.4), [law], data)
    assert one.implied == pytest.approx(0.156 / 0.45)
    assert (one.features, one.layers) == pytest.approx((0.4, 0.4))
    assert one.features_centred is None


def test_a_flat_spectrum_implies_no_gamma() -> None:
    law = PowerLaw("net", 3, 0.156, None, None, 1.0, 1.0, (), None, None, None)
    flat = Spectrum(0.9, None, 1.0, 10, 500, 500, 1000, 600, ())
    assert rank_efficiencies([], [law], flat)[0].implied is None
