"""A page of the documentation, and the blocks that a reader would run, write or read.

Blocks in `console` and `sh` are run, those in `python` too; `toml` must be a config, or a part of
one. A block whose first line is a comment with a file's name is that file. A comment above a block
says why it is not run, and one at the top of a page which page comes before it:

    <!-- not run: REASON -->
    <!-- after: tutorial/digits.md -->
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
_FENCE = re.compile(
    r"(?:<!-- not run: (?P<reason>[^>]+?) -->\n+)?"
    r"^(?P<indent> *)```(?P<language>\w*)\n(?P<text>.*?)^(?P=indent)```$",
    re.MULTILINE | re.DOTALL,
)
_AFTER = re.compile(r"^<!-- after: (\S+) -->$", re.MULTILINE)
_FILE = re.compile(r"^(?:#|//) ([\w./-]+\.\w+)$")


@dataclass(frozen=True)
class Block:
    """One fenced block: its language, text, where it stands, and why it is not run, if so."""

    language: str
    text: str
    line: int
    reason: str | None

    @property
    def file(self) -> str | None:
        """The name of the file that the block is."""
        found = _FILE.match(self.text.partition("\n")[0])
        return found[1] if found else None


@dataclass(frozen=True)
class Page:
    """One Markdown file."""

    path: Path

    @property
    def name(self) -> str:
        return str(self.path.relative_to(ROOT))

    @property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")

    @property
    def after(self) -> Path | None:
        """The page whose commands a reader has run before."""
        found = _AFTER.search(self.text)
        return DOCS / found[1] if found else None

    @property
    def blocks(self) -> Iterator[Block]:
        text = self.text
        for found in _FENCE.finditer(text):
            line = text.count("\n", 0, found.start("language")) + 1
            yield Block(found["language"], dedent(found["text"]), line, found["reason"])

    @property
    def runs(self) -> bool:
        """Whether a block of it is run."""
        kinds = ("console", "sh", "python", "yaml")
        return any(one.language in kinds and not one.reason for one in self.blocks)


def pages() -> list[Page]:
    """Return every page of the documentation, those written from measurements apart."""
    written = {"gate-study.md", "gate-study-cells.md"}
    found = [path for path in sorted(DOCS.rglob("*.md")) if path.name not in written]
    return [Page(path) for path in (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *found)]
