"""The litert runtime runs on whichever package brings the Interpreter, and says which."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from harness.errors import ArtifactError, MissingExtraError
from harness.runtimes import find_runtime
from tests.made_tflite import Made, Op, T, dense_model

FAKE = """
from ai_edge_litert.interpreter import Interpreter, OpResolverType
"""


def hide(monkeypatch: pytest.MonkeyPatch, *packages: str) -> None:
    real = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name in packages else real(name)
    )


@pytest.fixture
def dense(tmp_path: Path) -> Path:
    path = tmp_path / "dense.tflite"
    path.write_bytes(dense_model().pack())
    return path


@pytest.fixture
def fake_tflite_runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    package = tmp_path / "site" / "tflite_runtime"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("__version__ = '2.14.0'\n")
    (package / "interpreter.py").write_text(FAKE)
    monkeypatch.syspath_prepend(package.parent)
    yield
    for name in [one for one in sys.modules if one.startswith("tflite_runtime")]:
        del sys.modules[name]


@pytest.mark.usefixtures("fake_tflite_runtime")
@pytest.mark.parametrize("name", ["litert", "litert-ref"])
def test_tflite_runtime_serves_where_ai_edge_litert_is_missing(
    monkeypatch: pytest.MonkeyPatch, dense: Path, name: str
) -> None:
    images = np.arange(-8, 8, dtype=np.int8).reshape(4, 4)
    with find_runtime(name).load(dense) as session:
        expected = session.predict(images)
        assert session.record.version.startswith("ai-edge-litert ")
    hide(monkeypatch, "ai_edge_litert")
    with find_runtime(name).load(dense) as session:
        np.testing.assert_array_equal(session.predict(images), expected)
        assert session.record.version == "tflite-runtime 2.14.0"
        assert session.record.options["module"] == "tflite_runtime.interpreter"


@pytest.mark.usefixtures("fake_tflite_runtime")
def test_one_that_is_installed_but_broken_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, dense: Path
) -> None:
    hide(monkeypatch, "ai_edge_litert")
    broken = tmp_path / "site" / "tflite_runtime" / "interpreter.py"
    broken.write_text("raise ImportError('built for numpy 1')")
    with pytest.raises(MissingExtraError, match=r"tflite-runtime 2\.14\.0 is broken .*numpy 1"):
        find_runtime("litert").load(dense)


def test_without_any_of_them_the_message_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, dense: Path
) -> None:
    hide(monkeypatch, "ai_edge_litert", "tflite_runtime", "tensorflow")
    with pytest.raises(MissingExtraError, match=r"pip install 'tinygate\[runtimes\]'"):
        find_runtime("litert").load(dense)


def test_several_interpreters_answer_as_one(dense: Path) -> None:
    images = np.random.default_rng(0).integers(-128, 128, (500, 4), dtype=np.int8)
    with find_runtime("litert-ref", {"interpreters": 1}).load(dense) as session:
        alone = session.predict(images)
    with find_runtime("litert-ref", {"interpreters": 3}).load(dense) as session:
        np.testing.assert_array_equal(session.predict(images), alone)


def test_a_model_the_interpreter_refuses_is_one_line(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "custom.tflite"
    tensors = [T((1, 4), "int8", 0.1), T((1, 4), "int8", 0.1)]
    path.write_bytes(Made(tensors, [Op(32, [0], [1], custom="Unheard")]).pack())
    with pytest.raises(
        ArtifactError, match=r"ai-edge-litert refuses the model: .*Unheard"
    ) as caught:
        find_runtime("litert").load(path)
    assert "\n" not in str(caught.value)
    assert capfd.readouterr() == ("", "")


def test_a_fixed_batch_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "batch.tflite"
    tensors = [T((2, 4), "int8", 0.1), T((2, 4), "int8", 0.1)]
    path.write_bytes(Made(tensors, [Op(22, [0], [1])]).pack())
    with pytest.raises(ArtifactError, match="the batch must be 1"):
        find_runtime("litert").load(path)
