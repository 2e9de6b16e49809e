"""Tables and vectors of a flatbuffer, read with every offset and length checked first.

A table starts with a signed offset back to its vtable; the vtable holds its own size, the table's
size and one 16-bit offset per field, 0 where the field is absent. Strings and vectors are a 32-bit
count and the elements; all offsets are relative to where they are stored.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from export.errors import InvalidModelFileError

_VTABLE_HEADER_BYTES = 4
_OFFSET_BYTES = 4
_OVERLAP_FACTOR = 8
_MIN_BUDGET_BYTES = 1 << 16


class FlatbufferBytes:
    """The bytes of one file, and how much may still be read out of them.

    Offsets may point anywhere, so a small file can claim the same vector thousands of times; what
    all vectors together may hold is therefore bounded by a multiple of the file's size.
    """

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._budget_bytes = max(_MIN_BUDGET_BYTES, _OVERLAP_FACTOR * len(content))

    def __len__(self) -> int:
        return len(self._content)

    def scalar(self, code: str, position: int) -> int | float:
        """Return the little-endian scalar of `struct` code `code` at `position`."""
        self.check(position, struct.calcsize(code))
        value: int | float = struct.unpack_from("<" + code, self._content, position)[0]
        return value

    def integer(self, code: str, position: int) -> int:
        """Return the little-endian integer of `struct` code `code` at `position`."""
        return int(self.scalar(code, position))

    def view(self, position: int, size_bytes: int) -> memoryview:
        """Return bytes without copying them."""
        self.check(position, size_bytes)
        return memoryview(self._content)[position : position + size_bytes]

    def check(self, position: int, size_bytes: int) -> None:
        """Raise InvalidModelFileError where `size_bytes` at `position` are not inside the file."""
        if position < 0 or position + size_bytes > len(self._content):
            raise InvalidModelFileError(
                f"damaged: {size_bytes} bytes at offset {position} are outside its "
                f"{len(self._content)} bytes"
            )

    def spend(self, size_bytes: int) -> None:
        """Take `size_bytes` from the budget; InvalidModelFileError when it is exhausted."""
        self._budget_bytes -= size_bytes
        if self._budget_bytes < 0:
            raise InvalidModelFileError("damaged: its vectors overlap")

    def vector(self, position: int, element_bytes: int) -> tuple[int, int]:
        """Return where the elements of the vector at `position` start, and how many there are."""
        count = self.integer("I", position)
        self.check(position + _OFFSET_BYTES, count * element_bytes)
        return position + _OFFSET_BYTES, count


@dataclass(frozen=True)
class Table:
    """One table; a field is named by its id in the schema."""

    source: FlatbufferBytes
    position: int
    size_bytes: int
    vtable: tuple[int, ...]

    @classmethod
    def at(cls, source: FlatbufferBytes, position: int) -> Table:
        """Return the table at `position` after checking its vtable and its extent."""
        vtable_at = position - source.integer("i", position)
        vtable_bytes = source.integer("H", vtable_at)
        size_bytes = source.integer("H", vtable_at + 2)
        if vtable_bytes < _VTABLE_HEADER_BYTES or vtable_bytes % 2:
            raise InvalidModelFileError(f"damaged: a vtable of {vtable_bytes} bytes")
        source.check(vtable_at, vtable_bytes)
        source.check(position, max(size_bytes, _OFFSET_BYTES))
        source.spend(vtable_bytes)
        words = source.view(vtable_at + _VTABLE_HEADER_BYTES, vtable_bytes - _VTABLE_HEADER_BYTES)
        fields = tuple(int(offset) for offset in np.frombuffer(words, dtype="<u2"))
        if any(0 < offset < _OFFSET_BYTES or offset >= size_bytes for offset in fields if offset):
            raise InvalidModelFileError("damaged: a field lies outside its table")
        return cls(source, position, size_bytes, fields)

    def _field(self, field: int, size_bytes: int) -> int | None:
        offset = self.vtable[field] if field < len(self.vtable) else 0
        if not offset:
            return None
        if offset + size_bytes > self.size_bytes:
            raise InvalidModelFileError("damaged: a field lies outside its table")
        return self.position + offset

    def has(self, field: int) -> bool:
        """Return whether the field is present."""
        return field < len(self.vtable) and self.vtable[field] != 0

    def integer(self, field: int, code: str, default: int = 0) -> int:
        """Return an integer field of `struct` code `code`."""
        position = self._field(field, struct.calcsize(code))
        return default if position is None else self.source.integer(code, position)

    def _target(self, field: int) -> int | None:
        position = self._field(field, _OFFSET_BYTES)
        return None if position is None else position + self.source.integer("I", position)

    def table(self, field: int) -> Table | None:
        """Return the table a field points to."""
        target = self._target(field)
        return None if target is None else Table.at(self.source, target)

    def tables(self, field: int, limit: int, what: str) -> list[Table]:
        """Return the tables of a vector, at most `limit` of them."""
        target = self._target(field)
        if target is None:
            return []
        start, count = self.source.vector(target, _OFFSET_BYTES)
        if count > limit:
            raise InvalidModelFileError(f"{count} {what}, more than the limit of {limit}")
        self.source.spend(count * _OFFSET_BYTES)
        places = [start + _OFFSET_BYTES * index for index in range(count)]
        return [Table.at(self.source, at + self.source.integer("I", at)) for at in places]

    def numbers(self, field: int, dtype: str) -> NDArray[np.generic]:
        """Return a vector of numbers of numpy type `dtype`, empty where the field is absent."""
        target = self._target(field)
        if target is None:
            return np.zeros(0, dtype=dtype)
        item = np.dtype(dtype).itemsize
        start, count = self.source.vector(target, item)
        self.source.spend(count * item)
        return np.frombuffer(self.source.view(start, count * item), dtype=dtype)

    def content(self, field: int) -> memoryview | None:
        """Return a vector of bytes without copying it; None where absent or empty."""
        target = self._target(field)
        if target is None:
            return None
        start, count = self.source.vector(target, 1)
        return self.source.view(start, count) if count else None

    def text(self, field: int) -> str:
        """Return a string, which must end with a zero byte; bytes that are not UTF-8 become `�`."""
        target = self._target(field)
        if target is None:
            return ""
        start, count = self.source.vector(target, 1)
        self.source.spend(count)
        if self.source.integer("B", start + count) != 0:
            raise InvalidModelFileError("damaged: a string does not end with a zero byte")
        return bytes(self.source.view(start, count)).decode("utf-8", errors="replace")
