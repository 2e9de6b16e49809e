from __future__ import annotations

import re
from pathlib import Path

import pytest

from harness.config import DataConfig, load_config
from harness.data import SOURCES, load_dataset
from harness.errors import ConfigError, DataError

TAKEN = {
    "digits": set(),
    "npz": {"path", "test_path"},
    "cifar10": {"path", "download"},
    "cifar100": {"path", "download"},
    "cifar100-c": {"path", "test_path", "download", "corruption", "severity"},
    "tiny-imagenet": {"path", "download"},
    "speech-commands": {"path", "download", "classes"},
    "image-folder": {"path", "test_path", "image_size"},
    "glyphs100": {"path", "train_samples", "test_samples"},
}
VALUES = {
    "path": "somewhere",
    "test_path": "elsewhere",
    "download": True,
    "image_size": [8, 8],
    "corruption": "fog",
    "severity": 1,
    "classes": 35,
    "train_samples": 1000,
    "test_samples": 1000,
}
REFUSED = [(source, key) for source, keys in TAKEN.items() for key in VALUES if key not in keys]


@pytest.mark.parametrize(("source", "key"), REFUSED)
def test_a_key_that_a_source_does_not_read_is_an_error(source: str, key: str) -> None:
    config = DataConfig.model_validate({"source": source, key: VALUES[key]})
    with pytest.raises(DataError, match=rf"\[data\] {key}: source '{source}' does not take it"):
        load_dataset(config)


def test_the_reference_has_a_row_for_every_source_and_names_every_key() -> None:
    pages = (Path(__file__).parents[3] / "docs" / "reference").glob("data*.md")
    text = "".join(page.read_text() for page in pages)
    rows = re.findall(r"^\| `([a-z0-9-]+)` \|", text, flags=re.MULTILINE)
    assert set(SOURCES) <= set(rows)
    for key in DataConfig.model_fields:
        assert f"`{key}`" in text


@pytest.mark.parametrize("value", [10, 0, "all"])
def test_a_task_that_does_not_exist_is_refused_with_the_config(
    tmp_path: Path, value: object
) -> None:
    path = tmp_path / "c.toml"
    path.write_text(
        f'name = "x"\n[data]\nsource = "speech-commands"\nclasses = {value!r}\n'
        '[[models]]\nfamily = "scale_cnn"\nwidths = [4]\n'
    )
    with pytest.raises(ConfigError, match="classes"):
        load_config(path)
