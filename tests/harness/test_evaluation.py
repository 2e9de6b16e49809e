"""An evaluation answers every sample in order and records where the answers come from."""

from __future__ import annotations

import platform
from typing import Any

import numpy as np
import pytest

from harness.data.split import Split
from harness.errors import ArtifactError
from harness.evaluation import evaluate
from harness.predictions import ModelRecord, RuntimeRecord
from harness.runtimes.host import host_record

SHA = "ab" * 32


class FakeSession:
    """Answers class = first pixel; notes the size of every batch."""

    kind = "logits"
    artifact_sha256 = SHA
    device = None
    record = RuntimeRecord(name="fake", version="1", options={"answer": 42})

    def __init__(self, classes: int = 3, drop: int = 0) -> None:
        self.classes, self.drop, self.batches = classes, drop, []

    def predict(self, images: Any) -> Any:
        self.batches.append(len(images))
        rows = np.eye(self.classes, dtype=np.float32)[images[:, 0].astype(int)]
        return rows[self.drop :]


def split(samples: int = 10) -> Split:
    labels = np.arange(samples) % 3
    images = np.stack([labels, labels], axis=1).astype(np.uint8)
    return Split("test", images, labels, np.arange(100, 100 + samples), ("a", "b", "c"))


def test_every_sample_is_answered_in_order_and_progress_is_told() -> None:
    told, session = [], FakeSession()
    predictions = evaluate(session, split(), batch=4, progress=lambda n, note: told.append(n))
    assert session.batches == [4, 4, 2]
    assert told == [4, 8, 10]
    np.testing.assert_array_equal(predictions.predicted, predictions.labels)
    np.testing.assert_array_equal(predictions.ids, np.arange(100, 110))


def test_the_record_says_everything() -> None:
    model = ModelRecord(family="scale_cnn", width=4, seed=1)
    meta = evaluate(FakeSession(), split(), data_name="made", model=model).meta
    assert meta.kind == "logits"
    assert meta.artifact_sha256 == SHA
    assert (meta.data_digest, meta.data_name, meta.split) == (split().digest, "made", "test")
    assert meta.class_names == ("a", "b", "c")
    assert (meta.runtime, meta.model) == (FakeSession.record, model)
    assert meta.host == host_record()


def test_a_model_with_other_classes_than_the_labels_is_refused() -> None:
    with pytest.raises(ArtifactError, match="the model answers 4 classes, the data has 3"):
        evaluate(FakeSession(classes=4), split())


def test_missing_rows_are_refused() -> None:
    with pytest.raises(ArtifactError, match="9 rows of scores for 10 images"):
        evaluate(FakeSession(drop=1), split())


def test_the_host_is_this_machine() -> None:
    record = host_record()
    assert (record.system, record.machine) == (platform.system(), platform.machine())
    assert set(record.features) <= set(_flags())


def _flags() -> list[str]:
    from pathlib import Path

    return Path("/proc/cpuinfo").read_text().split()
