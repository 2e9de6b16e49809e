"""Builds firmware images with the checksum engine, for tests of all that is not the engine."""

import contextlib
import fcntl
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from tests.devices import native

FIRMWARE = native.ROOT / "devices" / "firmware"
OUT = native.ROOT / "build" / "test-firmware"
SHIPPED = native.ROOT / "build" / "firmware"
TOOLS = ("qemu-system-arm", "arm-none-eabi-gcc", "make")


def need_tools() -> None:
    """Skip where the emulator or the cross compiler is missing; fail instead in CI."""
    native.need(*TOOLS)


@contextlib.contextmanager
def made_alone(out: Path) -> Iterator[None]:
    """Let one test process at a time make images in `out`."""
    out.mkdir(parents=True, exist_ok=True)
    with (out / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def make(out: Path, image: str, *arguments: str, copy: Path | None = None) -> Path:
    """Return an image made in `out`, or its copy."""
    with made_alone(out):
        result = subprocess.run(
            ["make", "-s", "-j2", "-C", FIRMWARE, f"OUT={out}", f"IMAGE={image}", *arguments],
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert result.returncode == 0, result.stderr
        made = out / f"{image}.elf"
        return Path(shutil.copy(made, copy)) if copy else made


def checksum_image(board: str, model: Path | None = None) -> Path:
    """Return the image of a board that runs the checksum engine, with a model in flash if given."""
    need_tools()
    arguments = [
        *(f"BOARD={board}", f"MAIN={native.TESTS / 'fake_main.c'}"),
        *(f"ENGINE={native.TESTS / 'fake_runtime.c'}", f"ENGINE_INCLUDE={native.TESTS}"),
    ]
    if model is None:
        return make(OUT, f"{board}-checksum", *arguments)
    linked = f"{board}-checksum-linked"
    return make(OUT, linked, *arguments, f"MODEL={model}", copy=model.with_suffix(".elf"))


def shipped_image(board: str, model: Path | None = None) -> Path:
    """Return the image of a board as it ships, with a model in flash if given."""
    need_tools()
    if model is None:
        return make(SHIPPED, board, f"BOARD={board}")
    linked, copy = f"{board}-linked", model.with_suffix(".elf")
    return make(OUT, linked, f"BOARD={board}", f"MODEL={model}", copy=copy)
