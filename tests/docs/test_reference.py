"""What a reference page lists is what the code knows."""

from __future__ import annotations

import re
import tomllib
import xml.etree.ElementTree as ET

import pytest
from typer.core import TyperGroup
from typer.main import get_command

import harness.errors as codes
from devices.boards import boards
from harness.cli.main import app
from harness.config_reference import config_reference
from harness.config_schema import config_schema_text
from harness.gate.metric import METRICS
from harness.gate.verdict import CheckResult, Verdict
from harness.predictions import DeviceRecord, Meta
from harness.runtimes import RUNTIMES
from tests.docs.page import DOCS, ROOT

REFERENCE = DOCS / "reference"


def text(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def test_the_page_of_config_keys_is_up_to_date() -> None:
    assert text("reference/config.md") == config_reference(), "run: make reference"


def test_the_schema_for_editors_is_up_to_date() -> None:
    assert text("reference/config.schema.json") == config_schema_text(), "run: make reference"


def test_every_metric_stands_in_the_page_of_checks_with_its_direction() -> None:
    rows = re.findall(r"^\| `(\w+)` \| at (least|most)", text("reference/checks.md"), re.MULTILINE)
    words = {">=": "least", "<=": "most"}
    assert dict(rows) == {name: words[one.direction] for name, one in METRICS.items()}
    assert f"the {len(METRICS)}\nmetrics" in (ROOT / "README.md").read_text(encoding="utf-8")


def test_every_exit_code_stands_in_its_page() -> None:
    known = {value for name, value in vars(codes).items() if name.startswith("EXIT_")}
    rows = re.findall(r"^\| (\d+) \|", text("reference/exit-codes.md"), re.MULTILINE)
    assert {int(one) for one in rows} == known | {130}


def test_every_command_stands_in_its_page() -> None:
    page, command = text("reference/commands.md"), get_command(app)
    assert isinstance(command, TyperGroup)
    device = command.commands["device"]
    assert isinstance(device, TyperGroup)
    names = [*command.commands, *device.commands]
    assert [one for one in names if not re.search(rf"`(tinygate )?(device )?{one}\b", page)] == []


def test_every_runtime_extra_and_emulated_board_stands_in_its_page() -> None:
    page = text("reference/runtimes.md")
    assert re.findall(r"^\| `([\w-]+)` \|", page, re.MULTILINE) == list(RUNTIMES)
    for name, board in boards().items():
        assert board.qemu is None or name in page
    content = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    extras = set(content["project"]["optional-dependencies"]) - {"all", "dev"}
    rows = re.findall(r"^\| `(\w+)` \|", text("reference/commands.md"), re.MULTILINE)
    assert set(rows) == extras


@pytest.mark.parametrize("kind", [Meta, DeviceRecord, Verdict, CheckResult])
def test_every_key_of_a_file_stands_in_the_page_of_formats(kind: type[Meta]) -> None:
    page = text("reference/file-formats.md")
    assert [name for name in kind.model_fields if f"`{name}`" not in page] == []


def test_every_board_of_the_page_is_known_and_every_real_board_is_there() -> None:
    page = text("how-to/boards.md")
    rows = re.findall(r"^\| `(\w+)` \|", page, flags=re.MULTILINE)
    assert rows == [name for name, board in boards().items() if board.pyocd]
    assert set(re.findall(r"--board (\w+)", page)) <= set(boards())
    for target in re.findall(r"pyocd pack install (\w+)", page):
        assert target in {board.pyocd for board in boards().values()}


def test_the_readme_fits_on_three_screens_and_its_picture_is_one() -> None:
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 120
    picture = ET.fromstring(text("figures/error-sets.svg"))  # noqa: S314  (our own file)
    assert picture.tag.endswith("svg")
