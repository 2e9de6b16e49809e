"""What every runtime promises, whatever computes the scores."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness.errors import ArtifactError, InfrastructureError
from harness.runtimes import RUNTIMES, find_runtime
from tests.devices import firmware
from tests.exported import Exported
from tests.made_tflite import dense_model

INT8 = ("litert", "litert-ref", "tflm", "device")


def find(name: str) -> Any:
    """Return the runtime; the device is the emulated board, its firmware built first."""
    if name != "device":
        return find_runtime(name)
    firmware.shipped_image("mps2-an386")
    return find_runtime(name, {"devices": ["qemu://mps2-an386"]})


@pytest.fixture(scope="module", params=RUNTIMES)
def name(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(scope="module")
def session(name: str, scale_cnn: Exported) -> Any:
    runtime = find(name)
    with runtime.load(scale_cnn.by_suffix(runtime.suffix)) as opened:
        yield opened


@pytest.fixture(scope="module")
def scores(session: Any, scale_cnn: Exported) -> Any:
    return session.predict(scale_cnn.images)


def test_scores_are_float32_one_row_per_image_and_near_torch(
    scores: Any, scale_cnn: Exported
) -> None:
    import torch

    inputs = scale_cnn.preprocessing.apply(scale_cnn.images).transpose(0, 3, 1, 2)
    with torch.no_grad():
        expected = scale_cnn.module(torch.from_numpy(inputs.copy())).numpy()
    assert scores.shape == (96, 10)
    assert scores.dtype == np.float32
    error = np.abs(scores - expected).max() / np.abs(expected).max()
    assert error < 0.15


def test_the_order_of_images_is_the_order_of_scores(
    session: Any, scores: Any, scale_cnn: Exported
) -> None:
    reversed_scores = session.predict(scale_cnn.images[::-1])
    np.testing.assert_allclose(reversed_scores[::-1], scores, rtol=1e-4, atol=1e-5)


def test_a_score_does_not_depend_on_the_batch_around_it(
    name: str, session: Any, scores: Any, scale_cnn: Exported
) -> None:
    single = np.concatenate([session.predict(scale_cnn.images[i : i + 1]) for i in range(8)])
    if name in INT8:
        np.testing.assert_array_equal(single, scores[:8])
    else:
        np.testing.assert_allclose(single, scores[:8], rtol=1e-4, atol=1e-5)


def test_the_same_images_as_float_give_the_same_scores(
    session: Any, scores: Any, scale_cnn: Exported
) -> None:
    np.testing.assert_array_equal(session.predict(scale_cnn.images.astype(np.float32)), scores)
    np.testing.assert_array_equal(session.predict(scale_cnn.images[..., 0]), scores)


def test_the_session_says_what_it_is(name: str, session: Any, scale_cnn: Exported) -> None:
    runtime = find(name)
    path = scale_cnn.by_suffix(runtime.suffix)
    assert session.kind == "logits"
    assert session.record.name == name
    assert session.record.version == runtime.version
    assert session.record.options
    assert session.artifact_sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize("shape", [(2, 8, 8, 3), (2, 7, 8, 1), (2, 64, 1), (2, 63)])
def test_images_of_another_shape_are_refused_and_the_session_lives_on(
    session: Any, scores: Any, scale_cnn: Exported, shape: tuple[int, ...]
) -> None:
    with pytest.raises(ArtifactError, match=r"channels|the model takes images of shape"):
        session.predict(np.zeros(shape, np.uint8))
    np.testing.assert_array_equal(session.predict(scale_cnn.images), scores)


def test_closing_twice_is_harmless_and_a_closed_session_says_so(
    name: str, scale_cnn: Exported
) -> None:
    runtime = find(name)
    session = runtime.load(scale_cnn.by_suffix(runtime.suffix))
    session.close()
    session.close()
    with pytest.raises(InfrastructureError, match="closed"):
        session.predict(scale_cnn.images[:1])


@pytest.mark.parametrize("content", [b"", b"not a model at all", b"\0" * 4096])
def test_a_file_that_is_no_model_is_refused_in_one_line(
    name: str, tmp_path: Path, content: Any
) -> None:
    runtime = find(name)
    path = tmp_path / f"model{runtime.suffix}"
    path.write_bytes(content)
    with pytest.raises(ArtifactError) as caught:
        runtime.load(path)
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_refused(name: str, tmp_path: Path) -> None:
    runtime = find(name)
    with pytest.raises(ArtifactError, match="no such file"):
        runtime.load(tmp_path / f"none{runtime.suffix}")


def test_a_float_tflite_is_refused_by_tflm_and_runs_elsewhere(tmp_path: Path) -> None:
    path = tmp_path / "float.tflite"
    path.write_bytes(dense_model(dtype="float32").pack())
    with pytest.raises(ArtifactError, match="is float where int8 is required"):
        find_runtime("tflm").load(path)
    with find_runtime("litert-ref").load(path) as session:
        values = np.float32([[1, 0, 0, 2], [0, 1, 0, 0]])
        weights = np.arange(12).reshape(3, 4)
        np.testing.assert_array_equal(session.predict(values), values @ weights.T)


def test_reference_kernels_stay_within_one_step_of_tflm(scale_cnn: Exported) -> None:
    answers = {}
    for runtime in ("litert-ref", "tflm"):
        with find_runtime(runtime).load(scale_cnn.tflite) as session:
            answers[runtime] = session.predict(scale_cnn.images)
    step = scale_cnn.artifact.output.scale
    difference = np.abs(answers["tflm"] - answers["litert-ref"]) / step
    assert difference.max() < 1.01
