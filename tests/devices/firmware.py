"""Builds firmware images with the checksum engine, for tests of all that is not the engine."""

import fcntl
import subprocess
from pathlib import Path

from tests.devices import native

FIRMWARE = native.ROOT / "devices" / "firmware"
OUT = native.ROOT / "build" / "test-firmware"
SHIPPED = native.ROOT / "build" / "firmware"
TOOLS = ("qemu-system-arm", "arm-none-eabi-gcc", "make")


def need_tools() -> None:
    """Skip where the emulator or the cross compiler is missing; fail instead in CI."""
    native.need(*TOOLS)


def make(out: Path, *arguments: str) -> str:
    """Run make in the firmware folder and return what it printed; one test process at a time."""
    out.mkdir(parents=True, exist_ok=True)
    with (out / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        result = subprocess.run(
            ["make", "-s", "-j2", "-C", FIRMWARE, f"OUT={out}", *arguments],
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
    assert result.returncode == 0, result.stderr
    return result.stdout


def checksum_image(board: str, model: Path | None = None) -> Path:
    """Return the image of a board that runs the checksum engine, with a model in flash if given."""
    need_tools()
    engine = [f"ENGINE={native.TESTS / 'fake_runtime.c'}", f"ENGINE_INCLUDE={native.TESTS}"]
    image = f"{board}-checksum" + ("-linked" if model else "")
    main = f"MAIN={native.TESTS / 'fake_main.c'}"
    make(OUT, f"BOARD={board}", f"IMAGE={image}", main, *engine, f"MODEL={model or ''}")
    return OUT / f"{image}.elf"


def shipped_image(board: str, model: Path | None = None) -> Path:
    """Return the image of a board as it ships, with a model in flash if given."""
    need_tools()
    image = f"{board}-linked" if model else board
    out = OUT if model else SHIPPED
    make(out, f"BOARD={board}", f"IMAGE={image}", f"MODEL={model or ''}")
    return out / f"{image}.elf"
