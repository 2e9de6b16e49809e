"""Make the 256 bytes that the RP2040's ROM boots: python rp2040_boot2.py CODE.bin BOOT.bin.

The code, zeros up to 252 bytes, and their CRC-32 in little-endian order: polynomial 0x04C11DB7,
most significant bit first, start 0xFFFFFFFF, not inverted (RP2040 datasheet, 2.8.1.3.1).
"""

import sys
from pathlib import Path

CODE_BYTES = 252
POLYNOMIAL = 0x04C11DB7


def checksum(data: bytes) -> int:
    """Return the ROM's CRC-32 of the data."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte << 24
        for _ in range(8):
            crc = (crc << 1 ^ (POLYNOMIAL if crc & 0x80000000 else 0)) & 0xFFFFFFFF
    return crc


def boot_stage(code: bytes) -> bytes:
    """Return the code, padded, and its checksum; more than 252 bytes are a ValueError."""
    if len(code) > CODE_BYTES:
        raise ValueError(f"{len(code)} bytes of code, room for {CODE_BYTES}")
    padded = code.ljust(CODE_BYTES, b"\0")
    return padded + checksum(padded).to_bytes(4, "little")


def main() -> None:
    """Read the code, write the boot stage."""
    code, boot = map(Path, sys.argv[1:])
    boot.write_bytes(boot_stage(code.read_bytes()))


if __name__ == "__main__":
    main()
