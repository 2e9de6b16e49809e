"""What stands between an image as a data set holds it and the input tensor of a model.

Every artifact tinygate writes carries its preprocessing inside the file (checkpoint metadata, ONNX
metadata, TFLite metadata), so that a copied model still answers raw images correctly. A file from
elsewhere carries none and is fed its images as they are.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

METADATA_KEY = "tinygate.preprocessing"
_MAX_CHANNELS = 4096


@dataclass(frozen=True)
class Preprocessing:
    """Per-channel normalisation, (image - mean) / std, in the units of the data set's images."""

    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        if len(self.mean) != len(self.std) or len(self.mean) > _MAX_CHANNELS:
            raise ValueError(f"mean has {len(self.mean)} channels, std {len(self.std)}")
        if not all(math.isfinite(value) for value in self.mean + self.std):
            raise ValueError("mean and std must be finite")
        if any(value <= 0 for value in self.std):
            raise ValueError(f"std must be positive, got {min(self.std)}")

    @property
    def is_identity(self) -> bool:
        """True where images are the model's input as they are."""
        return not self.mean

    def apply(self, images: NDArray[np.generic]) -> NDArray[np.float32]:
        """Return the model input, float32 in the shape of `images` (N, H, W, C).

        The arithmetic is float32, `(x - mean) / std`, on every host, so that the input bytes of an
        int8 model do not depend on where they were computed.
        """
        values = images.astype(np.float32)
        if self.is_identity:
            return values
        if values.shape[-1] != len(self.mean):
            raise ValueError(
                f"images have {values.shape[-1]} channels, the model was trained on "
                f"{len(self.mean)}"
            )
        mean = np.asarray(self.mean, dtype=np.float32)
        std = np.asarray(self.std, dtype=np.float32)
        return np.asarray((values - mean) / std, dtype=np.float32)

    def to_json(self) -> str:
        """Return the text stored under `METADATA_KEY` in a model file."""
        return json.dumps({"mean": list(self.mean), "std": list(self.std)})

    @classmethod
    def from_json(cls, text: str) -> Preprocessing:
        """Read what `to_json` wrote; ValueError where the text is anything else."""
        try:
            content = json.loads(text)
            mean, std = content["mean"], content["std"]
            return cls(tuple(float(m) for m in mean), tuple(float(s) for s in std))
        except (TypeError, KeyError, RecursionError) as error:
            raise ValueError(f"preprocessing metadata is malformed: {text[:80]!r}") from error
