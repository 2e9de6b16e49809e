"""The console that commands print to."""

from __future__ import annotations

from rich.console import Console

_PLAIN_WIDTH = 120


def console() -> Console:
    """Return standard output; 120 plain columns where it is not a terminal.

    Text stays as it is: a `:key:` in a name is no picture of a key.
    """
    found = Console(highlight=False, emoji=False)
    return found if found.is_terminal else Console(highlight=False, emoji=False, width=_PLAIN_WIDTH)
