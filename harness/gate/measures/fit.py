"""Measures of what the candidate takes on its device."""

from __future__ import annotations

from harness.gate.measures.asked import Asked, Measured
from harness.gate.methods.quantity import Quantity
from harness.predictions import DeviceRecord


def flash_bytes(asked: Asked) -> Measured:
    """Bytes of flash: the firmware, engine included, and the model."""
    return _sum(asked, "flash_bytes", "model_bytes", detail=" (firmware and model)")


def ram_bytes(asked: Asked) -> Measured:
    """Bytes of RAM an inference works in: the arena, and the stack at its deepest."""
    return _sum(asked, "arena_bytes", "stack_used_bytes", detail=" (arena and stack)")


def cycles(asked: Asked) -> Measured:
    """Median count of an inference: core cycles of silicon, instructions of an emulator."""
    device = asked.candidate.meta.device
    if device is None or device.count_per_sample is None:
        return Measured(None, 0, gap=_missing(device, "count of cycles"))
    where = " (median, emulated)" if device.emulated else " (median)"
    return _certain(asked, device.count_per_sample, f"{where} in {device.count_unit}")


def _sum(asked: Asked, *facts: str, detail: str) -> Measured:
    device = asked.candidate.meta.device
    values: list[int] = []
    for fact in facts:
        value = getattr(device, fact, None)
        if value is None:
            return Measured(None, 0, gap=_missing(device, fact))
        values.append(value)
    return _certain(asked, float(sum(values)), detail)


def _certain(asked: Asked, value: float, detail: str) -> Measured:
    method = Quantity(value, asked.check.limit)
    return Measured(value, 1, detail, method=method, certain=True)


def _missing(device: DeviceRecord | None, fact: str) -> str:
    if device is None:
        return "the Predictions are of no device; evaluate the model on one"
    return f"the device {device.board} did not report its {fact}"
