"""Train several seeds of one configuration as one network, each as it is trained alone.

A tiny network leaves a processor waiting: its channels do not fill a vector of the CPU, nor its
operations a GPU. Side by side they do. Every seed keeps its own initial weights, order of images,
augmentation and dropout, so that it ends where it ends alone, within rounding.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F

from harness.errors import UserError
from harness.files import sha256_of_json
from harness.training.augment import EpochPlan, TrainingImages
from harness.training.determinism import deterministic, start_stream
from harness.training.device import find_device, readable_failures
from harness.training.history import EpochRecord
from harness.training.resume import load_resume, save_resume
from harness.training.schedule import learning_rate
from harness.training.task import RESUME_NAME, Task, TrainedModel, all_finite
from models.stacked import StackedModel


def folder_of(folder: Path, seed: int) -> Path:
    """Return where a joint training leaves the checkpoint and the history of one seed."""
    return folder / f"s{seed}"


def train_together(
    task: Task,
    seeds: Sequence[int],
    folder: Path,
    on_epoch: Callable[[Sequence[EpochRecord]], None] | None = None,
) -> tuple[TrainedModel, ...]:
    """Train one model for each of `seeds`, and leave each in its `folder_of(folder, seed)`.

    As `train_model`: the same arguments give the same weights, bit for bit on one machine, also
    after a kill; other seeds beside it change a model's weights by rounding only. `on_epoch` gets
    the records of an epoch in the order of `seeds`.

    Raises:
        ModelError: the network cannot be built, or has a layer that cannot be stacked.
        DataError: images that the network does not take.
        UserError: a seed given twice, a loss that is not finite, a device that is not there or too
            small.
        ArtifactError: a damaged resume file, or one of another training.
        InfrastructureError: the disk is full.

    """
    task.check()
    if len(set(seeds)) < len(seeds):
        raise UserError(f"seeds {list(seeds)}: a seed is trained once; leave out its repetition")
    if (finished := _finished(task, seeds, folder)) is not None:
        return finished
    device = find_device(task.config.device)
    images = TrainingImages(task.dataset.train, task.preprocessing, task.config.augment, device)
    with deterministic(device, task.config.threads), readable_failures(task.spec.family, device):
        training = _JointTraining(task, seeds, images, device)
        for records in training.run(folder / RESUME_NAME):
            if on_epoch is not None:
                on_epoch(records)
    trained = training.save(folder)
    (folder / RESUME_NAME).unlink(missing_ok=True)
    return trained


def _finished(task: Task, seeds: Sequence[int], folder: Path) -> tuple[TrainedModel, ...] | None:
    found = [
        task.finished(folder_of(folder, seed), task.identity(seed, together=seeds))
        for seed in seeds
    ]
    complete = tuple(one for one in found if one is not None)
    return complete if len(complete) == len(seeds) else None


class _JointTraining:
    """The networks of several seeds as one, their optimizer, and the epochs they have seen."""

    def __init__(
        self, task: Task, seeds: Sequence[int], images: TrainingImages, device: torch.device
    ) -> None:
        self._task, self._seeds, self._images, self._device = task, seeds, images, device
        self._modules = [task.network(seed) for seed in seeds]
        stacked = StackedModel(self._modules, task.spec)
        self._stacked = stacked.to(memory_format=torch.channels_last).to(device)
        self._optimizer = task.optimizer(self._stacked)
        self._epochs: list[tuple[EpochRecord, ...]] = []

    def run(self, resume: Path) -> Iterator[tuple[EpochRecord, ...]]:
        """Yield each epoch that is left, after its state was saved where that is due."""
        identity = sha256_of_json([self._identity(seed) for seed in self._seeds])
        if resume.exists():
            flat = load_resume(resume, identity, self._stacked, self._optimizer)
            count = len(self._seeds)
            self._epochs = [tuple(flat[i : i + count]) for i in range(0, len(flat), count)]
        while len(self._epochs) < self._task.config.epochs:
            self._epochs.append(self._epoch(len(self._epochs) + 1))
            if len(self._epochs) % self._task.config.checkpoint_every_epochs == 0:
                flat = [record for records in self._epochs for record in records]
                save_resume(resume, identity, self._stacked, self._optimizer, flat)
            yield self._epochs[-1]

    def save(self, folder: Path) -> tuple[TrainedModel, ...]:
        """Leave every seed's checkpoint and history."""
        return tuple(self._save_one(index, folder) for index in range(len(self._seeds)))

    def _save_one(self, index: int, folder: Path) -> TrainedModel:
        seed, module = self._seeds[index], self._modules[index]
        module.load_state_dict(self._stacked.state_of(index))
        history = [records[index] for records in self._epochs]
        own = folder_of(folder, seed)
        own.mkdir(parents=True, exist_ok=True)
        return self._task.save(own, module, seed, self._identity(seed), history)

    def _identity(self, seed: int) -> str:
        return self._task.identity(seed, together=self._seeds)

    def _epoch(self, epoch: int) -> tuple[EpochRecord, ...]:
        plans = [self._plan(index, epoch) for index in range(len(self._seeds))]
        rate = learning_rate(self._task.config, epoch)
        for group in self._optimizer.param_groups:
            group["lr"] = rate
        self._stacked.train()
        sums = torch.zeros(2, len(plans), dtype=torch.float64, device=self._device)
        for images, labels in self._batches(plans):
            sums += self._step(images, labels)
        losses, accuracies = (sums / len(self._images)).tolist()
        self._check_finite(losses, epoch)
        return tuple(
            EpochRecord(epoch=epoch, learning_rate=rate, loss=loss, accuracy=accuracy)
            for loss, accuracy in zip(losses, accuracies, strict=True)
        )

    def _plan(self, index: int, epoch: int) -> EpochPlan:
        """Draw the epoch of one seed; its dropout goes on from the same stream as alone."""
        generator = start_stream(self._seeds[index], epoch)
        self._stacked.streams.keep(index, self._device)
        return self._images.draw(generator)

    def _batches(self, plans: Sequence[EpochPlan]) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield (images, labels): (B, seeds * C, H, W), and (B, seeds)."""
        size = self._task.config.batch_size
        for batches in zip(*(self._images.batches(plan, size) for plan in plans), strict=True):
            images, labels = zip(*batches, strict=True)
            yield torch.cat(images, dim=1), torch.stack(labels, dim=1)

    def _step(self, images: Tensor, labels: Tensor) -> Tensor:
        """Change the weights once; return each seed's sums (loss, correct), (2, seeds) float64.

        The mean over each seed's images is taken alone and the means are added: no seed's gradient
        knows how many others there are.
        """
        self._optimizer.zero_grad()
        logits = self._stacked(images)
        losses = F.cross_entropy(logits.transpose(1, 2), labels, reduction="none").mean(dim=0)
        losses.sum().backward()  # type: ignore[no-untyped-call]
        self._optimizer.step()
        correct = (logits.detach().argmax(dim=2) == labels).sum(dim=0)
        return torch.stack([losses.detach().double() * len(labels), correct.double()])

    def _check_finite(self, losses: Sequence[float], epoch: int) -> None:
        for index, (seed, loss) in enumerate(zip(self._seeds, losses, strict=True)):
            state = self._stacked.state_of(index).values()
            if not (torch.isfinite(torch.tensor(loss)) and all_finite(state)):
                raise self._task.diverged(seed, epoch)
