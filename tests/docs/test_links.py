"""Links, anchors and paths in the documentation lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.page import DOCS, ROOT, Page, pages

_LINK = re.compile(r"\]\(([^)\s]+)\)")
_PATH = re.compile(r"`((?:devices|docs|examples|export|harness|models|reports|tests)/[\w./-]+)`")
_HEADING = re.compile(r"^#+ (.*)$", re.MULTILINE)
_WRITTEN = {"gate-study.md", "gate-study-cells.md"}
EVERY = [*pages(), *(Page(path) for path in DOCS.rglob("*.md") if path.name in _WRITTEN)]


@pytest.mark.parametrize("page", EVERY, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Page) -> None:
    for link in _LINK.findall(page.text):
        if "://" in link:
            continue
        name, _, anchor = link.partition("#")
        target = (page.path.parent / name).resolve() if name else page.path
        assert target.exists(), f"{page.name}: {link}"
        if anchor:
            assert anchor in anchors(target), f"{page.name}: {link}"


@pytest.mark.parametrize("page", EVERY, ids=lambda page: page.name)
def test_files_of_the_repository_that_are_named_are_there(page: Page) -> None:
    assert [one for one in _PATH.findall(page.text) if not (ROOT / one).exists()] == []


def test_pages_that_messages_name_are_there() -> None:
    sources = [
        path
        for folder in ("devices", "export", "harness", "models", "reports", "examples")
        for path in (ROOT / folder).rglob("*")
        if path.suffix in (".py", ".c", ".h", ".cc", ".md", ".toml") and path.is_file()
    ]
    named = {
        (path.name, one)
        for path in sources
        for one in re.findall(r"\bdocs/[\w/-]+\.(?:md|json|svg)", path.read_text("utf-8"))
    }
    assert named
    assert [one for one in sorted(named) if not (ROOT / one[1]).exists()] == []


def anchors(path: Path) -> set[str]:
    """Return the anchors of a page's headings, as GitHub and GitLab make them."""
    words = (heading.lower() for heading in _HEADING.findall(path.read_text(encoding="utf-8")))
    return {re.sub(r"[^\w\- ]", "", one).replace(" ", "-") for one in words}
