"""Train one model: SGD with cosine annealing, resumable, the same weights for the same seed."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from pydantic import JsonValue
from torch import Tensor
from torch.nn import functional as F

from export.preprocessing import Preprocessing
from harness.config import TrainConfig
from harness.data.split import Dataset, Split
from harness.errors import DataError, UserError
from harness.files import sha256_of_json
from harness.training import CHECKPOINT_NAME, HISTORY_NAME
from harness.training.augment import TrainingImages
from harness.training.checkpoint import load_model, save_model
from harness.training.determinism import WEIGHTS_STREAM, deterministic, start_stream
from harness.training.device import find_device, readable_failures
from harness.training.history import EpochRecord, read_history, write_history
from harness.training.resume import load_resume, save_resume
from harness.training.schedule import learning_rate
from models import ModelError, ModelSpec, build

RESUME_NAME = "resume.safetensors"
_NOT_OF_THE_RESULT = {"device", "checkpoint_every_epochs"}


@dataclass(frozen=True, eq=False)
class TrainedModel:
    """What a training leaves.

    Attributes:
        checkpoint: the weights after the last epoch, with all that is needed to use them.
        history: every epoch, those before a resume included.

    """

    checkpoint: Path
    history: tuple[EpochRecord, ...]


def train_model(  # noqa: PLR0913  (each of the first five decides the weights)
    config: TrainConfig,
    spec: ModelSpec,
    dataset: Dataset,
    preprocessing: Preprocessing,
    *,
    seed: int,
    folder: Path,
    on_epoch: Callable[[EpochRecord], None] | None = None,
) -> TrainedModel:
    """Train `spec` on the train split and leave a checkpoint and a history in `folder`.

    The weights are those after the last epoch: the test split is not looked at. The same arguments
    give the same weights, bit for bit on one machine. A training that was killed goes on from the
    resume file it left in `folder`, to the same weights; one that is finished is returned as it is.
    `on_epoch` is called after each epoch that is computed, once its state is safe where it is due.

    Raises:
        ModelError: the network cannot be built.
        DataError: images that the network does not take.
        UserError: a loss that is not finite, a device that is not there or too small.
        ArtifactError: a damaged resume file, or one of another training.
        InfrastructureError: the disk is full.

    """
    _check_images(spec, dataset.train)
    identity = _identity(config, spec, dataset.train, preprocessing, seed)
    if (finished := _finished(folder, identity)) is not None:
        return finished
    device = find_device(config.device)
    images = TrainingImages(dataset.train, preprocessing, config.augment, device)
    with deterministic(device, config.threads), readable_failures(spec.family, device):
        training = _Training(config, spec, seed, images, device)
        for record in training.run(folder / RESUME_NAME, identity):
            if on_epoch is not None:
                on_epoch(record)
    extra = _extra(config, dataset, identity)
    checkpoint = folder / CHECKPOINT_NAME
    write_history(folder / HISTORY_NAME, training.history)
    save_model(checkpoint, training.module, spec, seed, preprocessing, dataset.class_names, extra)
    (folder / RESUME_NAME).unlink(missing_ok=True)
    return TrainedModel(checkpoint, tuple(training.history))


class _Training:
    """A network, its optimizer, and the epochs it has seen."""

    def __init__(
        self,
        config: TrainConfig,
        spec: ModelSpec,
        seed: int,
        images: TrainingImages,
        device: torch.device,
    ) -> None:
        start_stream(seed, WEIGHTS_STREAM)
        self.module = build(spec).to(memory_format=torch.channels_last).to(device)
        self.history: list[EpochRecord] = []
        self._config, self._spec, self._seed, self._images = config, spec, seed, images
        self._optimizer = torch.optim.SGD(
            self.module.parameters(),
            lr=config.learning_rate,
            momentum=config.momentum,
            weight_decay=config.weight_decay,
        )

    def run(self, resume: Path, identity: str) -> Iterator[EpochRecord]:
        """Yield each epoch that is left, after its state was saved where that is due."""
        if resume.exists():
            self.history = load_resume(resume, identity, self.module, self._optimizer)
        while len(self.history) < self._config.epochs:
            self.history.append(self._epoch(len(self.history) + 1))
            if len(self.history) % self._config.checkpoint_every_epochs == 0:
                save_resume(resume, identity, self.module, self._optimizer, self.history)
            yield self.history[-1]

    def _epoch(self, epoch: int) -> EpochRecord:
        plan = self._images.draw(start_stream(self._seed, epoch))
        rate = learning_rate(self._config, epoch)
        for group in self._optimizer.param_groups:
            group["lr"] = rate
        self.module.train()
        sums = torch.zeros(2, dtype=torch.float64, device=plan.sample.device)
        for images, labels in self._images.batches(plan, self._config.batch_size):
            sums += self._step(images, labels)
        loss, accuracy = (sums / len(self._images)).tolist()
        if not (math.isfinite(loss) and self._weights_are_finite()):
            raise UserError(self._diverged(epoch, rate))
        return EpochRecord(epoch=epoch, learning_rate=rate, loss=loss, accuracy=accuracy)

    def _step(self, images: Tensor, labels: Tensor) -> Tensor:
        """Change the weights once; return the sums of (loss, correct) over the batch, float64."""
        self._optimizer.zero_grad()
        logits = self.module(images)
        loss = F.cross_entropy(logits, labels)
        loss.backward()  # type: ignore[no-untyped-call]
        self._optimizer.step()
        correct = (logits.detach().argmax(dim=1) == labels).sum()
        return torch.stack([loss.detach().double() * len(labels), correct.double()])

    def _weights_are_finite(self) -> bool:
        finite = [torch.isfinite(tensor).all() for tensor in self.module.state_dict().values()]
        return bool(torch.stack(finite).all())

    def _diverged(self, epoch: int, rate: float) -> str:
        return (
            f"{self._spec.family} width {self._spec.width:g} seed {self._seed}: loss or weights "
            f"are not finite in epoch {epoch} of {self._config.epochs} at learning rate "
            f"{rate:.3g}; lower [train] learning_rate, now {self._config.learning_rate:g}"
        )


def _check_images(spec: ModelSpec, train: Split) -> None:
    height, width = spec.image_size
    if train.images.shape[1:] != (height, width, spec.in_channels):
        raise DataError(
            f"images are {train.images.shape[1:]}, the model takes {height}x{width} with "
            f"{spec.in_channels} channels as (N, H, W, C)"
        )
    if len(train.class_names) != spec.classes:
        raise ModelError(f"{spec.classes} classes for data with {len(train.class_names)}")


def _identity(
    config: TrainConfig, spec: ModelSpec, train: Split, preprocessing: Preprocessing, seed: int
) -> str:
    """Return the digest of everything that decides the weights."""
    return sha256_of_json(
        {
            "config": config.model_dump(mode="json", exclude=_NOT_OF_THE_RESULT),
            "spec": asdict(spec),
            "train": train.digest,
            "preprocessing": asdict(preprocessing),
            "seed": seed,
        }
    )


def _extra(config: TrainConfig, dataset: Dataset, identity: str) -> Mapping[str, JsonValue]:
    return {
        "train": config.model_dump(mode="json", exclude=_NOT_OF_THE_RESULT),
        "data": dataset.name,
        "train_digest": dataset.train.digest,
        "torch": torch.__version__,
        "identity": identity,
    }


def _finished(folder: Path, identity: str) -> TrainedModel | None:
    """Return what is in `folder` if this very training was finished there."""
    checkpoint = folder / CHECKPOINT_NAME
    if not (checkpoint.is_file() and (folder / HISTORY_NAME).is_file()):
        return None
    if load_model(checkpoint, allow_custom=True).extra.get("identity") != identity:
        return None
    return TrainedModel(checkpoint, read_history(folder / HISTORY_NAME))
