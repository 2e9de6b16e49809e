"""Emulators that stand in for boards: which URLs start one, and which firmware it runs."""

from collections.abc import Callable
from importlib import import_module
from pathlib import Path

from devices.errors import LinkError
from devices.links.url import DeviceUrl, parse_url

IMAGES = {
    "qemu": "devices.emulators.qemu:image_of",
    "renode": "devices.emulators.renode:image_of",
}
"""URL scheme -> the function that returns the firmware image of a URL."""


def is_emulator(url: str) -> bool:
    """Whether opening a device URL starts an emulator."""
    return parse_url(url).scheme in IMAGES


def board_of(url: str) -> str:
    """Return the name of the board that an emulator's URL stands for."""
    return parse_url(url).target


def firmware_image(url: str) -> Path:
    """Return the firmware image that an emulator's URL runs; raises DeviceError if it is missing.

    Raises LinkError where the URL starts no emulator.
    """
    parsed = parse_url(url)
    if parsed.scheme not in IMAGES:
        raise LinkError(f"{url}: starts no emulator; those that do: {', '.join(IMAGES)}")
    module, _, name = IMAGES[parsed.scheme].partition(":")
    image: Callable[[DeviceUrl], Path] = getattr(import_module(module), name)
    return image(parsed)
