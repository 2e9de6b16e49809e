"""Where a board's firmware image lies."""

from pathlib import Path

from devices.errors import EmulatorError

PACKAGED = Path(__file__).with_name("images")
BUILT = Path(__file__).parents[1] / "build" / "firmware"


def find_image(board: str) -> Path:
    """Return the board's ELF: the one built in this checkout, else the one in the package."""
    for folder in (BUILT, PACKAGED):
        image = folder / f"{board}.elf"
        if image.is_file():
            return image
    raise EmulatorError(f"no firmware for {board} in {BUILT} or {PACKAGED}; run: make firmware")


def explicit_image(path: str) -> Path:
    """Return the absolute path of an image that the user names; raises EmulatorError if missing."""
    image = Path(path).resolve()
    if not image.is_file():
        raise EmulatorError(f"no firmware image at {image}")
    return image
