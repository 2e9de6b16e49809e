"""How far a converted model's scores are from the torch model's."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from export.errors import ExportError

_TINY = float(np.finfo(np.float32).tiny)


class Difference(BaseModel):
    """The largest absolute difference of a score, and relative to the largest score of torch."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    largest: float
    relative: float
    samples: int

    @classmethod
    def between(cls, expected: NDArray[np.float32], actual: NDArray[np.float32]) -> Difference:
        """Measure `actual` against `expected`, both (N, C).

        Raises:
            ExportError: the shapes differ, or a score is NaN or infinite.

        """
        if expected.shape != actual.shape:
            raise ExportError(f"scores have shape {actual.shape}, torch's have {expected.shape}")
        if not (np.isfinite(expected).all() and np.isfinite(actual).all()):
            raise ExportError("scores hold NaN or infinity; was the model trained to completion?")
        largest = float(np.abs(expected.astype(np.float64) - actual).max())
        scale = max(float(np.abs(expected).max()), _TINY)
        return cls(largest=largest, relative=largest / scale, samples=len(expected))

    def require(self, limit: float, what: str) -> None:
        """Raise ExportError where the relative difference is above `limit`."""
        if self.relative > limit:
            raise ExportError(
                f"{what} is wrong: its scores differ from torch by {self.largest:.3g}, "
                f"{self.relative:.3g} of the largest score, limit {limit:.3g}"
            )
