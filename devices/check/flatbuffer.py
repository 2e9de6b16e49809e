"""Writes a flatbuffer: tables, vectors and strings, each in front of what it points to.

Layout: https://flatbuffers.dev/internals. A table starts with a signed offset back to its vtable
(u16 size, u16 size of the table, one u16 offset a field, 0: absent); all other offsets are
unsigned, forward, and relative to where they stand.
"""

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

_LENGTH = struct.Struct("<I")
_SCALARS = {"b": 1, "i": 4, "I": 4}


@dataclass(frozen=True, slots=True)
class Scalar:
    """A number in a table: `struct` code b, i or I."""

    code: str
    value: int


@dataclass(frozen=True, slots=True)
class Vector:
    """A vector of numbers: its little-endian bytes, how many there are, where the first may lie."""

    content: bytes
    count: int
    alignment: int = 4


@dataclass(frozen=True, slots=True)
class Table:
    """A table: its fields by their ids in the schema."""

    fields: "Fields"


Fields = Mapping[int, Scalar | Vector | Table | Sequence[Table]]


def vector(code: str, values: Sequence[float]) -> Vector:
    """Return numbers of a `struct` code as a vector, aligned as such numbers are."""
    content = struct.pack(f"<{len(values)}{code}", *values)
    return Vector(content, len(values), max(4, struct.calcsize(code)))


def written(root: Table, identifier: bytes) -> bytes:
    """Return the file with this root table and the 4 bytes of its file identifier."""
    out = bytearray(_LENGTH.size) + identifier
    _LENGTH.pack_into(out, 0, _write(out, root))
    return bytes(out)


def _write(out: bytearray, item: Vector | Table | Sequence[Table]) -> int:
    if isinstance(item, Vector):
        return _write_vector(out, item)
    return _write_table(out, item) if isinstance(item, Table) else _write_tables(out, item)


def _write_vector(out: bytearray, item: Vector) -> int:
    _pad(out, item.alignment, _LENGTH.size)
    position = len(out)
    out += _LENGTH.pack(item.count) + item.content
    return position


def _write_tables(out: bytearray, tables: Sequence[Table]) -> int:
    _pad(out, 4)
    position = len(out)
    out += _LENGTH.pack(len(tables)) + bytes(4 * len(tables))
    for index, table in enumerate(tables):
        _point(out, position + 4 + 4 * index, _write_table(out, table))
    return position


def _write_table(out: bytearray, table: Table) -> int:
    offsets, size_bytes = _placed(table)
    vtable = [offsets.get(field, 0) for field in range(max(table.fields, default=-1) + 1)]
    words = struct.pack(f"<{len(vtable) + 2}H", 4 + 2 * len(vtable), size_bytes, *vtable)
    _pad(out, 4, len(words))
    start = len(out)
    out += words
    position = len(out)
    out += struct.pack("<i", position - start) + bytes(size_bytes - 4)
    for field, item in table.fields.items():
        at = position + offsets[field]
        if isinstance(item, Scalar):
            struct.pack_into(f"<{item.code}", out, at, item.value)
        else:
            _point(out, at, _write(out, item))
    return position


def _placed(table: Table) -> tuple[dict[int, int], int]:
    """Return each field's offset in the table, the large ones first, and the table's size."""
    sizes = {
        field: _SCALARS[item.code] if isinstance(item, Scalar) else 4
        for field, item in table.fields.items()
    }
    offsets, end = {}, 4
    for field in sorted(sizes, key=lambda one: -sizes[one]):
        offsets[field] = end
        end += sizes[field]
    return offsets, end


def _point(out: bytearray, at: int, target: int) -> None:
    _LENGTH.pack_into(out, at, target - at)


def _pad(out: bytearray, alignment: int, ahead: int = 0) -> None:
    """Grow to where `ahead` more bytes end at a multiple of `alignment`."""
    out += bytes(-(len(out) + ahead) % alignment)
