"""The board an inference ran on: what it has, what the model takes of it, what the gate allows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from harness.gate.verdict import Verdict
from harness.predictions import DeviceRecord


@dataclass(frozen=True)
class Board:
    """A board by name; None where it is not known how much it has.

    Attributes:
        name: as the firmware calls it.
        flash_bytes: for code, constants and model.
        ram_bytes: for buffers, model and arena.

    """

    name: str
    flash_bytes: int | None = None
    ram_bytes: int | None = None


@dataclass(frozen=True)
class Use:
    """How much of one resource is used.

    Attributes:
        name: of the resource.
        parts: what the amount is the sum of.
        used: the amount.
        unit: its unit.
        limit: what it is held against; None where there is no limit.
        limit_is: whose limit that is.

    """

    name: str
    parts: str
    used: float
    unit: str
    limit: float | None = None
    limit_is: str = ""

    @property
    def share(self) -> float | None:
        """Used over limit; None without a limit above 0."""
        return self.used / self.limit if self.limit else None

    @property
    def fits(self) -> bool:
        """Whether it is within its limit; true without one."""
        return self.share is None or self.share <= 1


def uses(device: DeviceRecord, board: Board | None, verdict: Verdict | None) -> tuple[Use, ...]:
    """Return what is known of flash, RAM and the count of an inference, each against each limit."""
    gate = _gate_limits(verdict)
    has = f"the board {device.board}"
    flash, ram = (board.flash_bytes, board.ram_bytes) if board else (None, None)
    found: list[Use] = []
    found += _against(_flash(device), {"the gate": gate.get("flash_bytes"), has: flash})
    found += _against(_working_ram(device), {"the gate": gate.get("ram_bytes"), has: ram})
    found += _against(_static_ram(device), {has: ram})
    found += _against(_count(device), {"the gate": gate.get("cycles")})
    return tuple(found)


def _gate_limits(verdict: Verdict | None) -> dict[str, float]:
    checks = verdict.checks if verdict else ()
    return {check.metric: check.limit for check in checks}


def _against(use: Use | None, limits: Mapping[str, float | None]) -> Iterator[Use]:
    """Yield the use once for every limit that is known, or alone."""
    if use is None:
        return
    known = {who: limit for who, limit in limits.items() if limit is not None}
    for who, limit in known.items():
        yield Use(use.name, use.parts, use.used, use.unit, limit, who)
    if not known:
        yield use


def _flash(device: DeviceRecord) -> Use | None:
    firmware, model = device.flash_bytes, device.model_bytes
    if firmware is None or model is None:
        return None
    parts = f"firmware {firmware:,} and model {model:,} bytes"
    return Use("Flash", parts, firmware + model, "bytes")


def _working_ram(device: DeviceRecord) -> Use | None:
    arena, stack = device.arena_bytes, device.stack_used_bytes
    if arena is None or stack is None:
        return None
    parts = f"arena {arena:,} and stack {stack:,} bytes"
    return Use("RAM of an inference", parts, arena + stack, "bytes")


def _static_ram(device: DeviceRecord) -> Use | None:
    if device.ram_bytes is None:
        return None
    parts = "static: buffers, and the room kept for model and arena"
    return Use("RAM of the firmware", parts, device.ram_bytes, "bytes")


def _count(device: DeviceRecord) -> Use | None:
    if device.count_per_sample is None or device.count_unit is None:
        return None
    if device.latency_s is None:
        parts = "median over the samples; an emulator counts instructions, which are never a time"
    elif device.core_hz is None:
        parts = f"median over the samples; {1000 * device.latency_s:.4g} ms"
    else:
        at = f"{device.core_hz / 1e6:g} MHz"
        parts = f"median over the samples; {1000 * device.latency_s:.4g} ms at {at}"
    return Use("An inference", parts, device.count_per_sample, device.count_unit)
