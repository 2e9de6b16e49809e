"""Train one model: SGD with cosine annealing, resumable, the same weights for the same seed."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F

from export.preprocessing import Preprocessing
from harness.data.split import Dataset
from harness.training.augment import TrainingImages
from harness.training.config import TrainConfig
from harness.training.determinism import deterministic, start_stream
from harness.training.device import find_device, readable_failures
from harness.training.history import EpochRecord
from harness.training.resume import load_resume, save_resume
from harness.training.schedule import learning_rate
from harness.training.task import RESUME_NAME, Start, Task, TrainedModel, all_finite
from models import ModelSpec


def train_model(  # noqa: PLR0913  (each but `folder` and `on_epoch` decides the weights)
    config: TrainConfig,
    spec: ModelSpec,
    dataset: Dataset,
    preprocessing: Preprocessing,
    *,
    seed: int,
    folder: Path,
    start: Start | None = None,
    on_epoch: Callable[[EpochRecord], None] | None = None,
) -> TrainedModel:
    """Train `spec` on the train split and leave a checkpoint and a history in `folder`.

    From random weights, or from those of `start`.

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
    task = Task(config, spec, dataset, preprocessing, start)
    task.check()
    identity = task.identity(seed)
    if (finished := task.finished(folder, identity)) is not None:
        return finished
    device = find_device(config.device)
    images = TrainingImages(dataset.train, preprocessing, config.augment, device)
    with deterministic(device, config.threads), readable_failures(spec.family, device):
        training = _Training(task, seed, images, device)
        for record in training.run(folder / RESUME_NAME, identity):
            if on_epoch is not None:
                on_epoch(record)
    trained = task.save(folder, training.module, seed, identity, training.history)
    (folder / RESUME_NAME).unlink(missing_ok=True)
    return trained


class _Training:
    """A network, its optimizer, and the epochs it has seen."""

    def __init__(self, task: Task, seed: int, images: TrainingImages, device: torch.device) -> None:
        self.module = task.network(seed).to(memory_format=torch.channels_last).to(device)
        self.history: list[EpochRecord] = []
        self._task, self._config, self._seed, self._images = task, task.config, seed, images
        self._optimizer = task.optimizer(self.module)

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
        if not (math.isfinite(loss) and all_finite(self.module.state_dict().values())):
            raise self._task.diverged(self._seed, epoch)
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
