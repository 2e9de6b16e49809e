r"""Replies of the MLPerf Tiny text protocol: from bytes to lines, and from lines to what they say.

Every reply is a few lines that end in `\r\n`, the last of them `m-ready`. A reply is accepted only
where it has exactly the lines that its command calls for; anything else, an error line above all,
is a BadReply. No I/O.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

READY = "m-ready"
MAX_LINE_BYTES = 16384
TIMER_STEPS = 1 << 32
_SHOWN = 120
_NAME = re.compile(r"m-name-\w+-\[(.*)\]")
_PROFILE = re.compile(r"m-profile-\[(.*)\]\nm-model-\[(.*)\]")
_LAP = re.compile(r"m-lap-us-(\d{1,10})")
_EXPECTING = re.compile(r"m-\[Expecting (\d{1,10}) bytes\]")
_BUFFER_LINE = re.compile(r"m-buffer-([0-9a-fA-F]{2}(?:-[0-9a-fA-F]{2}){0,7})")
_RESULTS = r"m-results-\[([^\]\n]*)\]"
_INFERENCE = re.compile(
    r"m-warmup-start-(?P<warmups>\d{1,10})\nm-warmup-done\nm-infer-start-(?P<times>\d{1,10})\n"
    r"(?:m-lap-us-(?P<start>\d{1,10})\nm-lap-us-(?P<end>\d{1,10})\n)?"
    rf"m-infer-done\n{_RESULTS}"
)
_NUMBER = re.compile(r"-?\d{1,10}(?:\.\d{1,10})?")
_OTHER_SIZE = re.compile(r"Input db has (\d+) elemented, expected (\d+)")
_TOO_LARGE = re.compile(r"Supplied buffer size (\d+) exceeds maximum of (\d+)")


class BadReply(ValueError):
    """A reply that is not what its command calls for."""


class LineSplitter:
    r"""Cuts a stream of bytes into lines at \n; \r and 0x00 are dropped, as other tools do."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> list[str]:
        """Return the lines that `data` completes; raises BadReply where one never ends."""
        *complete, self._rest = (self._rest + data).split(b"\n")
        if len(self._rest) > MAX_LINE_BYTES:
            self._rest = b""
            raise BadReply(f"a line of more than {MAX_LINE_BYTES} bytes")
        return [_readable(line.translate(None, b"\r\0")) for line in complete]

    def clear(self) -> None:
        """Forget an incomplete line."""
        self._rest = b""


def _readable(line: bytes) -> str:
    """Hostile bytes end up in reports: what is not printable is a question mark."""
    return "".join(c if c.isprintable() else "?" for c in line.decode("ascii", "replace"))


@dataclass(frozen=True, slots=True)
class Inference:
    """What `infer` answered: microseconds (None: the firmware measures energy), output texts."""

    microseconds: int | None
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Profile:
    """What `profile` answered: the firmware's version and the id of the benchmark's model."""

    firmware: str
    model: str


def joined(lines: Sequence[str]) -> str:
    """Return a reply's lines as one text, without the empty ones and the closing `m-ready`."""
    filled = [line for line in lines if line]
    if not filled or filled[-1] != READY:
        raise BadReply(f"no {READY} at the end of {shown(chr(10).join(filled))}")
    return "\n".join(filled[:-1])


def shown(text: str) -> str:
    """Return a reply as an error message may quote it."""
    return repr(text if len(text) <= _SHOWN else text[:_SHOWN] + "...")


def _matched(pattern: re.Pattern[str], text: str, wanted: str) -> re.Match[str]:
    match = pattern.fullmatch(text)
    if match is None:
        raise BadReply(f"expected {wanted}, got {shown(text)}")
    return match


def name(text: str) -> str:
    """Return the vendor's string of the reply to `name`."""
    return _matched(_NAME, text, "m-name-dut-[...]")[1]


def profile(text: str) -> Profile:
    """Return what the reply to `profile` says."""
    match = _matched(_PROFILE, text, "m-profile-[...] and m-model-[...]")
    return Profile(match[1], match[2])


def timestamp(text: str) -> int | None:
    """Return microseconds, modulo 2^32; None where the firmware pulses a pin instead."""
    return int(_matched(_LAP, text, "m-lap-us-...")[1]) % TIMER_STEPS if text else None


def announced(text: str, size: int) -> None:
    """Check the reply to `db load`."""
    match = _matched(_EXPECTING, text, f"m-[Expecting {size} bytes]")
    if int(match[1]) != size:
        raise BadReply(f"announced {size} bytes, the board expects {match[1]}")


def loaded(text: str, *, last: bool) -> None:
    """Check the reply to tensor bytes: `m-load-done` behind the last ones, nothing before."""
    expected = "m-load-done" if last else ""
    if text != expected:
        raise BadReply(f"expected {expected or 'no line'}, got {shown(text)}")


def buffer(text: str) -> bytes:
    """Return the tensor bytes of the reply to `db print`."""
    lines = text.split("\n")
    found = [_matched(_BUFFER_LINE, line, "m-buffer-xx-xx-...")[1] for line in lines]
    return bytes.fromhex("".join(found).replace("-", ""))


def inference(text: str, times: int, warmups: int) -> Inference:
    """Return what the reply to `infer` says; its counts must be the asked ones."""
    match = _matched(_INFERENCE, text, "the lines of one inference")
    if (int(match["times"]), int(match["warmups"])) != (times, warmups):
        raise BadReply(f"asked for {times} inferences and {warmups} warm-ups, got {shown(text)}")
    return Inference(_elapsed(match["start"], match["end"]), _values(match[5]))


def results(text: str) -> tuple[str, ...]:
    """Return the values of the reply to `results`, as they were printed."""
    return _values(_matched(re.compile(_RESULTS), text, "m-results-[...]")[1])


def _elapsed(start: str | None, end: str | None) -> int | None:
    """Microseconds between two readings of a timer of 32 bits, which may have wrapped once."""
    return None if start is None or end is None else (int(end) - int(start)) % TIMER_STEPS


def _values(text: str) -> tuple[str, ...]:
    """One reference firmware, vww01's, prints a comma behind the last value too."""
    values = text.removesuffix(",").split(",")
    for value in values:
        _matched(_NUMBER, value, "numbers in m-results")
    return tuple(values)


def other_input_bytes(text: str, sent: int) -> int | None:
    """Return the size the board's model takes, where the board says that `sent` is not it."""
    match = _OTHER_SIZE.search(text)
    if match is None or int(match[1]) != sent or int(match[2]) == sent:
        return None
    return int(match[2])


def buffer_limit(text: str) -> int | None:
    """Return the size of the board's buffer, where the board says that a tensor exceeds it."""
    match = _TOO_LARGE.search(text)
    return int(match[2]) if match else None
