"""Reads Renode's platform descriptions, as far as ours use them."""

import re
from dataclasses import dataclass, field

ENTRY = re.compile(r"(\w+): ([\w.]+) @ sysbus(?: (0x[0-9A-F]+)| <(0x[0-9A-F]+), \+(0x[0-9A-F]+)>)?")
PROPERTY = re.compile(r'(\w+): ("[^"]+"|0x[0-9A-F]+|\d+|[a-z]\w*)')
INTERRUPT = re.compile(r"(\w+ )?-> (\w+)@(\d+)")


@dataclass
class Peripheral:
    kind: str
    address: int | None
    size: int | None
    properties: dict[str, str] = field(default_factory=dict)
    interrupts: list[tuple[str, str, int]] = field(default_factory=list)


def read_platform(text: str) -> dict[str, Peripheral]:
    """Return the peripherals by name; a line of any other form is an error."""
    found: dict[str, Peripheral] = {}
    for line in text.splitlines():
        if not line or line.startswith("//"):
            continue
        if match := ENTRY.fullmatch(line):
            name, kind, single, start, length = match.groups()
            address = single or start
            found[name] = Peripheral(
                kind, int(address, 16) if address else None, int(length, 16) if length else None
            )
        elif line.startswith("    ") and (match := PROPERTY.fullmatch(line[4:])):
            found[name].properties[match[1]] = match[2]
        elif line.startswith("    ") and (match := INTERRUPT.fullmatch(line[4:])):
            found[name].interrupts.append((match[1] or "", match[2], int(match[3])))
        else:
            raise ValueError(line)
    return found


def peripherals(text: str) -> set[str]:
    return set(read_platform(text))
