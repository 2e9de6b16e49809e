"""Two Predictions of the same samples, compared sample by sample.

`match` brings a reference and a candidate together by sample id; every figure is a pure function of
the resulting Pair, and `compare` returns them all.
"""

from harness.comparison.differences import (
    Outcomes,
    accuracy_drop,
    agreement,
    class_difference,
    ece_increase,
    largest_score_difference,
    mismatches,
    outcomes,
)
from harness.comparison.error_sets import Jaccard, jaccard
from harness.comparison.pair import Pair, match
from harness.comparison.record import Comparison, compare

__all__ = [
    "Comparison",
    "Jaccard",
    "Outcomes",
    "Pair",
    "accuracy_drop",
    "agreement",
    "class_difference",
    "compare",
    "ece_increase",
    "jaccard",
    "largest_score_difference",
    "match",
    "mismatches",
    "outcomes",
]
