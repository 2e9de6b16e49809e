"""The base of everything read from a file: frozen, typed, and strict about unknown keys."""

from __future__ import annotations

import difflib
from typing import Any

from pydantic import BaseModel, ConfigDict, model_validator


class Table(BaseModel):
    """A frozen record; an unknown key is an error that lists the allowed ones."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        allow_inf_nan=False,
        validate_by_name=True,
        use_attribute_docstrings=True,  # the schema for editors and the reference page show them
    )

    @model_validator(mode="before")
    @classmethod
    def _no_unknown_keys(cls, content: Any) -> Any:
        if not isinstance(content, dict):
            return content
        allowed = {name: field.alias or name for name, field in cls.model_fields.items()}
        unknown = [key for key in content if key not in allowed and key not in allowed.values()]
        if unknown:
            names = sorted(allowed.values())
            close = difflib.get_close_matches(str(unknown[0]), names, n=1)
            hint = f"did you mean {close[0]!r}? " if close else ""
            raise ValueError(f"unknown key {unknown[0]!r}; {hint}allowed: {', '.join(names)}")
        return content
