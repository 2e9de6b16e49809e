"""Every piece of TOML in the documentation is a config, a file of checks, or a part of a config."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from harness.config import Config, parse_config
from harness.errors import ConfigError
from harness.gate.checks import ChecksFile
from harness.starting_config import Start, starting_config
from tests.docs.page import Block, Page, pages

BLOCKS = [(page, one) for page in pages() for one in page.blocks if one.language == "toml"]
BASE = starting_config(Start(device="qemu://mps2-an386"), Path())


@pytest.mark.parametrize(
    ("page", "block"), BLOCKS, ids=[f"{page.name}:{one.line}" for page, one in BLOCKS]
)
def test_toml_in_the_documentation_is_valid(page: Page, block: Block) -> None:
    content = tomllib.loads(block.text)
    if "checks" in content:
        ChecksFile.model_validate(content)
    else:
        completed(content)


def completed(content: dict[str, Any]) -> Config:
    """Return the config that a part makes together with the rest of a starting config."""
    base = tomllib.loads(BASE)
    if "models" in content and "gate" not in content:
        del base["gate"]
    return parse_config(merged(base, content), Path("tinygate.toml"))


def merged(base: dict[str, Any], part: dict[str, Any]) -> dict[str, Any]:
    """Return `base` with the keys of `part` in their place, table by table."""
    both = dict(base)
    for key, value in part.items():
        inner = isinstance(value, dict) and isinstance(base.get(key), dict)
        both[key] = merged(base[key], value) if inner else value
    return both


@pytest.mark.parametrize("wrong", ["[train]\nepoch = 3", "[gate]\nruntime = 'desktop'", "nmae = 1"])
def test_a_part_with_a_wrong_key_or_value_is_found(wrong: str) -> None:
    with pytest.raises(ConfigError):
        completed(tomllib.loads(wrong))


def test_there_is_toml_to_check() -> None:
    assert len(BLOCKS) > 10
