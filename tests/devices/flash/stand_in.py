"""A stand-in for pyOCD at the four names of its API that flashing uses, and images to flash."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import pytest

pytest.importorskip("pyocd")

SEGMENTS = ((0x0800_0000, bytes(range(200))), (0x0800_4000, b"data" * 33))


def made_elf(segments: tuple[tuple[int, bytes], ...] = SEGMENTS, machine: int = 40) -> bytes:
    """An ELF32 file with these PT_LOAD segments, and one that is only zeros in RAM."""
    count, at = len(segments) + 1, 52 + 32 * (len(segments) + 1)
    header = b"\x7fELF\x01\x01\x01" + bytes(9)
    header += struct.pack("<HHIIIIIHHHHHH", 2, machine, 1, 0, 52, 0, 0, 52, 32, count, 40, 0, 0)
    programs, content = b"", b""
    for address, data in segments:
        where = (at + len(content), 0x2000_0000, address, len(data), len(data))
        programs += struct.pack("<8I", 1, *where, 5, 4)
        content += data
    programs += struct.pack("<8I", 1, at, 0x2000_1000, 0x2000_1000, 0, 4096, 6, 4)
    return header + programs + content


class Info(NamedTuple):
    name: str
    target: str | None


@dataclass
class Handle:
    """A probe as pyOCD hands it out."""

    unique_id: str
    description: str = "STM32 STLink"
    associated_board_info: Info | None = None


@dataclass
class Bench:
    """What is attached, what the chip holds, and what was done; `fault` runs at each step."""

    probes: list[Handle]
    memory: dict[int, int] = field(default_factory=dict)
    done: list[Any] = field(default_factory=list)
    fault: Callable[[str], None] = lambda step: None

    def step(self, name: str, *details: Any) -> None:
        self.fault(name)
        self.done.append((name, *details))

    def read_memory_block8(self, address: int, size: int) -> list[int]:
        self.step("read", address, size)
        return [self.memory.get(address + index, 0xFF) for index in range(size)]

    def reset(self) -> None:
        self.step("reset")


def attached(monkeypatch: pytest.MonkeyPatch, *probes: Handle) -> Bench:
    """Put a bench in pyOCD's place."""
    bench = Bench(list(probes))

    class Session:
        def __init__(self, probe: Handle, options: dict[str, Any]) -> None:
            bench.step("session", probe.unique_id, options["target_override"])
            assert options["no_config"]
            assert not list(Path(options["project_dir"]).iterdir())
            self.target = bench

        def __enter__(self) -> Session:
            bench.step("open")
            return self

        def __exit__(self, *error: object) -> None:
            bench.done.append(("close",))

    class FileProgrammer:
        def __init__(self, session: Session, progress: Callable[[float], None]) -> None:
            self.progress = progress

        def program(self, path: str, file_format: str) -> None:
            assert file_format == "elf"
            content = Path(path).read_bytes()
            (count,) = struct.unpack_from("<H", content, 44)
            for index in range(count):
                kind, at, _, address, size = struct.unpack_from("<5I", content, 52 + 32 * index)
                assert kind == 1
                data = content[at : at + size]
                bench.memory |= {address + k: byte for k, byte in enumerate(data)}
                self.progress((index + 1) / count)
            bench.step("program", Path(path).name)

    helper = "pyocd.core.helpers.ConnectHelper.get_all_connected_probes"
    monkeypatch.setattr(helper, lambda blocking: bench.probes)
    monkeypatch.setattr("pyocd.core.session.Session", Session)
    monkeypatch.setattr("pyocd.flash.file_programmer.FileProgrammer", FileProgrammer)
    return bench
