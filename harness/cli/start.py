"""The commands to start with: init writes a config, schema prints what a config may hold."""

from __future__ import annotations

import shlex
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from harness.errors import EXIT_PASS, DataError, UserError
from harness.files import write_text

if TYPE_CHECKING:
    from harness.starting_config import Start


def add_commands(app: typer.Typer) -> None:
    """Register this group's commands."""
    for command in (init, schema):
        app.command()(command)


def init(
    path: Annotated[
        Path, typer.Argument(help="The file to write.", metavar="[CONFIG.toml]")
    ] = Path("tinygate.toml"),
    data: Annotated[
        Path | None,
        typer.Option(
            help="An .npz with images and labels, or a folder of pictures for each class."
        ),
    ] = None,
    family: Annotated[
        str, typer.Option(help="scale_cnn, mobilenet_v2 or your own package.module:Class.")
    ] = "scale_cnn",
    device: Annotated[
        str | None, typer.Option(help="URL of the board that must pass: qemu://mps2-an386.")
    ] = None,
) -> int:
    """Write a commented config to start from, and the schema beside it; overwrite nothing."""
    from harness.starting_config import Start

    if device is not None and not device.strip():
        raise UserError("--device: is empty; give a URL, such as qemu://mps2-an386")
    pictures = data is not None and data.is_dir()
    start = Start(data, _samples(data), pictures, family, device)
    _write(path, start)
    typer.echo(f"{path}: a config to start from")
    typer.echo(f"next: tinygate run {shlex.quote(str(path))}")
    return EXIT_PASS


def schema(
    markdown: Annotated[
        bool, typer.Option("--markdown", help="Print the reference page instead.")
    ] = False,
) -> int:
    """Print the JSON schema of a config, for editors."""
    from harness.config_reference import config_reference
    from harness.config_schema import config_schema_text

    typer.echo(config_reference() if markdown else config_schema_text(), nl=False)
    return EXIT_PASS


def _samples(data: Path | None) -> int:
    """Return how many samples a file or folder holds; DataError where there are none."""
    from harness.data import load_npz_split
    from harness.data.image_folder import SUFFIXES

    if data is None or not data.is_dir():
        return len(load_npz_split(data)) if data else 0
    found = sum(path.suffix.lower() in SUFFIXES for path in data.glob("*/*"))
    if not found:
        raise DataError(f"{data}: has no pictures in folders, one for each class")
    return found


def _write(path: Path, start: Start) -> None:
    """Write the config and, where there is none, the schema that its first line names.

    Raises:
        UserError: the file exists, or what was asked for makes no config; nothing is written.

    """
    from harness.config import parse_config
    from harness.config_schema import SCHEMA_NAME, config_schema_text
    from harness.starting_config import starting_config

    if path.exists():
        raise UserError(f"{path}: exists; give another name, as in: tinygate init other.toml")
    text = starting_config(start, path.parent)
    parse_config(tomllib.loads(text), path)
    write_text(path, text)
    schema = path.with_name(SCHEMA_NAME)
    if not schema.exists():
        write_text(schema, config_schema_text())
