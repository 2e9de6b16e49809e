"""The tables `[track]` and `[register]` of a pipeline's config."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from harness.table import Table


class TrackConfig(Table):
    """`[track]`: the MLflow store."""

    uri: str | None = None
    """Any MLflow tracking URI, `http://host:port` for a server; by default a sqlite file beside the
    runs. A server that is away stops nothing: `tinygate register` logs the rest later."""
    experiment: str | None = None
    """Name of the MLflow experiment; by default the name of the pipeline."""


def _not_reserved(alias: str) -> str:
    if alias.lower() == "latest" or (alias[:1] in "vV" and alias[1:].isdigit()):
        raise ValueError("MLflow keeps 'latest' and v1, v2, ... for itself; choose another alias")
    return alias


Alias = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_-]*$"), AfterValidator(_not_reserved)]


class RegisterConfig(Table):
    """`[register]`: where a model goes that was judged, and the aliases its version gets."""

    name: str | None = Field(default=None, min_length=1, max_length=200, pattern=r"^[^/:'\"`\s]+$")
    """Registered model name; by default the name of the pipeline."""
    alias: Alias = "champion"
    """Moved to the version of a model that its gate lets ship."""
    candidate_alias: Alias | None = None
    """Where set, every judged model is registered, those that may not ship too, and this alias is
    moved to its version; the tag `tinygate.gate` says how it was judged. By default only a model
    that may ship is registered."""

    @model_validator(mode="after")
    def _two_aliases(self) -> RegisterConfig:
        if self.alias == self.candidate_alias:
            raise ValueError(
                f"register.alias and register.candidate_alias are both {self.alias!r}; a model "
                "that may not ship would get it"
            )
        return self

    def aliases(self, *, ships: bool) -> tuple[str, ...]:
        """Return the aliases that a judged model's version gets; none: it is not registered."""
        candidate = (self.candidate_alias,) if self.candidate_alias else ()
        return (*candidate, self.alias) if ships else candidate
