"""The training loss against size: loss = A N^-alpha, from what the last epoch measured."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from harness.scaling.line import Interval, fit_line


@dataclass(frozen=True)
class FinalLoss:
    """One size's mean cross-entropy over the augmented training images of the last epoch.

    Attributes:
        family, width, parameters: the size.
        loss: in nats, mean over the seeds.
        loss_std: sample standard deviation over seeds; None for one.
        models: how many seeds.
        epochs: of the training; the lowest where seeds differ.

    """

    family: str
    width: float
    parameters: int
    loss: float
    loss_std: float | None
    models: int
    epochs: int


@dataclass(frozen=True)
class LossLaw:
    """The power law of one family's final training loss.

    Attributes:
        family: the network family.
        sizes: how many were fitted.
        alpha, alpha_interval: exponent and its 95 % interval by Student's t; None for two sizes.
        coefficient: A, in nats.
        r2: of ln(loss).

    """

    family: str
    sizes: int
    alpha: float
    alpha_interval: Interval | None
    coefficient: float
    r2: float | None


def final_loss(
    family: str, width: float, parameters: int, losses: Sequence[float], epochs: int
) -> FinalLoss:
    """Return the final loss of one size from that of each of its seeds."""
    return FinalLoss(
        family=family,
        width=width,
        parameters=parameters,
        loss=float(np.mean(losses)),
        loss_std=float(np.std(losses, ddof=1)) if len(losses) > 1 else None,
        models=len(losses),
        epochs=epochs,
    )


def loss_laws(losses: Sequence[FinalLoss]) -> tuple[LossLaw, ...]:
    """Return the law of every family with two sizes or more whose loss is above 0."""
    by_family: dict[str, list[FinalLoss]] = {}
    for one in losses:
        if one.loss > 0:
            by_family.setdefault(one.family, []).append(one)
    laws = (_law(family, some) for family, some in by_family.items())
    return tuple(law for law in laws if law is not None)


def _law(family: str, losses: Sequence[FinalLoss]) -> LossLaw | None:
    line = fit_line([math.log(o.parameters) for o in losses], [math.log(o.loss) for o in losses])
    if line is None:
        return None
    interval = line.slope_interval
    return LossLaw(
        family=family,
        sizes=len(losses),
        alpha=-line.slope,
        alpha_interval=None if interval is None else (-interval[1], -interval[0]),
        coefficient=math.exp(line.intercept),
        r2=line.r2,
    )
