"""The errors of `export`: each message is one line for the person who can act on it."""

from __future__ import annotations


class ExportError(Exception):
    """A model could not be converted, or a converted model is not what it must be."""


class InvalidModelFileError(ExportError):
    """A model file is damaged, not of the claimed format, or not int8 where int8 is required."""


def in_one_line(error: BaseException, limit: int = 300) -> str:
    """Return a foreign error as `Type: message` on one line, cut after `limit` characters."""
    return " ".join(f"{type(error).__name__}: {error}".split())[:limit]
