"""Answers of devices, kept as they come, so that a broken evaluation goes on where it stopped.

The file is one line, `tinygate-answers 1 {JSON}`, that names what was asked and of which kind of
device, and behind it records of equal size, in the order of arrival, all little-endian:

    u32 position in the data, 16 bytes unique id of the device, u64 count, output tensor, u32 CRC-32

The CRC-32 goes on from that of the line, so that a record of another journal never fits. A record
is written in one call; one that a kill tore apart is cut off by the next run.
"""

from __future__ import annotations

import fcntl
import json
import logging
import os
import struct
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.errors import InfrastructureError, UserError

_MAGIC = b"tinygate-answers 1 "
_FIXED = struct.Struct("<I16sQ")
_CRC = struct.Struct("<I")
_LONGEST_LINE = 1 << 16
_READ_RECORDS = 4096
_log = logging.getLogger("tinygate")


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """One answer: the device's unique id (16 bytes), raw ticks, the output tensor's bytes."""

    unique_id: bytes
    count: int
    output: bytes


class AnswerJournal:
    """The kept answers of one evaluation, in one file that this process holds alone.

    `answers` are those of earlier runs, by position. Answers to anything but `subject` are dropped
    with one line of warning. Close it, or use `with`; without an answer no file is left.

    Raises:
        UserError: the file is something else, which is left alone.
        InfrastructureError: another process holds it.

    """

    def __init__(
        self, path: Path, subject: Mapping[str, Any], samples: int, output_bytes: int
    ) -> None:
        self.path = path
        self.answers: dict[int, KeptAnswer] = {}
        self._samples = samples
        self._output_bytes = output_bytes
        text = json.dumps({**subject, "samples": samples}, sort_keys=True)
        self._line = _MAGIC + text.encode() + b"\n"
        self._seed = zlib.crc32(self._line)
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        try:
            self._lock()
            self._end = self._open()
        except BaseException:
            os.close(self._file)
            raise

    def __enter__(self) -> AnswerJournal:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def append(self, position: int, answer: KeptAnswer) -> None:
        """Keep one answer; an OSError, of a full disk, say, leaves the file as it was."""
        record = self._packed(position, answer)
        try:
            if os.pwrite(self._file, record, self._end) != len(record):
                raise OSError(f"{self.path}: the disk took a part of a record only")
        except OSError:
            os.ftruncate(self._file, self._end)
            raise
        self._end += len(record)
        self.answers[position] = answer

    def close(self) -> None:
        """Close the file; a second call does nothing."""
        if self._file < 0:
            return
        if not self.answers:
            self.path.unlink(missing_ok=True)
        os.close(self._file)
        self._file = -1

    def _lock(self) -> None:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise InfrastructureError(
                f"{self.path}: in use by another tinygate; wait for it or choose another output"
            ) from error

    def _open(self) -> int:
        """Read what is kept; return where the next record goes."""
        size = os.fstat(self._file).st_size
        head = os.pread(self._file, max(len(self._line), _LONGEST_LINE), 0)
        if head[: len(self._line)] == self._line:
            end = self._read(size)
        else:
            self._start_anew(head)
            end = len(self._line)
        os.ftruncate(self._file, end)
        return end

    def _start_anew(self, head: bytes) -> None:
        if not self._line.startswith(head):  # a part of our line is what a kill may leave
            reason = self._difference(head)
            _log.warning("warning: %s: %s; started anew", self.path, reason)
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, self._line, 0)

    def _difference(self, head: bytes) -> str:
        if not head.startswith(_MAGIC):
            raise UserError(f"{self.path}: no journal of answers; move it away, or choose another")
        wanted = json.loads(self._line[len(_MAGIC) :])
        try:
            found = json.loads(head[len(_MAGIC) : head.index(b"\n")])
            keys = [key for key in wanted if found[key] != wanted[key]]
        except (ValueError, KeyError, TypeError, RecursionError):
            return "its first line is damaged"
        return f"the kept answers are of another {', '.join(keys) or 'kind'}"

    def _read(self, size: int) -> int:
        """Take every whole record that holds; return where the last whole record ends."""
        at, step, damaged = len(self._line), self._record_bytes, 0
        for record in self._records(at, size):
            damaged += not self._take(record)
            at += step
        if damaged:
            count = (at - len(self._line)) // step
            text = "warning: %s: %d of %d kept answers are damaged and are asked again"
            _log.warning(text, self.path, damaged, count)
        return at

    def _records(self, at: int, size: int) -> Iterator[bytes]:
        step = self._record_bytes
        while at + step <= size:
            block = os.pread(self._file, step * min(_READ_RECORDS, (size - at) // step), at)
            if len(block) < step:
                return
            at += len(block)
            yield from (block[i : i + step] for i in range(0, len(block), step))

    def _take(self, record: bytes) -> bool:
        body, crc = record[: -_CRC.size], record[-_CRC.size :]
        if _CRC.pack(zlib.crc32(body, self._seed)) != crc:
            return False
        position, unique_id, count = _FIXED.unpack_from(body)
        if position >= self._samples:
            return False
        self.answers.setdefault(position, KeptAnswer(unique_id, count, body[_FIXED.size :]))
        return True

    @property
    def _record_bytes(self) -> int:
        return _FIXED.size + self._output_bytes + _CRC.size

    def _packed(self, position: int, answer: KeptAnswer) -> bytes:
        body = _FIXED.pack(position, answer.unique_id, answer.count) + answer.output
        return body + _CRC.pack(zlib.crc32(body, self._seed))
