from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load, save

from export.preprocessing import Preprocessing
from harness.errors import ArtifactError
from harness.training.checkpoint import load_model, save_model
from models import ModelSpec, build

KEY = "tinygate.checkpoint"
PREPROCESSING = Preprocessing((1.0, 2.0), (3.0, 4.0))


def saved(path: Path, spec: ModelSpec) -> torch.nn.Module:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        module = build(spec)
    save_model(path, module, spec, 7, PREPROCESSING, ("a", "b", "c"), {"note": [1, "x"]})
    return module


@pytest.fixture
def checkpoint(tmp_path: Path, spec: ModelSpec) -> Path:
    saved(tmp_path / "model.safetensors", spec)
    return tmp_path / "model.safetensors"


def record_of(path: Path) -> dict[str, Any]:
    content = path.read_bytes()
    (size,) = struct.unpack("<Q", content[:8])
    record: dict[str, Any] = json.loads(json.loads(content[8 : 8 + size])["__metadata__"][KEY])
    return record


def rewrite(path: Path, record: object, **tensors: torch.Tensor | None) -> None:
    content = load(path.read_bytes()) | {
        name.replace("__", "."): one for name, one in tensors.items()
    }
    text = record if isinstance(record, str) else json.dumps(record)
    path.write_bytes(save({k: v for k, v in content.items() if v is not None}, {KEY: text}))


@pytest.mark.parametrize(("family", "width"), [("scale_cnn", 2), ("mobilenet_v2", 0.1)])
def test_a_loaded_model_answers_as_the_saved_one(tmp_path: Path, family: str, width: float) -> None:
    spec = ModelSpec(family, width, in_channels=2, image_size=(8, 8), classes=3)
    path = tmp_path / "model.safetensors"
    module = saved(path, spec).eval()
    loaded = load_model(path)
    images = torch.rand(5, 2, 8, 8, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        assert torch.equal(loaded.module(images), module(images))
    assert not loaded.module.training
    assert (loaded.spec, loaded.seed, loaded.preprocessing) == (spec, 7, PREPROCESSING)
    assert loaded.class_names == ("a", "b", "c")
    assert loaded.extra == {"note": [1, "x"]}


def test_equal_content_gives_equal_bytes(tmp_path: Path, spec: ModelSpec) -> None:
    contents = []
    for name in ("one", "two"):
        saved(tmp_path / name, spec)
        contents.append((tmp_path / name).read_bytes())
    assert contents[0] == contents[1]


def test_loading_leaves_torchs_generator_alone(checkpoint: Path) -> None:
    before = torch.get_rng_state()
    load_model(checkpoint)
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("kept", [0, 7, 8, 100, -1])
def test_a_truncated_file_is_one_clear_line(checkpoint: Path, kept: int) -> None:
    checkpoint.write_bytes(checkpoint.read_bytes()[:kept])
    with pytest.raises(ArtifactError, match="not a readable safetensors file") as caught:
        load_model(checkpoint)
    assert str(caught.value).startswith(str(checkpoint))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "content", [b"PK\x03\x04", b"\xff" * 64, b"\x80\x04.", struct.pack("<Q", 2**62) + b"{}"]
)
def test_another_kind_of_file_is_one_clear_line(checkpoint: Path, content: bytes) -> None:
    checkpoint.write_bytes(content)
    with pytest.raises(ArtifactError, match="not a readable safetensors file"):
        load_model(checkpoint)


def test_a_missing_file_and_a_folder_are_one_clear_line(tmp_path: Path) -> None:
    for path in (tmp_path / "nothing.safetensors", tmp_path):
        with pytest.raises(ArtifactError, match="no such file"):
            load_model(path)


def test_tensors_without_our_metadata_are_not_a_checkpoint(checkpoint: Path) -> None:
    checkpoint.write_bytes(save(load(checkpoint.read_bytes())))
    with pytest.raises(ArtifactError, match="tinygate did not write this file"):
        load_model(checkpoint)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"format": 2}, "metadata: format"),
        ({"surprise": 1}, "metadata: unknown key 'surprise'"),
        ({"seed": None}, "metadata: seed"),
        ({"width": "wide"}, "metadata: width"),
        ({"width": 1e308}, "whole number of channels"),
        ({"width": 4}, "the model needs"),
        ({"width": 4096}, "the model needs"),
        ({"family": "resnet"}, "names the family 'resnet'"),
        ({"in_channels": 10**12}, "in_channels must be 1 to 4096"),
        ({"image_size": [8]}, "metadata: image_size"),
        ({"image_size": [0, 8]}, "a side of the image"),
        ({"classes": 2}, "3 class names for 2 classes"),
        ({"classes": 10**9}, "3 class names for 1000000000 classes"),
        ({"preprocessing": {"mean": [1], "std": [1]}}, "preprocessing has 1 channels"),
        ({"preprocessing": {"mean": [1, 1], "std": [0, 1]}}, "std must be positive"),
        ({"preprocessing": {"mean": [1, 1], "std": [1]}}, "mean has 2 channels, std 1"),
    ],
)
def test_metadata_that_makes_no_sense_is_one_clear_line(
    checkpoint: Path, changes: dict[str, object], message: str
) -> None:
    rewrite(checkpoint, record_of(checkpoint) | changes)
    with pytest.raises(ArtifactError, match=message) as caught:
        load_model(checkpoint)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", ["", "[]", "null", "{", "[" * 100_000, '"text"'])
def test_metadata_that_is_no_record_is_one_clear_line(checkpoint: Path, text: str) -> None:
    rewrite(checkpoint, text)
    with pytest.raises(ArtifactError, match="metadata: ") as caught:
        load_model(checkpoint)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("tensors", "message"),
    [
        ({"classifier__bias": None}, "'classifier.bias' is missing"),
        ({"surprise": torch.zeros(1)}, "'surprise' is unknown"),
        ({"classifier__bias": torch.zeros(4)}, r"is \(4,\) of torch.float32"),
        ({"classifier__bias": torch.zeros(3, dtype=torch.float64)}, "of torch.float64"),
        ({"classifier__bias": torch.tensor([0, float("nan"), 0])}, "holds NaN or infinity"),
    ],
)
def test_tensors_that_do_not_fit_are_one_clear_line(
    checkpoint: Path, tensors: dict[str, torch.Tensor | None], message: str
) -> None:
    rewrite(checkpoint, record_of(checkpoint), **tensors)
    with pytest.raises(ArtifactError, match=message):
        load_model(checkpoint)


def test_a_class_that_a_file_names_is_imported_only_when_allowed(
    checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "own_network.py").write_text(
        "from pathlib import Path\n"
        "from models.scale_cnn import ScaleCNN as Own\n"
        f"Path({str(tmp_path / 'executed')!r}).touch()\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    rewrite(checkpoint, record_of(checkpoint) | {"family": "own_network:Own"})
    with pytest.raises(ArtifactError, match="names the family 'own_network:Own', which is not one"):
        load_model(checkpoint)
    assert not (tmp_path / "executed").exists()
    assert load_model(checkpoint, allow_custom=True).spec.family == "own_network:Own"
    assert (tmp_path / "executed").exists()


def test_a_class_that_is_gone_is_one_clear_line(checkpoint: Path) -> None:
    rewrite(checkpoint, record_of(checkpoint) | {"family": "no_such_network:Own"})
    with pytest.raises(ArtifactError, match="importing 'no_such_network' failed"):
        load_model(checkpoint, allow_custom=True)
