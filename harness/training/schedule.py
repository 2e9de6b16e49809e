"""The learning rate over the epochs."""

from __future__ import annotations

import math

from harness.training.config import TrainConfig


def learning_rate(config: TrainConfig, epoch: int) -> float:
    """Return the rate of every step of `epoch`, which counts from 1 to `config.epochs`.

    Over the W `warmup_epochs` it rises evenly, initial * epoch / (W + 1). The other E epochs follow
    cosine annealing, final + (initial - final) * (1 + cos(pi * (epoch - W - 1) / E)) / 2: the first
    of them has the initial rate, and the final rate would be reached after the last one. Without
    warm-up these are the rates of torch's `CosineAnnealingLR(T_max=epochs, eta_min=final)` stepped
    once an epoch, in closed form, so that a resumed training needs no state of a scheduler.
    Sources: Loshchilov and Hutter, SGDR, 2017, equation 5; Goyal et al., 2017, section 2.2.
    """
    warmup, final = config.warmup_epochs, config.final_learning_rate
    if epoch <= warmup:
        return config.learning_rate * epoch / (warmup + 1)
    share = (1 + math.cos(math.pi * (epoch - warmup - 1) / (config.epochs - warmup))) / 2
    return final + (config.learning_rate - final) * share
