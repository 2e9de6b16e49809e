"""Training speed in models x images a second: a plain loop, one model, several seeds as one.

`python -m harness.bench_training [--device cuda] [--together 2 4 8]`. The plain loop is what one
writes first: a DataLoader that transforms image by image, one model, the default memory layout.
Every way trains on the same images with the same augmentation, batch size and number of threads,
in turn within every round; a ratio is the median over the rounds. On a CPU, time is this process's
processor time on its one thread, which other programs disturb less than the clock. Reading the data
in processes of their own would hide part of the plain loop's work on a machine with cores to spare.
"""

from __future__ import annotations

import argparse
import functools
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F
from torch.utils.data import DataLoader
from torch.utils.data import Dataset as TorchDataset
from torchvision import transforms

from harness.data.normalization import normalization
from harness.data.split import Dataset, Split
from harness.training.config import TrainConfig
from harness.training.device import find_device
from harness.training.task import Task
from harness.training.together import train_together
from harness.training.train import train_model
from models import ModelSpec, build

_ROUNDS = 3
_IMAGES = 256
_CLASSES = 100
_MODELS = (("scale_cnn", 4), ("scale_cnn", 8), ("scale_cnn", 16), ("mobilenet_v2", 0.1))

Way = Callable[[Task], float]
"""Trains for one epoch and returns models x images a second."""


def main() -> None:
    """Print one line per network: the plain loop's speed, and every other way's ratio to it."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--together", type=int, nargs="+", default=[2, 4])
    parser.add_argument("--images", type=int, default=_IMAGES)
    asked = parser.parse_args()
    config = TrainConfig(epochs=2, device=asked.device)
    device, dataset = find_device(config.device), _dataset(asked.images)
    print(f"models x images a second on {device}, {config.threads} thread, batches of ", end="")
    print(f"{config.batch_size}; ratios to a plain loop with a DataLoader")
    names = ["alone", *(f"{count} together" for count in asked.together)]
    print(f"{'network':>18} {'plain loop':>12} " + " ".join(f"{name:>12}" for name in names))
    ways: list[Way] = [
        _plain,
        _alone,
        *(functools.partial(_together, count) for count in asked.together),
    ]
    for family, width in _MODELS:
        task = Task(
            config,
            ModelSpec(family, width, 3, (32, 32), _CLASSES),
            dataset,
            normalization(dataset.train, "train"),
        )
        _print_line(f"{family} {width:g}", [[way(task) for way in ways] for _ in range(_ROUNDS)])


def _print_line(name: str, rounds: Sequence[Sequence[float]]) -> None:
    plain = statistics.median(speeds[0] for speeds in rounds)
    ratios = zip(*([speed / speeds[0] for speed in speeds[1:]] for speeds in rounds), strict=True)
    cells = " ".join(f"{statistics.median(ratio):>11.2f}x" for ratio in ratios)
    print(f"{name:>18} {plain:>10.0f}/s {cells}", flush=True)


def _dataset(images: int) -> Dataset:
    """Return noise: what a step takes does not depend on the images."""
    generator = np.random.default_rng(0)
    pixels = generator.integers(0, 256, (images, 32, 32, 3), dtype=np.uint8)
    names = tuple(str(index) for index in range(_CLASSES))
    labels = generator.integers(0, _CLASSES, images)
    split = Split("train", pixels, labels, np.arange(images), names)
    return Dataset("noise", split, split, split)


class _Clock:
    """Notes when each epoch ended; the second is measured, the first warms up."""

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._times_s: list[float] = []

    def tick(self, _: Any = None) -> None:
        if self._device.type == "cuda":
            torch.cuda.synchronize(self._device)
            self._times_s.append(time.perf_counter())
        else:
            self._times_s.append(time.process_time())

    def last_s(self) -> float:
        return self._times_s[-1] - self._times_s[-2]


def _alone(task: Task) -> float:
    clock = _Clock(find_device(task.config.device))
    with tempfile.TemporaryDirectory() as folder:
        train_model(
            task.config,
            task.spec,
            task.dataset,
            task.preprocessing,
            seed=0,
            folder=Path(folder),
            on_epoch=clock.tick,
        )
    return len(task.dataset.train) / clock.last_s()


def _together(count: int, task: Task) -> float:
    clock = _Clock(find_device(task.config.device))
    with tempfile.TemporaryDirectory() as folder:
        train_together(task, range(count), Path(folder), clock.tick)
    return count * len(task.dataset.train) / clock.last_s()


def _plain(task: Task) -> float:
    device = find_device(task.config.device)
    clock, threads = _Clock(device), torch.get_num_threads()
    torch.set_num_threads(task.config.threads)
    try:
        _plain_loop(task, device, clock)
    finally:
        torch.set_num_threads(threads)
    return len(task.dataset.train) / clock.last_s()


def _plain_loop(task: Task, device: torch.device, clock: _Clock) -> None:
    model = build(task.spec).to(device)
    optimizer = task.optimizer(model)
    loader = DataLoader(_PlainImages(task), batch_size=task.config.batch_size, shuffle=True)
    for _ in range(task.config.epochs):
        total = 0.0
        for images, labels in loader:
            images, labels = images.to(device), labels.to(device)  # noqa: PLW2901  (as one writes)
            optimizer.zero_grad()
            loss = F.cross_entropy(model(images), labels)
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            total += loss.item()
        clock.tick()


class _PlainImages(TorchDataset[tuple[Tensor, int]]):
    """The training images, each transformed when it is asked for."""

    def __init__(self, task: Task) -> None:
        train, augment = task.dataset.train, task.config.augment
        self._images = torch.from_numpy(train.images).permute(0, 3, 1, 2).contiguous()
        self._labels = train.labels.tolist()
        self._cutout = augment.cutout
        self._transform = transforms.Compose(
            [
                transforms.RandomCrop(train.images.shape[1:3], padding=augment.crop_padding),
                transforms.RandomHorizontalFlip(),
                transforms.ConvertImageDtype(torch.float32),
                transforms.Normalize(
                    [mean / 255 for mean in task.preprocessing.mean],
                    [std / 255 for std in task.preprocessing.std],
                ),
            ]
        )

    def __len__(self) -> int:
        return len(self._labels)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        image = self._transform(self._images[index])
        row, column = (int(torch.randint(side, ())) for side in image.shape[1:])
        top, left = max(0, row - self._cutout // 2), max(0, column - self._cutout // 2)
        end_row, end_column = (one - self._cutout // 2 + self._cutout for one in (row, column))
        image[:, top:end_row, left:end_column] = 0
        return image, self._labels[index]


if __name__ == "__main__":
    main()
