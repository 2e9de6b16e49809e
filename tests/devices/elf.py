"""Just enough of ELF to look into a 32-bit little-endian image: segments, symbols, bytes."""

import struct
from dataclasses import dataclass
from pathlib import Path

LOAD, SYMBOLS = 1, 2


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of memory: where it is used, where it lies in flash, its bytes, its size."""

    address: int
    load_address: int
    data: bytes
    size: int


class Image:
    """An ELF file's loadable segments and its symbols' values."""

    def __init__(self, path: Path) -> None:
        self._file = path.read_bytes()
        assert self._file[:6] == b"\x7fELF\x01\x01"
        (self.entry, programs, sections) = struct.unpack_from("<3I", self._file, 24)
        (program_size, programs_count) = struct.unpack_from("<2H", self._file, 42)
        (section_size, sections_count) = struct.unpack_from("<2H", self._file, 46)
        headers = [programs + i * program_size for i in range(programs_count)]
        self.segments = [self._segment(at) for at in headers if self._word(at) == LOAD]
        self._sections = [
            struct.unpack_from("<10I", self._file, sections + i * section_size)
            for i in range(sections_count)
        ]
        self.symbols = self._read_symbols()

    def _word(self, at: int) -> int:
        return int.from_bytes(self._file[at : at + 4], "little")

    def _segment(self, at: int) -> Segment:
        offset, address, load_address, stored, size = struct.unpack_from("<5I", self._file, at + 4)
        return Segment(address, load_address, self._file[offset : offset + stored], size)

    def _read_symbols(self) -> dict[str, int]:
        symbols = {}
        for section in self._sections:
            kind, offset, size, names = section[1], *section[4:7]
            if kind != SYMBOLS:
                continue
            strings = self._sections[names][4]
            for name, value, *_ in struct.iter_unpack("<3I2BH", self._file[offset : offset + size]):
                end = self._file.index(b"\0", strings + name)
                symbols[self._file[strings + name : end].decode()] = value
        return symbols

    def read(self, load_address: int, size: int) -> bytes:
        """Return bytes of flash; what no segment holds is a LookupError."""
        for segment in self.segments:
            at = load_address - segment.load_address
            if at >= 0 and at + size <= len(segment.data):
                return segment.data[at : at + size]
        raise LookupError(f"no bytes at {load_address:#x}")
