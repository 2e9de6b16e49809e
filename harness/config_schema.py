"""The JSON schema of a config, for editors: completion, and a warning where a key is unknown."""

from __future__ import annotations

import json
from typing import Any

from harness.config import Config
from harness.data import SOURCES
from harness.gate.metric import METRICS
from harness.runtimes import RUNTIMES
from models import FAMILIES

SCHEMA_NAME = "tinygate.schema.json"
"""How the file is called beside a config."""

_NULL = {"type": "null"}
_OWN_CLASS = {"pattern": "^[^:]+:[^:]+$"}


def config_schema() -> dict[str, Any]:
    """Return the schema, JSON Schema draft 7, which editors of TOML read.

    It knows keys, types, ranges and names. What needs two keys at once, such as a gate's target
    that no model trains, only `load_config` refuses.
    """
    schema: dict[str, Any] = _plain(Config.model_json_schema())
    tables = schema["$defs"]
    tables["Check"]["properties"]["metric"]["enum"] = list(METRICS)
    tables["DataConfig"]["properties"]["source"]["enum"] = list(SOURCES)
    tables["EvaluateConfig"]["properties"]["runtimes"]["items"]["enum"] = list(RUNTIMES)
    tables["GateConfig"]["properties"]["runtime"]["enum"] = list(RUNTIMES)
    for table in ("FamilyConfig", "Target"):
        family = tables[table]["properties"]["family"]
        family["anyOf"] = [{"enum": list(FAMILIES)}, _OWN_CLASS]
    head = {"$schema": "http://json-schema.org/draft-07/schema#", "title": "A tinygate pipeline"}
    return head | schema


def config_schema_text() -> str:
    """Return the schema as the text of a file."""
    return json.dumps(config_schema(), indent=2, ensure_ascii=False) + "\n"


def _plain(node: Any) -> Any:
    """Return a schema without what says nothing to a reader: generated titles and nulls.

    A key that may be absent is one that has no default here: TOML has no null.
    """
    if isinstance(node, list):
        return [_plain(one) for one in node]
    if not isinstance(node, dict):
        return node
    plain = {key: _plain(value) for key, value in node.items() if not _is_noise(key, value)}
    if isinstance(text := plain.get("description"), str):
        plain["description"] = " ".join(text.partition("\n\n")[0].split())
    if "prefixItems" in plain:  # of draft 2020; all our tuples hold one type
        plain["items"] = plain.pop("prefixItems")[0]
    return _without_null(plain)


def _is_noise(key: str, value: Any) -> bool:
    return (key == "title" and isinstance(value, str)) or (key == "default" and value is None)


def _without_null(node: dict[str, Any]) -> dict[str, Any]:
    choices = node.get("anyOf", [])
    if _NULL not in choices:
        return node
    kept = [one for one in choices if one != _NULL]
    rest = {key: value for key, value in node.items() if key != "anyOf"}
    return rest | (kept[0] if len(kept) == 1 else {"anyOf": kept})
