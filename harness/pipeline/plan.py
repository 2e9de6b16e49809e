"""What a config asks for, spelled out: the data, the candidates, and which of them is to ship."""

from __future__ import annotations

import importlib.util
import sys
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from export.preprocessing import Preprocessing
from harness.compression_config import FLOAT_TFLITE_RUNTIMES, TFLITE_RUNTIMES
from harness.config import Config, load_config
from harness.data import Dataset, load_dataset
from harness.data.normalization import normalization
from harness.data.split import Split
from harness.errors import ConfigError
from harness.files import sha256_of_file
from harness.gate.checks import GateConfig
from harness.pipeline.candidate import Candidate
from harness.training.config import TrainConfig

if TYPE_CHECKING:
    from models import ModelSpec


@dataclass(frozen=True, eq=False)
class Plan:
    """A config with its data loaded: everything the stages share."""

    config: Config
    dataset: Dataset
    preprocessing: Preprocessing

    @cached_property
    def candidates(self) -> tuple[Candidate, ...]:
        """Every model of the sweep that is trained or pruned, in the order of the config."""
        return tuple(
            Candidate(family.family, width, seed, family.pruned_from)
            for family in self.config.models
            for width in family.widths
            for seed in family.seeds
        )

    @cached_property
    def converted(self) -> tuple[Candidate, ...]:
        """The same, then each of them in every other form that the config asks for."""
        return tuple(
            one.in_form(form) for form in self.config.export.forms for one in self.candidates
        )

    def runtimes(self, candidate: Candidate) -> tuple[str, ...]:
        """Return where a candidate is run: those of the config that tell its form from others."""
        wanted = self.config.evaluate.runtimes
        if not candidate.form.name:
            return wanted
        able = TFLITE_RUNTIMES if candidate.form.computes_in_int8 else FLOAT_TFLITE_RUNTIMES
        return tuple(one for one in wanted if one in able)

    @property
    def gate(self) -> GateConfig:
        """The config's gate.

        Raises:
            ConfigError: it has none.

        """
        if self.config.gate is None:
            raise ConfigError("the config has no [gate] table, so there is nothing to judge")
        return self.config.gate

    @cached_property
    def target(self) -> Candidate:
        """The model that is to ship; ConfigError where the config has no gate."""
        target = self.gate.target
        return next(
            one
            for one in self.converted
            if target.names(one.family, one.width, one.seed, one.pruned_from)
            and one.form == target.form
        )

    def largest_like(self, candidate: Candidate) -> Candidate:
        """Return the widest model of the candidate's family and seed; of equals, one not pruned."""
        same = (
            c for c in self.candidates if (c.family, c.seed) == (candidate.family, candidate.seed)
        )
        return max(same, key=lambda c: (c.width, c.pruned_from is None))

    def seeds_of(self, candidate: Candidate) -> tuple[Candidate, ...]:
        """Return every seed of the candidate's size, the candidate first."""
        same = (one for one in self.converted if one.size == candidate.size)
        return (candidate, *(one for one in same if one != candidate))

    def trained_with(self, candidate: Candidate) -> tuple[Candidate, ...]:
        """Return the seeds of the candidate's size that are trained as one network, itself too.

        They are the seeds in the order of the config, `[train] together` at a time; a pruned model
        is fine-tuned alone.
        """
        if candidate.pruned_from is not None:
            return (candidate.trained,)
        candidate = candidate.trained
        size = [one for one in self.candidates if one.size == candidate.size]
        together = self.config.train.together
        start = size.index(candidate) // together * together
        return tuple(size[start : start + together])

    def train_config(self, candidate: Candidate) -> TrainConfig:
        """Return how a candidate is trained, or fine-tuned where it is pruned."""
        if candidate.pruned_from is None:
            return self.config.train
        return self.config.prune.fine_tuning(self.config.train)

    def split(self, runtime: str) -> Split:
        """Return the samples that a runtime answers: the test split, of the device maybe a part."""
        return self._device_split if runtime == "device" else self.dataset.test

    @cached_property
    def _device_split(self) -> Split:
        test, wanted = self.dataset.test, self.config.evaluate.device_samples
        if wanted is None or wanted >= len(test):
            return test
        chosen = np.random.default_rng(self.config.data.seed).choice(len(test), wanted, False)
        return test.take(np.sort(chosen), test.name)

    @property
    def samples_the_device(self) -> bool:
        """Whether the device answers only a part of the test split."""
        return len(self._device_split) < len(self.dataset.test)

    def spec(self, candidate: Candidate) -> ModelSpec:
        """Return how `models.build` makes this candidate for this data set."""
        from models import ModelSpec

        shape = self.dataset.test.images.shape[1:]
        height, width, channels = shape if len(shape) == 3 else (1, 1, shape[0])  # noqa: PLR2004  (H, W, C)
        return ModelSpec(
            family=candidate.family,
            width=candidate.width,
            in_channels=channels,
            image_size=(height, width),
            classes=len(self.dataset.class_names),
        )


def load_plan(config_path: Path) -> Plan:
    """Read a config and load its data.

    The config's folder joins the places that Python imports from, so that a family of the user's
    own may lie beside the config.

    Raises:
        ConfigError: the config is wrong.
        DataError: the data are missing, damaged or too few.

    """
    config = load_config(config_path)
    folder = str(config_path.resolve().parent)
    if folder not in sys.path:
        sys.path.append(folder)
    dataset = load_dataset(config.data)
    return Plan(config, dataset, normalization(dataset.train, config.data.normalize))


def source_digest(family: str) -> str | None:
    """Return the SHA-256 of the file that defines a user's own family; None for ours.

    It is part of what a training's result depends on.
    """
    module, _, cls = family.partition(":")
    if not cls:
        return None
    try:
        found = importlib.util.find_spec(module)
    except (ImportError, ValueError):
        return None
    if found is None or found.origin is None or not Path(found.origin).is_file():
        return None
    return sha256_of_file(Path(found.origin))


def training_inputs(plan: Plan, candidate: Candidate) -> dict[str, Any]:
    """Return everything the weights of a candidate depend on.

    Of a pruned one, the inputs of its parent among them: not its weights, which are not there yet.
    """
    group = plan.trained_with(candidate)
    inputs = {
        "family": candidate.family,
        "family_source": source_digest(candidate.family),
        "width": candidate.width,
        "seed": candidate.seed,
        "train": plan.train_config(candidate).of_the_result(),
        "data": plan.dataset.train.digest,
        "preprocessing": plan.preprocessing.to_json(),
    }
    if candidate.parent is not None:
        return inputs | {"pruned_from": training_inputs(plan, candidate.parent)}
    return inputs | ({"together": [one.seed for one in group]} if len(group) > 1 else {})
