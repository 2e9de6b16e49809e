"""Every command of the documentation runs; those that cannot here are at least well formed."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from harness.cli.main import app
from tests.devices import firmware
from tests.docs.conftest import TUTORIAL
from tests.docs.page import DOCS, Block, Page, pages
from tests.docs.shell import Shell, lines_of

RUN = [page for page in pages() if page.runs and page.path != TUTORIAL]
AFTER = [page for page in RUN if page.after == TUTORIAL]
FROM_NOTHING = [page for page in RUN if page.after is None]
NOT_RUN = [(page, one) for page in pages() for one in page.blocks if one.reason]


def test_the_tutorial_runs(tutorial: Path) -> None:
    assert (tutorial / "runs" / "digits" / "report" / "report.html").is_file()


@pytest.mark.parametrize("page", AFTER, ids=lambda page: page.name)
def test_a_page_after_the_tutorial_runs(page: Page, tutorial: Path, tmp_path: Path) -> None:
    shutil.copytree(tutorial, tmp_path, dirs_exist_ok=True)
    Shell(tmp_path).run_page(page)


@pytest.mark.parametrize("page", FROM_NOTHING, ids=lambda page: page.name)
def test_a_page_runs(page: Page, tmp_path: Path) -> None:
    pytest.importorskip("torch")
    firmware.shipped_image("mps2-an386")
    Shell(tmp_path).run_page(page)


def test_pages_come_after_the_tutorial_or_nothing() -> None:
    assert [page.name for page in RUN if page.after not in (None, TUTORIAL)] == []


@pytest.mark.parametrize(
    ("page", "block"), NOT_RUN, ids=[f"{page.name}:{one.line}" for page, one in NOT_RUN]
)
def test_a_command_that_is_not_run_is_well_formed(page: Page, block: Block) -> None:
    for line in lines_of(block):
        if line.startswith("tinygate "):
            parse(shlex.split(line, comments=True)[1:])


def parse(arguments: list[str]) -> None:
    """Read arguments as the command line does, and run nothing."""
    command: Any = get_command(app)
    context = command.make_context("tinygate", list(arguments))
    while hasattr(command, "resolve_command"):
        given = [*context._protected_args, *context.args]
        name, command, rest = command.resolve_command(context, given)
        context = command.make_context(name, rest, parent=context)


@pytest.mark.parametrize("wrong", ["gate --chekcs a", "device info", "nothing", "run a b"])
def test_a_wrong_command_is_not_well_formed(wrong: str) -> None:
    with pytest.raises(Exception, match=r"No such|Missing|unexpected"):
        parse(wrong.split())


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.name)
def test_commands_stand_in_blocks_that_are_run(page: Page) -> None:
    """A block without a language, or an indented one, would be read by nobody but people."""
    text = re.sub(r"^( *)```.*?^\1```$", "", page.text, flags=re.MULTILINE | re.DOTALL)
    assert re.findall(r"^(?:    |\t)(?:tinygate|make|pip|dask) .*", text, re.MULTILINE) == []
    unnamed = [one for one in page.blocks if one.language in ("", "bash", "shell", "text")]
    assert [one.line for one in unnamed if re.search(r"^\$? ?tinygate ", one.text, re.M)] == []


def test_most_blocks_are_run() -> None:
    kinds = ("console", "sh", "python", "yaml")
    blocks = [one for page in pages() for one in page.blocks if one.language in kinds]
    assert 2 * sum(one.reason is not None for one in blocks) < len(blocks)


def test_every_page_can_be_reached_from_the_index() -> None:
    index = (DOCS / "README.md").read_text(encoding="utf-8")
    named = {(DOCS / one).resolve() for one in re.findall(r"\]\(([^)#:]+\.md)", index)}
    assert [
        one.name
        for one in pages()
        if one.path.parent != DOCS.parent
        and one.path.name != "README.md"
        and one.path.resolve() not in named
    ] == []
