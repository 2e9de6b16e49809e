"""The schema for editors accepts what the reader accepts, and refuses wrong keys and values."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from harness.config import parse_config
from harness.config_reference import config_reference
from harness.config_schema import config_schema
from harness.errors import ConfigError
from harness.starting_config import Start, starting_config

ROOT = Path(__file__).parents[2]
SCHEMA = config_schema()
_TYPES: dict[str, type | tuple[type, ...]] = {
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "array": list,
    "object": dict,
}
_SAID = {"$schema", "$defs", "title", "description", "default", "format"}


def accepts(value: Any, schema: dict[str, Any]) -> bool:
    """Judge a value by the keywords of JSON Schema draft 7 that the schema uses, and no others."""
    if "$ref" in schema:
        return accepts(value, SCHEMA["$defs"][schema["$ref"].rpartition("/")[2]])
    if "type" in schema and not holds("type", value, schema):
        return False
    return all(holds(key, value, schema) for key in schema if key not in _SAID)


def holds(key: str, value: Any, schema: dict[str, Any]) -> bool:  # noqa: PLR0911, PLR0912
    due = schema[key]
    match key:
        case "type":
            wrong = isinstance(value, bool) and due != "boolean"
            return isinstance(value, _TYPES[due]) and not wrong
        case "enum":
            return value in due
        case "anyOf":
            return any(accepts(value, one) for one in due)
        case "properties":
            return all(accepts(value[name], due[name]) for name in value if name in due)
        case "additionalProperties":
            assert due is False
            return set(value) <= set(schema["properties"])
        case "required":
            return set(due) <= set(value)
        case "items":
            return all(accepts(one, due) for one in value)
        case "pattern":
            return re.search(due, value) is not None
        case "const":
            return bool(value == due)
        case "minItems" | "minLength":
            return len(value) >= due
        case "maxItems" | "maxLength":
            return len(value) <= due
        case "minimum":
            return bool(value >= due)
        case "exclusiveMinimum":
            return bool(value > due)
        case "maximum":
            return bool(value <= due)
        case "exclusiveMaximum":
            return bool(value < due)
    raise AssertionError(f"the schema uses {key!r}, which this test does not know")


def configs() -> list[str]:
    examples = [path.read_text(encoding="utf-8") for path in (ROOT / "examples").glob("*.toml")]
    starts = [
        Start(),
        Start(Path("a.npz"), 99, family="my:Net", device="/dev/ttyACM0"),
        Start(family="mobilenet_v2"),
    ]
    return [*examples, *(starting_config(start, Path()) for start in starts)]


@pytest.mark.parametrize("text", configs())
def test_configs_that_can_be_run_are_accepted(text: str) -> None:
    content = tomllib.loads(text)
    parse_config(content, Path("c.toml"))
    assert accepts(content, SCHEMA)


WRONG = (
    "epoch = 3",
    "[train]\nepochs = 0",
    "[train]\nepochs = 'three'",
    "[train.augment]\nflipped = true",
    "[data]\nsource = 'digits'\ntest_fraction = 1.0",
    "[gate]\nruntime = 'desktop'",
    "[evaluate]\nruntimes = []",
    "[register]\nalias = '1st'",
)


@pytest.mark.parametrize("wrong", WRONG)
def test_what_the_reader_refuses_by_itself_the_schema_refuses(wrong: str) -> None:
    content = tomllib.loads(starting_config(Start(), Path()))
    for key, value in tomllib.loads(wrong).items():
        content[key] = content[key] | value if isinstance(value, dict) and key in content else value
    with pytest.raises(ConfigError):
        parse_config(content, Path("c.toml"))
    assert not accepts(content, SCHEMA)


@pytest.mark.parametrize(
    ("table", "key"), [("data", "source"), ("models", "family"), ("checks", "metric")]
)
def test_a_name_that_there_is_not_is_refused(table: str, key: str) -> None:
    content = tomllib.loads(starting_config(Start(), Path()))
    place = content["gate"]["checks"] if table == "checks" else content[table]
    (place if table == "data" else place[0])[key] = "imagenet"
    assert not accepts(content, SCHEMA)


def test_every_key_says_what_it_is() -> None:
    tables = [SCHEMA, *SCHEMA["$defs"].values()]
    silent = [
        key
        for table in tables
        for key, value in table["properties"].items()
        if "description" not in value and "$ref" not in str(value)
    ]
    assert silent == []


def test_the_reference_page_has_a_row_for_every_key() -> None:
    rows = re.findall(r"^\| `(\w+)` \|", config_reference(), re.MULTILINE)
    keys = [
        key
        for table in [SCHEMA, *SCHEMA["$defs"].values()]
        for key, value in table["properties"].items()
        if "$ref" not in str(value)
    ]
    assert sorted(rows) == sorted(keys)
