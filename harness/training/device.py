"""The torch device a config asks for, and its failures as one line."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import torch

from harness.errors import UserError


def find_device(name: str) -> torch.device:
    """Return the device called `name`; `auto` is CUDA where there is one, else the CPU.

    Raises:
        UserError: another name, or CUDA where torch sees none.

    """
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise UserError(f"[train] device: {name!r} is not auto, cpu or cuda") from error
    if device.type not in ("cpu", "cuda"):
        raise UserError(f"[train] device: {name!r} is not auto, cpu or cuda")
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise UserError(
            f"[train] device: {name!r} asked for, torch sees {torch.cuda.device_count()} CUDA "
            "devices; use auto or cpu"
        )
    return device


@contextlib.contextmanager
def readable_failures(family: str, device: torch.device) -> Iterator[None]:
    """Translate what torch cannot do for this network on this device into a UserError."""
    try:
        yield
    except torch.OutOfMemoryError as error:
        raise UserError(
            f"{family}: the memory of {device} is full; lower [train] batch_size or use "
            "device = 'cpu'"
        ) from error
    except RuntimeError as error:
        if "deterministic" not in str(error):
            raise
        reason = " ".join(str(error).split())[:200]
        raise UserError(
            f"{family}: uses an operation that is not deterministic on {device} ({reason}); "
            "replace it or use [train] device = 'cpu'"
        ) from error
