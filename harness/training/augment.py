"""Augmentation on tensors: crop, flip, normalise and cut out a batch in a few indexing operations.

The images stay on the training device in their own dtype, padded once. What happens to each image
is drawn on the CPU for a whole epoch, so every device trains on the same pixels in the same order.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from export.preprocessing import Preprocessing
from harness.data.split import Split
from harness.errors import DataError, UserError
from harness.training.config import AugmentConfig

_IMAGE_RANK = 4


@dataclass(frozen=True, eq=False)
class EpochPlan:
    """What happens to each image of one epoch, each (N,), in the order in which they are used.

    Attributes:
        sample: int64, position in the training split; a permutation.
        top, left: int64, where the crop starts in the padded image.
        mirrored: bool, whether the crop is read from right to left.
        cut_row, cut_column: int64, centre of the blanked square in the cropped image.

    """

    sample: Tensor
    top: Tensor
    left: Tensor
    mirrored: Tensor
    cut_row: Tensor
    cut_column: Tensor

    def to(self, device: torch.device) -> EpochPlan:
        """Return the plan with its tensors on `device`."""
        return EpochPlan(*(getattr(self, name).to(device) for name in self.__annotations__))

    def part(self, start: int, stop: int) -> EpochPlan:
        """Return the plan of images `start` to `stop`."""
        return EpochPlan(*(getattr(self, name)[start:stop] for name in self.__annotations__))


class TrainingImages:
    """The training split on a device, handed out in augmented batches.

    An image is padded with zeros in its raw units, cropped to its size, mirrored, normalised, and
    then blanked with zeros, which are the mean of every channel: the usual order of torchvision's
    RandomCrop, RandomHorizontalFlip and Normalize followed by Cutout (DeVries and Taylor, 2017).

    Raises:
        DataError: vectors instead of images, or fewer than 2 of them.
        UserError: padding or a cutout as large as the image.

    """

    def __init__(
        self,
        split: Split,
        preprocessing: Preprocessing,
        augment: AugmentConfig,
        device: torch.device,
    ) -> None:
        _check(split, augment)
        self._augment = augment
        self._device = device
        self._height, self._width = split.images.shape[1:3]
        pad = augment.crop_padding
        images = torch.from_numpy(split.images).to(device)
        self._padded = F.pad(images, (0, 0, pad, pad, pad, pad))
        self._labels = torch.from_numpy(split.labels).to(device)
        self._mean = torch.tensor(preprocessing.mean or (0.0,), dtype=torch.float32, device=device)
        self._std = torch.tensor(preprocessing.std or (1.0,), dtype=torch.float32, device=device)
        self._rows = torch.arange(self._height, device=device)
        self._columns = torch.arange(self._width, device=device)

    def __len__(self) -> int:
        return len(self._labels)

    def draw(self, generator: torch.Generator) -> EpochPlan:
        """Return the plan of an epoch, drawn from a CPU generator."""
        samples, shifts = len(self), 2 * self._augment.crop_padding + 1

        def below(limit: int) -> Tensor:
            return torch.randint(limit, (samples,), generator=generator)

        plan = EpochPlan(
            sample=torch.randperm(samples, generator=generator),
            top=below(shifts),
            left=below(shifts),
            mirrored=below(2).bool() if self._augment.flip else torch.zeros(samples).bool(),
            cut_row=below(self._height),
            cut_column=below(self._width),
        )
        return plan.to(self._device)

    def batches(self, plan: EpochPlan, batch_size: int) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield (images, labels): float32 (B, C, H, W), channels last in memory, and int64 (B,).

        The last batch is smaller where `batch_size` does not divide the images; a last batch of
        one joins the batch before it, because batch normalisation needs two.
        """
        starts = list(range(0, len(self), batch_size))
        if len(self) % batch_size == 1 and len(starts) > 1:
            starts.pop()
        for start, stop in zip(starts, [*starts[1:], len(self)], strict=True):
            part = plan.part(start, stop)
            yield self._images(part), self._labels[part.sample]

    def _images(self, plan: EpochPlan) -> Tensor:
        columns = torch.where(plan.mirrored[:, None], self._columns.flip(0), self._columns)
        rows = (plan.top[:, None] + self._rows)[:, :, None]
        columns = (plan.left[:, None] + columns)[:, None, :]
        raw = self._padded[plan.sample[:, None, None], rows, columns]
        images = (raw.float() - self._mean) / self._std
        if self._augment.cutout:
            images = images.masked_fill(self._cut(plan), 0.0)
        return images.permute(0, 3, 1, 2)

    def _cut(self, plan: EpochPlan) -> Tensor:
        rows = _within(self._rows, plan.cut_row, self._augment.cutout)
        columns = _within(self._columns, plan.cut_column, self._augment.cutout)
        return (rows[:, :, None] & columns[:, None, :])[..., None]


def _within(positions: Tensor, centres: Tensor, side: int) -> Tensor:
    """Return (B, L) which positions lie in the square of `side` around each centre."""
    offsets = positions - (centres[:, None] - side // 2)
    return (offsets >= 0) & (offsets < side)


def _check(split: Split, augment: AugmentConfig) -> None:
    if split.images.ndim != _IMAGE_RANK:
        raise DataError(
            f"training needs images (N, H, W, C), got shape {split.images.shape}; give vectors as "
            "(N, 1, F, 1)"
        )
    if len(split) < 2:  # noqa: PLR2004  (batch normalisation)
        raise DataError(f"training needs at least 2 images, got {len(split)}")
    height, width = split.images.shape[1:3]
    for key in ("crop_padding", "cutout"):
        if getattr(augment, key) >= min(height, width):
            raise UserError(
                f"[train.augment] {key}: {getattr(augment, key)} pixels is the whole of a "
                f"{height}x{width} image; use at most {min(height, width) - 1}"
            )
