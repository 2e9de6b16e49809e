"""How far the true class accuracies lie apart, as far as their samples tell."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from harness.gate.methods.class_counts import ClassCounts


@dataclass(frozen=True)
class ClassSpread:
    """Two parts of the variance of measured class accuracies.

    Attributes:
        between: variance of the true ones, from 0.
        noise: variance that the samples of a class add to it.

    """

    between: float
    noise: float

    @classmethod
    def of(cls, classes: ClassCounts) -> ClassSpread:
        """Return the spread of classes with at least 1 sample each."""
        noise = float(classes.variances.mean())
        seen = float(np.var(classes.accuracies, ddof=1)) if len(classes) > 1 else 0.0
        return cls(max(0.0, seen - noise), noise)

    def scale(self, growth: float) -> float:
        """Return by what the distances of classes change with `growth` times the samples."""
        return float(np.sqrt((self.between + self.noise / growth) / (self.between + self.noise)))

    def reliability(self, growth: float) -> float:
        """Return the correlation of measured with true accuracies at `growth` times the samples."""
        return float(np.sqrt(self.between / (self.between + self.noise / growth)))
