"""One readable line out of a pydantic ValidationError."""

from __future__ import annotations

from pydantic import ValidationError

_WITHOUT_INPUT = {"missing", "json_invalid"}


def first_problem(error: ValidationError) -> str:
    """Return `key: what is wrong, got what` for the first problem, and how many more there are."""
    problems = error.errors(include_url=False)
    first = problems[0]
    where = ".".join(str(part) for part in first["loc"])
    message = first["msg"].removeprefix("Value error, ")
    whole = first["type"] in _WITHOUT_INPUT or isinstance(first["input"], dict)
    got = "" if whole else f", got {first['input']!r:.80}"
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    return f"{where + ': ' if where else ''}{message}{got}{more}"
