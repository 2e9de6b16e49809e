"""What is trained, alone or together: its inputs, what names its result, what it leaves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from pydantic import JsonValue
from torch import Tensor, nn

from export.preprocessing import Preprocessing
from harness.data.split import Dataset
from harness.errors import DataError, UserError
from harness.files import sha256_of_json
from harness.training import CHECKPOINT_NAME, HISTORY_NAME
from harness.training.checkpoint import load_model, save_model
from harness.training.config import TrainConfig
from harness.training.determinism import WEIGHTS_STREAM, start_stream
from harness.training.history import EpochRecord, read_history, write_history
from harness.training.schedule import learning_rate
from models import ModelError, ModelSpec, build

RESUME_NAME = "resume.safetensors"


@dataclass(frozen=True, eq=False)
class TrainedModel:
    """What a training leaves.

    Attributes:
        checkpoint: the weights after the last epoch, with all that is needed to use them.
        history: every epoch, those before a resume included.

    """

    checkpoint: Path
    history: tuple[EpochRecord, ...]


@dataclass(frozen=True, eq=False)
class Start:
    """Weights that a training starts from, instead of random ones.

    Attributes:
        state: of the network that is trained, by name.
        origin: where they come from; part of what names the result, and kept in the checkpoint.

    """

    state: Mapping[str, Tensor]
    origin: Mapping[str, JsonValue]


@dataclass(frozen=True, eq=False)
class Task:
    """Everything but the seed that decides the weights."""

    config: TrainConfig
    spec: ModelSpec
    dataset: Dataset
    preprocessing: Preprocessing
    start: Start | None = None

    def check(self) -> None:
        """Raise DataError or ModelError where the network does not take the images or classes."""
        spec, train = self.spec, self.dataset.train
        height, width = spec.image_size
        if train.images.shape[1:] != (height, width, spec.in_channels):
            raise DataError(
                f"images are {train.images.shape[1:]}, the model takes {height}x{width} with "
                f"{spec.in_channels} channels as (N, H, W, C)"
            )
        if len(train.class_names) != spec.classes:
            raise ModelError(f"{spec.classes} classes for data with {len(train.class_names)}")

    def identity(self, seed: int, together: Sequence[int] = ()) -> str:
        """Return the digest of everything that decides the weights of one seed.

        `together` names the seeds it is trained with, itself included; none where it is alone.
        """
        return sha256_of_json(
            {
                "config": self.config.of_the_result(),
                "spec": asdict(self.spec),
                "train": self.dataset.train.digest,
                "preprocessing": asdict(self.preprocessing),
                "seed": seed,
            }
            | ({"together": list(together)} if together else {})
            | self._origin
        )

    @property
    def _origin(self) -> dict[str, JsonValue]:
        return {} if self.start is None else {"start": dict(self.start.origin)}

    def network(self, seed: int) -> nn.Module:
        """Return the network before its first step."""
        start_stream(seed, WEIGHTS_STREAM)
        module = build(self.spec)
        if self.start is not None:
            module.load_state_dict(dict(self.start.state))
        return module

    def optimizer(self, module: nn.Module) -> torch.optim.SGD:
        """Return SGD over the weights of `module`."""
        return torch.optim.SGD(
            module.parameters(),
            lr=self.config.learning_rate,
            momentum=self.config.momentum,
            weight_decay=self.config.weight_decay,
        )

    def finished(self, folder: Path, identity: str) -> TrainedModel | None:
        """Return what is in `folder` if this very training was finished there."""
        checkpoint = folder / CHECKPOINT_NAME
        if not (checkpoint.is_file() and (folder / HISTORY_NAME).is_file()):
            return None
        if load_model(checkpoint, allow_custom=True).extra.get("identity") != identity:
            return None
        return TrainedModel(checkpoint, read_history(folder / HISTORY_NAME))

    def save(
        self,
        folder: Path,
        module: nn.Module,
        seed: int,
        identity: str,
        history: Sequence[EpochRecord],
    ) -> TrainedModel:
        """Leave the history and the checkpoint of one seed in `folder`, each atomically."""
        checkpoint = folder / CHECKPOINT_NAME
        write_history(folder / HISTORY_NAME, history)
        extra: Mapping[str, JsonValue] = {
            "train": self.config.of_the_result(),
            "data": self.dataset.name,
            "train_digest": self.dataset.train.digest,
            "torch": torch.__version__,
            "identity": identity,
            **self._origin,
        }
        names = self.dataset.class_names
        save_model(checkpoint, module, self.spec, seed, self.preprocessing, names, extra)
        return TrainedModel(checkpoint, tuple(history))

    def diverged(self, seed: int, epoch: int) -> UserError:
        """Return the error of a loss or weights that are not finite."""
        config, spec = self.config, self.spec
        return UserError(
            f"{spec.family} width {spec.width:g} seed {seed}: loss or weights "
            f"are not finite in epoch {epoch} of {config.epochs} at learning rate "
            f"{learning_rate(config, epoch):.3g}; lower [train] learning_rate, now "
            f"{config.learning_rate:g}"
        )


def all_finite(tensors: Iterable[Tensor]) -> bool:
    """Whether no number in `tensors` is NaN or infinite."""
    return bool(torch.stack([torch.isfinite(tensor).all() for tensor in tensors]).all())
