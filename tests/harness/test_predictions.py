from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.special import softmax

from harness.errors import PredictionsError
from harness.predictions import Meta, ModelRecord, Predictions, RuntimeRecord
from tests.harness.made import drawn

META = json.dumps({"kind": "logits"})


def arrays(**changed: Any) -> dict[str, Any]:
    content = {
        "scores": np.array([[0.0, 1.0], [2.0, 1.0]], dtype=np.float32),
        "labels": np.array([1, 1]),
        "ids": np.array([7, 8]),
        "meta": np.array(META),
    }
    return {name: value for name, value in (content | changed).items() if value is not None}


def written(path: Path, **changed: Any) -> Path:
    np.savez(path, **arrays(**changed))
    return path


def test_a_file_written_with_plain_numpy_loads(tmp_path: Path) -> None:
    found = Predictions.load(written(tmp_path / "p.npz"))
    assert found.predicted.tolist() == [1, 0]
    assert found.correct.tolist() == [True, False]
    assert found.class_names == ("0", "1")
    assert found.meta == Meta(kind="logits")


def test_what_is_saved_loads_as_it_was(tmp_path: Path) -> None:
    meta = {
        "artifact_sha256": "a" * 64,
        "class_names": ("cat", "dog", "<b>"),
        "runtime": RuntimeRecord(name="tflm", options={"threads": 1}),
    }
    made = drawn(20, 3, seed=1, **meta)
    made.save(tmp_path / "p.npz")
    found = Predictions.load(tmp_path / "p.npz")
    assert found.meta == made.meta
    for name in ("scores", "labels", "ids"):
        np.testing.assert_array_equal(getattr(found, name), getattr(made, name))
        assert getattr(found, name).dtype == getattr(made, name).dtype


def test_equal_content_gives_equal_bytes(tmp_path: Path) -> None:
    for name in ("a.npz", "b.npz"):
        drawn(50, 4, seed=2).save(tmp_path / name)
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


def test_of_equal_scores_the_lowest_class_is_predicted() -> None:
    scores = np.array([[1.0, 3.0, 3.0], [2.0, 2.0, 2.0]], dtype=np.float32)
    found = Predictions(scores, np.array([1, 0]), np.arange(2), Meta(kind="logits"))
    assert found.predicted.tolist() == [1, 0]


def test_confidence_of_logits_is_their_softmax_in_float64() -> None:
    made = drawn(40_000, 3, seed=3, skill=4.0)
    expected = softmax(made.scores.astype(np.float64), axis=1).max(axis=1)
    np.testing.assert_allclose(made.confidence, expected, rtol=1e-12)
    assert made.confidence.dtype == np.float64


def test_confidence_of_huge_logits_does_not_overflow() -> None:
    scores = np.array([[3e38, -3e38], [-3e38, -3e38]], dtype=np.float32)
    found = Predictions(scores, np.array([0, 0]), np.arange(2), Meta(kind="logits"))
    assert found.confidence.tolist() == [1.0, 0.5]


def test_confidence_of_probabilities_is_taken_as_given_and_at_most_1() -> None:
    scores = np.array([[0.25, 0.75], [1.003, 0.0]], dtype=np.float32)
    found = Predictions(scores, np.array([0, 0]), np.arange(2), Meta(kind="probabilities"))
    assert found.confidence.tolist() == [0.75, 1.0]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"scores": np.zeros((2, 1))}, r"C >= 2, got shape \(2, 1\)"),
        ({"scores": np.zeros(2)}, r"must be \(N, C\)"),
        ({"scores": np.zeros((0, 2)), "labels": np.zeros(0, int)}, "no samples"),
        ({"scores": np.array([[0.0, np.nan], [0.0, 1.0]])}, "sample 0 hold NaN"),
        ({"scores": np.array([[0.0, 1.0], [np.inf, 1.0]])}, "sample 1 hold NaN or infinity"),
        ({"scores": np.array([[0.0, 1e300], [0.0, 1.0]])}, "sample 0 hold NaN or infinity"),
        ({"scores": np.array([["a", "b"], ["c", "d"]])}, "must be numbers"),
        ({"scores": np.zeros((2, 2), complex)}, "must be numbers"),
        ({"labels": np.array([0, 2])}, "label 2 is out of range 0 to 1"),
        ({"labels": np.array([-1, 0])}, "label -1 is out of range"),
        ({"labels": np.array([0.0, 1.0])}, "labels must be integers"),
        ({"labels": np.array([0])}, r"labels must have shape \(2,\)"),
        ({"ids": np.array([3, 3])}, "id 3 occurs more than once"),
        ({"ids": np.array([0.5, 1.5])}, "ids must be integers or text"),
        ({"ids": np.array([[1, 2]])}, "ids must have shape"),
        ({"meta": np.array("{")}, "meta: "),
        ({"meta": np.array('{"kind": "logits", "colour": 1}')}, "unknown key 'colour'"),
        ({"meta": np.array('{"kind": "votes"}')}, "kind: "),
        ({"meta": np.array(["{}", "{}"])}, "meta must be one JSON text"),
        ({"meta": np.array(1.5)}, "meta must be one JSON text"),
        ({"meta": np.array("[" * 100_000)}, "meta: "),
        ({"meta": np.array('{"kind": "logits", "class_names": ["a"]}')}, "1 class names for 2"),
        ({"meta": np.array('{"kind": "logits", "artifact_sha256": "x"}')}, "artifact_sha256"),
        ({"meta": np.array('{"kind": "probabilities"}')}, "range from 0 to 2"),
        (
            {"meta": np.array('{"kind": "probabilities"}'), "scores": np.full((2, 2), 0.9)},
            "sum to 1.8",
        ),
        ({"meta": None}, "array 'meta' is missing"),
        ({"scores": np.array([[object()] * 2] * 2)}, "Python objects"),
    ],
)
def test_a_file_with_wrong_content_is_refused_in_one_line(
    tmp_path: Path, changed: dict[str, Any], said: str
) -> None:
    path = written(tmp_path / "p.npz", **changed)
    with pytest.raises(PredictionsError, match=said) as caught:
        Predictions.load(path)
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)


def test_a_truncated_file_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path / "p.npz")
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(PredictionsError, match="not a readable"):
        Predictions.load(path)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PredictionsError, match="no such file"):
        Predictions.load(tmp_path / "none.npz")


def test_a_model_is_known_by_how_it_was_made_and_one_that_says_nothing_is_plain() -> None:
    plain = ModelRecord(family="scale_cnn", width=4, seed=0)
    spelled = plain.model_copy(update={"quantization": "int8", "converter": "litert-torch"})
    assert plain.identity == spelled.identity == ("scale_cnn", 4, 0, "")
    parts = {"pruned_from": 24, "quantization": "int8-per-tensor", "converter": "tensorflow"}
    assert plain.model_copy(update=parts).variant == "pruned-24+int8-per-tensor+tensorflow"
    assert "quantization" not in plain.model_dump_json(exclude_none=True)
