"""One model over one split on one runtime: the stage that makes Predictions."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from harness.data.split import Split
from harness.errors import ArtifactError
from harness.predictions import Meta, ModelRecord, Predictions
from harness.progress import Advance
from harness.runtimes import KeepsAnswers, Session
from harness.runtimes.host import host_record


def evaluate(  # noqa: PLR0913 - all but two are options with defaults
    session: Session,
    split: Split,
    *,
    batch: int = 512,
    data_name: str | None = None,
    model: ModelRecord | None = None,
    progress: Advance | None = None,
    keep: Path | None = None,
) -> Predictions:
    """Return the Predictions of `session` on every sample of `split`, in its order.

    Args:
        session: a loaded model; left open.
        split: its images are as the data set holds them.
        batch: samples per call of the session; also how often progress is told.
        data_name: the data set's name, for the record.
        model: family, width and seed where known, for the record.
        progress: told after every batch, or every answer of a device.
        keep: where a session that keeps answers does so; the caller removes the file once the
            Predictions are saved.

    Raises:
        ArtifactError: the images do not fit the model, or the model has another number of classes
            than the labels.
        InfrastructureError: the runtime died.
        PredictionsError: the scores are not what the model says they are.

    """
    if isinstance(session, KeepsAnswers):
        _check_classes(session.classes, split)
        scores = session.predict_kept(split.images, keep, progress)
    else:
        scores = np.concatenate(list(_batches(session, split, batch, progress)))
    meta = _meta(session, split, data_name, model)
    return Predictions(scores, split.labels, split.ids, meta)


def _batches(
    session: Session, split: Split, batch: int, progress: Advance | None
) -> Iterator[NDArray[np.float32]]:
    for start in range(0, len(split), batch):
        scores = session.predict(split.images[start : start + batch])
        _check_scores(scores, min(batch, len(split) - start), split)
        yield scores
        if progress is not None:
            progress(start + len(scores), "")


def _check_scores(scores: NDArray[np.float32], samples: int, split: Split) -> None:
    if len(scores) != samples:
        raise ArtifactError(f"the model returned {len(scores)} rows of scores for {samples} images")
    _check_classes(scores.shape[1], split)


def _check_classes(classes: int, split: Split) -> None:
    named, needed = len(split.class_names), int(split.labels.max()) + 1
    if classes != (named or classes) or classes < needed:
        raise ArtifactError(
            f"the model answers {classes} classes, the data has {named or needed}; "
            "evaluate it on the data it was trained for"
        )


def _meta(session: Session, split: Split, data_name: str | None, model: ModelRecord | None) -> Meta:
    return Meta(
        kind=session.kind,
        artifact_sha256=session.artifact_sha256,
        data_digest=split.digest,
        data_name=data_name,
        split=split.name,
        class_names=split.class_names or None,
        runtime=session.record,
        host=host_record(),
        device=session.device,
        model=model,
    )
