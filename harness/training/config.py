"""`[train]`: how a model is trained."""

from __future__ import annotations

from typing import Any

from pydantic import Field, model_validator

from harness.table import Table


class AugmentConfig(Table):
    """`[train.augment]`: what is done to each training image, anew in every epoch."""

    crop_padding: int = Field(default=4, ge=0)
    """Pixels of zero padding before a random crop back to the image's size."""
    flip: bool = True
    """Mirror left and right with probability 1/2."""
    cutout: int = Field(default=8, ge=0)
    """Side in pixels of the square that is blanked at a random centre; 0 blanks nothing."""


class TrainConfig(Table):
    """`[train]`: SGD with cosine annealing; the paper's protocol by default."""

    epochs: int = Field(default=200, ge=1)
    """Passes over the training images."""
    batch_size: int = Field(default=128, ge=2)
    """Images of a step."""
    learning_rate: float = Field(default=0.1, gt=0)
    """Of the first epoch."""
    final_learning_rate: float = Field(default=1e-5, ge=0)
    """What cosine annealing ends at."""
    warmup_epochs: int = Field(default=0, ge=0)
    """Epochs over which the rate rises evenly to `learning_rate` before it falls. Wide networks in
    a short training need some: at the full rate they stay at chance for half of it."""
    momentum: float = Field(default=0.9, ge=0, lt=1)
    """Of SGD."""
    weight_decay: float = Field(default=5e-4, ge=0)
    """L2 penalty of SGD, on every parameter."""
    augment: AugmentConfig = AugmentConfig()
    checkpoint_every_epochs: int = Field(default=10, ge=1)
    """How much a killed training can lose. Does not change the result."""
    threads: int = Field(default=1, ge=1)
    """CPU threads of one training; part of the result, since they order its sums. Several models
    are trained at once on the cores that are left."""
    device: str = "auto"
    """`auto` (CUDA where there is one), `cpu` or `cuda`. Not part of what names the result."""
    together: int = Field(default=1, ge=1, le=64)
    """How many seeds of one configuration are trained as one network: faster for tiny networks,
    the same result within rounding. Which seeds go together is part of what names a result."""

    def of_the_result(self) -> dict[str, Any]:
        """Return the settings, as JSON values, that decide the weights of a model trained alone."""
        others = {"device", "checkpoint_every_epochs", "together"}
        settings = self.model_dump(mode="json", exclude=others)
        if not self.warmup_epochs:
            del settings["warmup_epochs"]  # results of before the key stay found
        return settings

    @model_validator(mode="after")
    def _warmup_ends(self) -> TrainConfig:
        if self.warmup_epochs >= self.epochs:
            raise ValueError(
                f"warmup_epochs = {self.warmup_epochs} must be less than epochs = {self.epochs}"
            )
        return self
