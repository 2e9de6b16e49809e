"""The commands of the MLPerf Tiny text protocol: ASCII, ended by `%`, one outstanding at a time."""

from collections.abc import Iterator

NAME = "name"
PROFILE = "profile"
TIMESTAMP = "timestamp"
PRINT = "db print"
RESULTS = "results"
TERMINATOR = "%"
MAX_COMMAND_BYTES = 80
CHUNK_BYTES = 31
"""Tensor bytes in one command; what the benchmark's own runner sends."""


def load(size: int) -> str:
    """Return the command that announces a tensor of `size` bytes."""
    return f"db load {size}"


def chunks(tensor: bytes) -> Iterator[str]:
    """Yield the commands that carry a tensor's bytes, in order; never more than it has."""
    for at in range(0, len(tensor), CHUNK_BYTES):
        yield f"db {tensor[at : at + CHUNK_BYTES].hex()}"


def infer(times: int, warmups: int) -> str:
    """Return the command for `times` timed inferences; left out, the warm-ups would be 10."""
    return f"infer {times} {warmups}"


def wire(command: str) -> bytes:
    """Return the bytes of a command; raises ValueError for one that firmware would cut off."""
    if not command or len(command) > MAX_COMMAND_BYTES or TERMINATOR in command:
        raise ValueError(f"not a command of 1 to {MAX_COMMAND_BYTES} characters: {command!r}")
    return (command + TERMINATOR).encode("ascii")
