"""Programs, verifies and resets a board by pyOCD's Python API.

pyOCD would run a pyocd_user.py of the current folder and read its settings there: it is given an
empty folder instead.
"""

import contextlib
import logging
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from devices.errors import BoardError, FlashError
from devices.flash.choice import Probe
from devices.ports import printable

Progress = Callable[[float], None]
"""Called with the share that is done, 0 to 1."""


@dataclass(frozen=True, slots=True)
class Segment:
    """Bytes of an image and the address they are flashed to."""

    address: int
    content: bytes


def attached_probes() -> list[Probe]:
    """Return the attached debug probes; raises ModuleNotFoundError where pyOCD is missing."""
    from pyocd.core.helpers import ConnectHelper

    with _quiet(), _translated("looking for debug probes", ""):
        return [_probe(handle) for handle in ConnectHelper.get_all_connected_probes(blocking=False)]


def read_segments(image: Path) -> list[Segment]:
    """Return what an ELF file puts into memory; raises BoardError where it is no Arm image."""
    from elftools.common.exceptions import ELFError
    from elftools.elf.elffile import ELFFile

    try:
        with image.open("rb") as file:
            elf = ELFFile(file)
            machine = elf["e_machine"]
            loaded = [one for one in elf.iter_segments("PT_LOAD") if one["p_filesz"]]
            segments = [Segment(one["p_paddr"], one.data()) for one in loaded]
    except (ELFError, ValueError, OSError) as error:
        raise BoardError(f"{image}: not an ELF image ({error})") from error
    if machine != "EM_ARM" or not segments:
        raise BoardError(f"{image}: not an image for an Arm microcontroller")
    return segments


def program(probe: Probe, target: str, image: Path, progress: Progress) -> int:
    """Flash an ELF image, read it back, reset the board; return how many bytes were flashed.

    Raises FlashError where the board cannot be reached, programmed or does not hold what was
    written; BoardError where pyOCD lacks the target.
    """
    from pyocd.flash.file_programmer import FileProgrammer

    image = image.resolve()
    segments = read_segments(image)
    with _quiet(), _translated(str(probe), target), _session(probe, target) as session:
        FileProgrammer(session, progress=progress).program(str(image), "elf")
        _verify(session.target, segments)
        session.target.reset()
    return sum(len(segment.content) for segment in segments)


def _verify(target: Any, segments: list[Segment]) -> None:
    for segment in segments:
        found = bytes(target.read_memory_block8(segment.address, len(segment.content)))
        if found == segment.content:
            continue
        pairs = enumerate(zip(found, segment.content, strict=False))
        at = next((index for index, (one, two) in pairs if one != two), len(found))
        raise FlashError(
            f"the flash differs from the image from address {segment.address + at:#010x} on: flash "
            "again, and check that the image is for this board"
        )


@contextlib.contextmanager
def _session(probe: Probe, target: str) -> Iterator[Any]:
    from pyocd.core.session import Session

    with tempfile.TemporaryDirectory() as empty, contextlib.chdir(empty):
        options = {"target_override": target, "project_dir": empty, "no_config": True}
        with Session(probe.handle, options=options) as session:
            yield session


def _probe(handle: Any) -> Probe:
    from pyocd.core import exceptions

    try:
        info = handle.associated_board_info
    except exceptions.Error:
        info = None
    target = printable(info.target) if info is not None and info.target else None
    return Probe(printable(handle.unique_id), printable(handle.description), target, handle)


@contextlib.contextmanager
def _translated(doing: str, target: str) -> Iterator[None]:
    """Turn what pyOCD and its USB libraries raise into our errors, one line each."""
    from pyocd.core import exceptions

    try:
        yield
    except exceptions.TargetSupportError as error:
        raise BoardError(
            f"{doing}: pyOCD does not know the target {target}; fetch its pack once, with a "
            f"network: pyocd pack install {target}"
        ) from error
    except (exceptions.Error, OSError, ValueError) as error:
        raise FlashError(f"{doing}: {_text(error)}; check cable and power, then again") from error


def _text(error: Exception) -> str:
    return printable(" ".join(str(error).split()) or type(error).__name__)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep pyOCD's log off the terminal: what goes wrong comes as an exception too."""
    logger = logging.getLogger("pyocd")
    before = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        logger.setLevel(before)
