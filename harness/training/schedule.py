"""The learning rate over the epochs."""

from __future__ import annotations

import math

from harness.config import TrainConfig


def learning_rate(config: TrainConfig, epoch: int) -> float:
    """Return the rate of every step of `epoch`, which counts from 1 to `config.epochs`.

    Cosine annealing by epoch, final + (initial - final) * (1 + cos(pi * (epoch - 1) / epochs)) / 2:
    the first epoch has the initial rate, and the final rate would be reached after the last one.
    These are the rates of torch's `CosineAnnealingLR(T_max=epochs, eta_min=final)` stepped once an
    epoch, in closed form, so that a resumed training needs no state of a scheduler.
    Source: Loshchilov and Hutter, SGDR, 2017, equation 5.
    """
    share = (1 + math.cos(math.pi * (epoch - 1) / config.epochs)) / 2
    final = config.final_learning_rate
    return final + (config.learning_rate - final) * share
