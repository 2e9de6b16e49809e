"""Effective rank against size, and gamma: implied by the error's exponent beside the measured."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from harness.scaling.activations import LayerRank
from harness.scaling.line import Interval, fit_line
from harness.scaling.power_law import PowerLaw
from harness.scaling.spectrum import Spectrum


@dataclass(frozen=True)
class SizeRank:
    """One size's stable ranks, geometric means over seeds.

    Attributes:
        size, family, parameters: which size.
        models: seeds measured.
        features: stable rank of what the classifier sees, as it is.
        features_centred: the same, centred; None where it is undefined.
        layers: geometric mean over the layers, as it is.
        by_layer: of the lowest seed, layer by layer.

    """

    size: str
    family: str
    parameters: int
    models: int
    features: float
    features_centred: float | None
    layers: float
    by_layer: tuple[LayerRank, ...]


@dataclass(frozen=True)
class RankEfficiency:
    """How fast one family's effective rank grows: rank ~ N^gamma.

    If error ~ sum of lambda_k beyond the rank and lambda_k ~ k^-beta, then alpha = gamma (beta - 1)
    (arXiv 2603.07365). The implied gamma solves this for gamma; the measured ones are slopes of
    ln(stable rank) on ln(N), and need no such theory. Parameters grow as the square of the width,
    so a rank in proportion to the width has gamma 1/2.

    Attributes:
        family: the network family.
        sizes: how many were measured.
        implied: alpha / (beta - 1); None without a spectrum, or for beta at most 1.
        features, features_interval: of the classifier's features, as they are; 95 % by Student's t.
        features_centred, features_centred_interval: of the same, centred.
        layers, layers_interval: of the geometric mean over layers.

    """

    family: str
    sizes: int
    implied: float | None
    features: float | None
    features_interval: Interval | None
    features_centred: float | None
    features_centred_interval: Interval | None
    layers: float | None
    layers_interval: Interval | None


def size_rank(
    size: str, family: str, parameters: int, by_seed: Sequence[tuple[LayerRank, ...]]
) -> SizeRank | None:
    """Return the ranks of one size, its seeds in order; None where its network has one layer."""
    if not by_seed or not by_seed[0]:
        return None
    last = [layers[-1] for layers in by_seed]
    centred = [layer.centred for layer in last if layer.centred is not None]
    return SizeRank(
        size=size,
        family=family,
        parameters=parameters,
        models=len(by_seed),
        features=_geometric([layer.stable_rank for layer in last]),
        features_centred=_geometric(centred) if len(centred) == len(last) else None,
        layers=_geometric([layer.stable_rank for layers in by_seed for layer in layers]),
        by_layer=by_seed[0],
    )


def _geometric(values: Sequence[float]) -> float:
    return float(np.exp(np.mean(np.log(values)))) if min(values) > 0 else 0.0


def rank_efficiencies(
    ranks: Sequence[SizeRank], laws: Sequence[PowerLaw], data: Spectrum | None
) -> tuple[RankEfficiency, ...]:
    """Return gamma of every family that has a power law or ranks of two sizes."""
    names = dict.fromkeys([law.family for law in laws] + [rank.family for rank in ranks])
    by_name = {law.family: law for law in laws}
    return tuple(
        _efficiency(name, [r for r in ranks if r.family == name], by_name.get(name), data)
        for name in names
    )


def _efficiency(
    family: str, ranks: Sequence[SizeRank], law: PowerLaw | None, data: Spectrum | None
) -> RankEfficiency:
    known = law is not None and data is not None and data.beta > 1
    return RankEfficiency(
        family,
        len(ranks),
        law.alpha / (data.beta - 1) if known and law and data else None,
        *_slope(ranks, lambda rank: rank.features),
        *_slope(ranks, lambda rank: rank.features_centred),
        *_slope(ranks, lambda rank: rank.layers),
    )


def _slope(
    ranks: Sequence[SizeRank], value: Callable[[SizeRank], float | None]
) -> tuple[float | None, Interval | None]:
    pairs = [(r.parameters, v) for r in ranks if (v := value(r)) is not None and v > 0]
    line = fit_line([math.log(n) for n, _ in pairs], [math.log(v) for _, v in pairs])
    return (None, None) if line is None else (line.slope, line.slope_interval)
