"""The commands `device list | info | check | bench | trace | flash`: the bench."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from devices.client import Device

URL = Annotated[
    str,
    typer.Argument(metavar="URL", help="qemu://mps2-an386, /dev/ttyACM0, socket://host:port"),
]
MODEL = Annotated[Path, typer.Option("--model", help="An int8 .tflite file.")]

device_app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="The bench: which devices there are, whether they are sound, what an inference takes.",
)


def add_commands(app: typer.Typer) -> None:
    """Register this group's commands below `device`."""
    device_app.command("list")(list_devices)
    for command in (info, check, bench, trace, flash):
        device_app.command()(command)
    app.add_typer(device_app, name="device")


@contextlib.contextmanager
def opened(url: str) -> Iterator[Device]:
    """Yield the greeted device; its errors become ours."""
    from devices.client import connect
    from harness.runtimes.device import translated

    with translated(), connect(url) as device:
        yield device


def list_devices(
    greet: Annotated[
        bool, typer.Option("--greet", help="Ask each USB port what it is; may reset it.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> int:
    """List the attached ports with the boards they may carry, and the emulated boards."""
    from harness.cli.device_list import show_list

    return show_list(greet=greet, as_json=json)


def info(url: URL) -> int:
    """Say what a device is, what it can hold, and which model it has."""
    from harness.cli.device_bench import show_info

    with opened(url) as device:
        return show_info(device)


def check(
    url: URL,
    board: Annotated[
        str | None, typer.Option(metavar="NAME", help="The board that it must be.")
    ] = None,
) -> int:
    """Say whether a device can be trusted: link, upload, known answers, trace, counter, memory."""
    from harness.cli.device_check import show_check

    return show_check(url, board)


def bench(
    url: URL,
    model: MODEL,
    samples: Annotated[int, typer.Option(min=2, help="Inferences on random input.")] = 20,
) -> int:
    """Measure an inference: cycles of silicon or instructions of an emulator, and memory."""
    from harness.cli.device_bench import show_bench

    with opened(url) as device:
        return show_bench(device, model, samples)


def trace(
    url: URL,
    model: MODEL,
    data: Annotated[Path, typer.Option(help="An .npz with images and labels.")],
    sample: Annotated[int, typer.Option(min=0, help="Which of its samples, from 0.")] = 0,
) -> int:
    """Name the first operator whose output differs from TensorFlow Lite Micro's."""
    from harness.cli.device_bench import show_trace

    with opened(url) as device:
        return show_trace(device, model, data, sample)


def flash(
    url: URL,
    board: Annotated[str | None, typer.Option(metavar="NAME", help="The board it is.")] = None,
    image: Annotated[
        Path | None,
        typer.Option(metavar="ELF", exists=True, dir_okay=False, help="Another image than ours."),
    ] = None,
    probe: Annotated[
        str | None, typer.Option(metavar="UID", help="Which debug probe, or part of its id.")
    ] = None,
) -> int:
    """Flash the firmware by pyOCD, read it back, reset the board and greet it."""
    from harness.cli.device_flash import FlashRequest, show_flash
    from harness.runtimes.device import translated

    with translated():
        return show_flash(FlashRequest(url, board, image, probe))
