from __future__ import annotations

import pytest
import torch
from pydantic import ValidationError

from harness.training.config import TrainConfig
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


def test_the_warm_up_rises_evenly_to_the_initial_rate_and_the_cosine_follows() -> None:
    config = TrainConfig(epochs=7, learning_rate=0.4, warmup_epochs=3)
    rates = [learning_rate(config, epoch) for epoch in range(1, 8)]
    assert rates[:4] == pytest.approx([0.1, 0.2, 0.3, 0.4])
    alone = TrainConfig(epochs=4, learning_rate=0.4)
    assert rates[3:] == [learning_rate(alone, epoch) for epoch in range(1, 5)]


def test_no_warm_up_leaves_what_names_a_result_as_it_was() -> None:
    assert "warmup_epochs" not in TrainConfig().of_the_result()
    assert TrainConfig(warmup_epochs=1).of_the_result()["warmup_epochs"] == 1


def test_a_warm_up_without_end_is_refused() -> None:
    with pytest.raises(ValidationError, match="warmup_epochs = 5 must be less than epochs = 5"):
        TrainConfig(epochs=5, warmup_epochs=5)
