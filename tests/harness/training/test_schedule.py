from __future__ import annotations

import pytest
import torch

from harness.config import TrainConfig
from harness.training.schedule import learning_rate


@pytest.mark.parametrize("epochs", [1, 2, 7, 200])
def test_the_rates_are_those_of_torchs_cosine_annealing_by_epoch(epochs: int) -> None:
    config = TrainConfig(epochs=epochs)
    optimizer = torch.optim.SGD([torch.zeros(1)], lr=0.1)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs, eta_min=1e-5)
    for epoch in range(1, epochs + 1):
        assert learning_rate(config, epoch) == pytest.approx(scheduler.get_last_lr()[0], rel=1e-9)
        optimizer.step()
        scheduler.step()


def test_the_paper_starts_at_a_tenth_and_ends_next_to_the_final_rate() -> None:
    config = TrainConfig()
    assert learning_rate(config, 1) == 0.1
    assert learning_rate(config, 101) == pytest.approx((0.1 + 1e-5) / 2)
    assert 1e-5 < learning_rate(config, 200) < 2e-5
