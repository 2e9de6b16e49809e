"""The reference page of a config's keys, written from its schema."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from harness.config_schema import config_schema

_HEAD = """\
# Config keys

<!-- written by `make reference`; edit the docstrings of the types of the config -->

A config is a TOML file for `tinygate run`. Relative paths are relative to the file. An unknown key
is an error that lists the allowed ones. `tinygate init` writes a commented config to start from;
[config.schema.json](config.schema.json), which `tinygate schema` prints, is this page for editors.
A cluster is named on the command line, not here:
[a sweep on a cluster](../how-to/cluster.md). What a check means, and how it is decided:
[checks](checks.md).
"""
_BOUNDS = {
    "minimum": "at least {}",
    "exclusiveMinimum": "above {}",
    "maximum": "at most {}",
    "exclusiveMaximum": "below {}",
    "maxLength": "at most {} characters",
}


def config_reference() -> str:
    """Return the page as Markdown: one section a table, one row a key."""
    schema = config_schema()
    sections = _sections("", schema, schema["$defs"])
    return _HEAD + "".join(f"\n{one}" for one in sections)


def _sections(path: str, table: dict[str, Any], tables: dict[str, Any]) -> Iterator[str]:
    """Yield the section of a table, and below it those of the tables it holds."""
    inner = {key: _table_of(value) for key, value in table["properties"].items()}
    yield _section(path, table, {key for key, name in inner.items() if name is None})
    for key, name in inner.items():
        if name is not None:
            below = f"{path.strip('[]')}.{key}".lstrip(".")
            many = "items" in table["properties"][key]
            yield from _sections(f"[[{below}]]" if many else f"[{below}]", tables[name], tables)


def _section(path: str, table: dict[str, Any], keys: set[str]) -> str:
    title = f"`{path}`" if path else "At the top"
    whole = table.get("description", "")
    about = whole.partition(": ")[2] if whole.startswith(("`", "One `")) else whole
    required = set(table.get("required", ()))
    rows = [
        _row(key, value, key in required)
        for key, value in table["properties"].items()
        if key in keys
    ]
    head = "| key | type | default | meaning |\n|---|---|---|---|\n"
    return f"## {title}\n\n{about[:1].upper()}{about[1:]}\n\n{head}{''.join(rows)}"


def _row(key: str, value: dict[str, Any], required: bool) -> str:
    default = "*required*" if required else "*none*"
    if "default" in value:
        default = f"`{_toml(value['default'])}`"
    meaning = value.get("description", "").replace("|", "\\|")
    return f"| `{key}` | {_type(value)} | {default} | {meaning} |\n"


def _table_of(value: dict[str, Any]) -> str | None:
    """Return the name of the table, or of the array of tables, that a key holds."""
    reference = value.get("$ref") or value.get("items", {}).get("$ref")
    return reference.rpartition("/")[2] if reference else None


def _type(value: dict[str, Any]) -> str:
    if "enum" in value:
        return "one of " + ", ".join(f"`{_toml(one)}`" for one in value["enum"])
    if "anyOf" in value:
        named = value.get("type") == "string"  # names that exist, or one of the user's own
        return "string" if named else " or ".join(_type(one) for one in value["anyOf"])
    bounds = [text.format(value[key]) for key, text in _BOUNDS.items() if key in value]
    kind = value.get("format") or value.get("type", "any")
    if kind == "array":
        exact = value.get("maxItems", "")
        kind = f"array of {exact} {_plural(value['items'])}".replace("  ", " ")
        bounds = ["not empty"] if value.get("minItems") and not exact else []
    if value.get("pattern"):
        bounds.append(f"matches `{value['pattern']}`")
    return ", ".join([kind, *bounds])


def _plural(items: dict[str, Any]) -> str:
    if "enum" in items:
        return _type(items).removeprefix("one of ")
    kinds = [one["type"] for one in items.get("anyOf", [items])]
    return " or ".join(f"{kind}s" for kind in kinds)


def _toml(value: Any) -> str:
    """Return a value as TOML writes it, which for these is as JSON does."""
    return json.dumps(value, ensure_ascii=False)
