"""The errors of `export`: each message is one line for the person who can act on it."""

from __future__ import annotations


class ExportError(Exception):
    """A model could not be converted, or a converted model is not what it must be."""


class InvalidModelFileError(ExportError):
    """A model file is damaged, not of the claimed format, or not int8 where int8 is required."""


class MissingConverterError(ExportError):
    """A converter that was asked for is not installed."""

    def __init__(self, package: str, extra: str) -> None:
        super().__init__(package, extra)
        self.package, self.extra = package, extra

    def __str__(self) -> str:
        return (
            f"{self.package} is not installed; "
            f"install it with: pip install 'tinygate[{self.extra}]'"
        )


def in_one_line(error: BaseException, limit: int = 300) -> str:
    """Return a foreign error as `Type: message` on one line, cut after `limit` characters."""
    return " ".join(f"{type(error).__name__}: {error}".split())[:limit]
