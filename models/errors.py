"""The errors of `models`: each message is one line for the person who can act on it."""

from __future__ import annotations


class ModelError(ValueError):
    """A network cannot be built as asked: family, width, image size or a user's own class."""


class UnknownFamilyError(ModelError):
    """No family has that name; the message lists those that exist."""
