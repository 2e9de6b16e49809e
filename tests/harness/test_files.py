from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from harness.files import (
    atomic_path,
    sha256_of_file,
    sha256_of_json,
    write_json,
    write_text,
)


def test_a_failed_write_leaves_the_old_file_and_no_other(tmp_path: Path) -> None:
    target = tmp_path / "a.txt"
    write_text(target, "old")
    with pytest.raises(RuntimeError, match="half way"), atomic_path(target) as temporary:
        temporary.write_text("new, unfinished")
        raise RuntimeError("half way")
    assert target.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]


def test_a_write_replaces_the_file_and_makes_missing_folders(tmp_path: Path) -> None:
    target = tmp_path / "deep" / "er" / "a.json"
    write_json(target, {"b": 1})
    write_json(target, {"b": 2})
    assert json.loads(target.read_text()) == {"b": 2}
    assert [p.name for p in target.parent.iterdir()] == ["a.json"]


def test_json_never_holds_nan(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(tmp_path / "a.json", {"ece": float("nan")})
    assert list(tmp_path.iterdir()) == []


def test_digests_are_sha256_of_content_and_of_canonical_json(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(bytes(3_000_000))
    assert sha256_of_file(path) == hashlib.sha256(bytes(3_000_000)).hexdigest()
    assert sha256_of_json({"b": 1, "a": [2]}) == hashlib.sha256(b'{"a":[2],"b":1}').hexdigest()
