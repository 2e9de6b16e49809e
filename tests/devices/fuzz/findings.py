"""Inputs that once ended a target, from findings.txt; each target runs them in the tests."""

from pathlib import Path

PATH = Path(__file__).with_name("findings.txt")


def of(target: str) -> dict[str, bytes]:
    """Name and bytes of what was found with `target`, in either build of it."""
    rows = (line.split() for line in PATH.read_text().splitlines() if not line.startswith("#"))
    return {
        row[1]: bytes.fromhex(row[2]) for row in rows if row and row[0] in (target, _base(target))
    }


def _base(target: str) -> str:
    return target.removesuffix("-dsp")
