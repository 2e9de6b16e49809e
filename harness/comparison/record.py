"""Every paired figure in one record."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from harness.comparison.differences import (
    Outcomes,
    accuracy_drop,
    agreement,
    class_difference,
    ece_increase,
    outcomes,
)
from harness.comparison.error_sets import Jaccard, jaccard
from harness.comparison.pair import match
from harness.predictions import Predictions


@dataclass(frozen=True)
class Comparison:
    """Every paired figure; undefined ones are None."""

    samples: int
    outcomes: Outcomes
    negative_flip_rate: float
    positive_flip_rate: float
    accuracy_drop: float
    ece_increase: float
    agreement: float
    jaccard: Jaccard
    class_names: tuple[str, ...]
    class_difference: tuple[float | None, ...]

    def to_json(self) -> dict[str, Any]:
        """Return plain dicts, lists and numbers for `json.dumps`."""
        content = asdict(self)
        return {key: list(one) if isinstance(one, tuple) else one for key, one in content.items()}

    def scalars(self) -> dict[str, float]:
        """Return every defined single figure by a stable flat name, as a tracker logs it."""
        figures = {
            "negative_flip_rate": self.negative_flip_rate,
            "positive_flip_rate": self.positive_flip_rate,
            "accuracy_drop": self.accuracy_drop,
            "ece_increase": self.ece_increase,
            "agreement": self.agreement,
            "jaccard": self.jaccard.value,
            "jaccard_independent": self.jaccard.independent,
            "jaccard_containment": self.jaccard.containment,
            "jaccard_position": self.jaccard.position,
        }
        return {name: value for name, value in figures.items() if value is not None}


def compare(reference: Predictions, candidate: Predictions) -> Comparison:
    """Return every paired figure of two Predictions; PredictionsError as `match` says."""
    pair = match(reference, candidate)
    table = outcomes(pair)
    changes = class_difference(pair)
    return Comparison(
        samples=len(pair),
        outcomes=table,
        negative_flip_rate=table.negative_flips / len(pair),
        positive_flip_rate=table.positive_flips / len(pair),
        accuracy_drop=accuracy_drop(pair),
        ece_increase=ece_increase(pair),
        agreement=agreement(pair),
        jaccard=jaccard(pair),
        class_names=pair.class_names,
        class_difference=tuple(None if np.isnan(one) else float(one) for one in changes),
    )
