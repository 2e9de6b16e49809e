"""A version of the registered model as a reference of the gate, or why there is none."""

from __future__ import annotations

from pydantic import Field

from harness.table import Table


class RegisteredVersion(Table):
    """The version that a check names by `registry:ALIAS` or `registry:VERSION`."""

    name: str
    """Of the registered model."""
    version: str
    alias: str | None = None
    """By which it was found; None where the check names the version itself."""

    @property
    def words(self) -> str:
        """The version as a sentence says it."""
        alias = f" ({self.alias})" if self.alias else ""
        return f"version {self.version} of {self.name}{alias}"


class Skipped(Table):
    """A check that was not judged, because what it compares with does not exist yet."""

    name: str
    metric: str
    reason: str = Field(min_length=1)

    @property
    def sentence(self) -> str:
        """What a reader of the verdict must know of it."""
        return f"Not judged: {self.name}: {self.reason}"
