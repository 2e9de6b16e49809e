"""What fuzzing starts from: small valid models, alone and inside talks with a session."""

from __future__ import annotations

import struct
from pathlib import Path

from tests.devices.engine import zoo

LARGEST_BYTES = 3072
LARGEST_IN_TALK_BYTES = 480
EACH_KIND = 8

# What devices/firmware/fuzz/device.c reads first: sizes of the bodies and of the room for models,
# cuts, counter, and which model stands in flash (none; the two bytes behind 2 are its length).
_SIZES = struct.pack("<BBBII", 255, 255, 255, 0, 0x1234)
_NOTHING_LINKED = b"\0"
_LINKED = b"\2"

# Steps of session_target.c: HELLO, an upload in chunks of 255, INFER, TRACE, and a repetition.
_HELLO, _UPLOAD, _INFER, _TRACE, _REPEAT = b"\0\1", b"\2\xff", b"\x08\0\3", b"\x08\1\3", b"\6"

# Commands of text_target.c: name; db load, as much as the model takes; all of it; infer; results;
# db print.
_COMMANDS = b"\0" + b"\5\x78" + b"\x0b\0" + b"\6" + b"\3" + b"\4"


def models() -> dict[str, bytes]:
    """Name and bytes of graphs over every operator of the engine, at most LARGEST_BYTES each."""
    made = {
        f"{kind}-{seed}": zoo.make(kind, seed).model
        for kind in zoo.KINDS
        for seed in range(EACH_KIND)
    }
    return {name: model for name, model in made.items() if len(model) <= LARGEST_BYTES}


def _uploads(small: dict[str, bytes]) -> dict[str, bytes]:
    return {
        name: _SIZES
        + _NOTHING_LINKED
        + _HELLO
        + (_UPLOAD + struct.pack("<H", len(model)) + model)
        + (_INFER + _REPEAT + _TRACE + _REPEAT)
        for name, model in small.items()
    }


def _conversations(small: dict[str, bytes]) -> dict[str, bytes]:
    return {
        name: _SIZES + _LINKED + struct.pack("<H", len(model)) + model + _COMMANDS
        for name, model in small.items()
    }


def inputs(target: str) -> dict[str, bytes]:
    """Name and bytes of the inputs that a target starts from; none for `frame`."""
    if target.startswith("tflite"):
        return models()
    small = {name: model for name, model in models().items() if len(model) <= LARGEST_IN_TALK_BYTES}
    made = {"session": _uploads, "text": _conversations}.get(target)
    return made(small) if made else {}


def write(target: str, folder: Path) -> Path:
    """Write the inputs that `target` starts from into `folder`, made where it is missing."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in inputs(target).items():
        (folder / name).write_bytes(data)
    return folder
