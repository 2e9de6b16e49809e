"""A device measured through its bit-exact twin: all samples there, some on the device too."""

from __future__ import annotations

from harness.comparison import Pair, match, mismatches
from harness.errors import PredictionsError
from harness.gate.methods.mismatches import Mismatches
from harness.gate.verdict import TwinSample
from harness.predictions import Predictions

TWIN_ALPHA = 0.05


def matched_sample(twin: Predictions, sample: Predictions) -> Pair:
    """Return the pair of the device's answers (the reference) with the twin's on those samples.

    Raises:
        PredictionsError: the device answered samples that the twin did not, or runs another file.

    """
    stated = twin.meta.artifact_sha256, sample.meta.artifact_sha256
    if None not in stated and stated[0] != stated[1]:
        raise PredictionsError(
            f"the device ran the artifact {stated[1]}, its twin {stated[0]}; "
            "evaluate one file on both"
        )
    return match(sample.with_meta(data_digest=None), twin.of(sample.ids))


def twin_sample(twin: Predictions, sample: Predictions) -> TwinSample:
    """Return how many of the device's answers differ from the twin's, and what that bounds."""
    pair = matched_sample(twin, sample)
    count = mismatches(pair)
    method = Mismatches(count, len(pair), len(twin), limit=0.0)
    return TwinSample(
        device=sample.meta.device,
        samples=len(pair),
        mismatches=count,
        upper=method.bounds(TWIN_ALPHA)[1],
    )
