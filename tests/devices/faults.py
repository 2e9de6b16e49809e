"""What a bad line does to bytes, seeded."""

import random
from collections.abc import Callable

from devices.links.link import Link

Fault = Callable[[random.Random, bytes], bytes]


def flip(source: random.Random, data: bytes) -> bytes:
    changed = bytearray(data)
    for _ in range(source.randint(1, 3)):
        changed[source.randrange(len(changed))] ^= 1 << source.randrange(8)
    return bytes(changed)


def drop(source: random.Random, data: bytes) -> bytes:
    at = source.randrange(len(data))
    return data[:at] + data[at + source.randint(1, 8) :]


def vanish(source: random.Random, data: bytes) -> bytes:
    return b""


def double(source: random.Random, data: bytes) -> bytes:
    return data * 2


def truncate(source: random.Random, data: bytes) -> bytes:
    return data[: source.randrange(len(data))]


def noise(source: random.Random, data: bytes) -> bytes:
    return source.randbytes(source.randint(1, 20)) + data


FAULTS: dict[str, Fault] = {
    "flip": flip,
    "drop": drop,
    "vanish": vanish,
    "double": double,
    "truncate": truncate,
    "noise": noise,
}


class Line:
    """Passes bytes on, each piece spoilt with probability `rate`; counts what it did."""

    def __init__(self, fault: Fault, rate: float, seed: int) -> None:
        self._fault = fault
        self._rate = rate
        self._source = random.Random(seed)  # noqa: S311 - seeded test data
        self.spoilt = 0
        self.clean_until = 0
        self._pieces = 0

    def __call__(self, data: bytes) -> bytes:
        self._pieces += 1
        if not data or self._pieces <= self.clean_until or self._source.random() >= self._rate:
            return data
        self.spoilt += 1
        return self._fault(self._source, data)


class FaultyLink:
    """Another link behind a bad line."""

    def __init__(self, link: Link, to_device: Line | None, to_host: Line | None) -> None:
        self.name = link.name
        self.bytes_per_s = link.bytes_per_s
        self.emulated = link.emulated
        self.instructions_per_s = link.instructions_per_s
        self._link = link
        self._to_device = to_device
        self._to_host = to_host

    def read(self, timeout_s: float) -> bytes:
        data = self._link.read(timeout_s)
        return self._to_host(data) if self._to_host and data else data

    def write(self, data: bytes) -> None:
        self._link.write(self._to_device(data) if self._to_device else data)

    def close(self) -> None:
        self._link.close()
