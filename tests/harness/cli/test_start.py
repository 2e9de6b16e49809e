"""`tinygate init` writes a config that can be run, and `tinygate schema` what it may hold."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from harness.cli.main import run
from harness.config import load_config
from harness.config_schema import SCHEMA_NAME, config_schema
from harness.data import load_dataset


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def images(path: str, samples: int = 60) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (samples, 6, 6, 1), dtype=np.uint8)
    np.savez(path, images=pixels, labels=np.arange(samples) % 3)


def test_the_config_is_valid_and_names_a_schema_beside_it(folder: Path) -> None:
    assert run(["init"]) == 0
    config = load_config(Path("tinygate.toml"))
    assert (config.name, config.data.source) == ("digits", "digits")
    assert config.gate is not None and config.gate.runtime == "tflm"
    first = Path("tinygate.toml").read_text().partition("\n")[0]
    assert first == f"#:schema ./{SCHEMA_NAME}"
    assert json.loads((folder / SCHEMA_NAME).read_text()) == config_schema()


@pytest.mark.parametrize("family", ["scale_cnn", "mobilenet_v2", "my_net:MyNet", 'a"{b}:C\x7f'])
@pytest.mark.parametrize("device", [None, "qemu://mps2-an386", "/dev/{tty}"])
def test_every_choice_makes_a_valid_config(family: str, device: str | None) -> None:
    assert run(["init", "--family", family, *(["--device", device] if device else [])]) == 0
    config = load_config(Path("tinygate.toml"))
    assert config.models[0].family == family
    assert config.evaluate.devices == ((device,) if device else ())
    assert config.gate is not None
    assert config.gate.runtime == ("device" if device else "tflm")


def test_own_data_are_found_from_the_configs_folder_and_can_be_split(folder: Path) -> None:
    images("my data (1).npz")
    assert run(["init", "configs/one.toml", "--data", "my data (1).npz"]) == 0
    config = load_config(Path("configs/one.toml"))
    assert config.name == "my-data-1"
    assert (folder / "configs" / SCHEMA_NAME).is_file()
    assert len(load_dataset(config.data).test) == 18


@pytest.mark.parametrize("name", ["...", "{x}", "ä b"])
def test_a_file_of_any_name_gives_a_pipeline_a_name(name: str) -> None:
    images(f"{name}.npz")
    assert run(["init", "--data", f"{name}.npz"]) == 0
    assert load_dataset(load_config(Path("tinygate.toml")).data)


def test_a_folder_of_pictures_is_found(folder: Path) -> None:
    image = pytest.importorskip("PIL.Image")
    generator = np.random.default_rng(0)
    for index in range(40):
        place = folder / "pictures" / f"class {index % 2}"
        place.mkdir(parents=True, exist_ok=True)
        pixels = generator.integers(0, 256, (8, 8), dtype=np.uint8)
        image.fromarray(pixels).save(place / f"{index}.png")
    assert run(["init", "--data", "pictures"]) == 0
    config = load_config(Path("tinygate.toml"))
    assert (config.name, config.data.source) == ("pictures", "image-folder")
    assert len(load_dataset(config.data).test) == 12


def test_nothing_is_overwritten(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("tinygate.toml").write_text("mine")
    Path(SCHEMA_NAME).write_text("{}")
    assert run(["init"]) == 2
    assert capsys.readouterr().err == (
        "error: tinygate.toml: exists; give another name, as in: tinygate init other.toml\n"
    )
    assert run(["init", "other.toml"]) == 0
    assert Path("tinygate.toml").read_text() == "mine"
    assert Path(SCHEMA_NAME).read_text() == "{}"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--family", "resnet"], "unknown family"),
        (["--data", "none.npz"], "none.npz"),
        (["--device", ""], "--device"),
        (["--data", "."], "no pictures"),
    ],
)
def test_what_makes_no_config_leaves_no_file(
    arguments: list[str], message: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["init", *arguments]) == 2
    error = capsys.readouterr().err
    assert message in error and error.count("\n") == 1
    assert list(folder.iterdir()) == []


def test_schema_prints_what_init_writes(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["schema"]) == 0
    printed = capsys.readouterr().out
    assert run(["init"]) == 0
    assert printed == Path(SCHEMA_NAME).read_text()
    assert run(["schema", "--markdown"]) == 0
