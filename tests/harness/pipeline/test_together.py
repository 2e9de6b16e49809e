"""Seeds trained together are units of their own, found by the pipeline as those trained alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from rich.console import Console

from harness.pipeline.candidate import Candidate
from harness.pipeline.plan import load_plan, training_inputs
from harness.pipeline.stages import Stages
from harness.pipeline.store import Store, read_record
from harness.progress import Reporter
from harness.training.checkpoint import load_model

CONFIG = """
name = "small"
[data]
source = "digits"
[[models]]
family = "scale_cnn"
widths = [1, 2]
seeds = [5, 0, 2]
[train]
epochs = 1
device = "cpu"
{together}
[train.augment]
crop_padding = 1
cutout = 2
"""


def stages_of(folder: Path, together: str) -> Stages:
    config = folder / "small.toml"
    config.write_text(CONFIG.format(together=together))
    return Stages(load_plan(config), Store(folder / "runs"), Reporter(Console(quiet=True)))


def test_seeds_of_one_size_go_together_in_the_order_of_the_config(tmp_path: Path) -> None:
    plan = stages_of(tmp_path, "together = 2").plan
    groups = {plan.trained_with(one) for one in plan.candidates}
    assert groups == {
        (Candidate("scale_cnn", width, 5), Candidate("scale_cnn", width, 0)) for width in (1, 2)
    } | {(Candidate("scale_cnn", width, 2),) for width in (1, 2)}


def test_only_what_trains_together_changes_what_names_a_result(tmp_path: Path) -> None:
    alone, pairs = (
        [training_inputs(stages.plan, one) for one in stages.plan.candidates]
        for stages in (stages_of(tmp_path, ""), stages_of(tmp_path, "together = 2"))
    )
    assert all("together" not in str(one) for one in alone)
    for before, after in zip(alone, pairs, strict=True):
        assert after == (before if before["seed"] == 2 else before | {"together": [5, 0]})


def test_a_group_is_trained_once_and_every_seed_is_a_unit(tmp_path: Path) -> None:
    stages = stages_of(tmp_path, "together = 2")
    folders = [stages.train(one) for one in stages.plan.candidates[:3]]
    made = [path.name.rpartition("-")[0] for path in (tmp_path / "runs/together").iterdir()]
    assert made == ["scale_cnn-1-2-seeds"]
    for one, folder in zip(stages.plan.candidates, folders, strict=False):
        assert stages.has("train", one)
        assert sorted(read_record(folder)["files"]) == ["checkpoint.safetensors", "history.json"]
        assert load_model(folder / "checkpoint.safetensors").seed == one.seed


@pytest.mark.parametrize("value", ["0", "65", "'seeds'"])
def test_a_group_has_at_least_one_seed_and_at_most_64(tmp_path: Path, value: str) -> None:
    from harness.errors import ConfigError

    with pytest.raises(ConfigError, match=r"train\.together"):
        stages_of(tmp_path, f"together = {value}")
