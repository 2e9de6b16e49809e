"""What devices say of themselves, as it goes into Predictions and into what is kept."""

from __future__ import annotations

import statistics
from collections.abc import Collection, Sequence
from typing import Any

from devices.clock import Clock
from devices.inference_device import InferenceDevice
from harness.predictions import DeviceRecord


def kind_of(device: InferenceDevice) -> dict[str, Any]:
    """Return what devices must have in common for their answers to be mixed, as JSON takes it."""
    greeting, clock = device.greeting, device.clock
    return {
        "board": greeting.board,
        "core": greeting.core,
        "firmware": greeting.firmware,
        "engine": greeting.engine,
        "clock": [clock.unit, clock.per_tick, clock.hz] if clock else None,
    }


def describe(
    devices: Sequence[InferenceDevice],
    counts: Sequence[int] = (),
    unique_ids: Collection[bytes] = (),
) -> DeviceRecord:
    """Return what devices of one kind are.

    `counts` are the raw ticks of every sample, `unique_ids` name the devices that answered: all, by
    default. The stack's high-water mark of a device that has inferred nothing since its start says
    nothing, and is left out.
    """
    first = devices[0]
    greeting, info, stats, clock = first.greeting, first.info, first.stats(), first.clock
    ids = unique_ids or [one.greeting.unique_id for one in devices]
    return DeviceRecord(
        board=greeting.board,
        core=greeting.core,
        emulated=first.link.emulated,
        firmware=greeting.firmware,
        engine=greeting.engine,
        unique_ids=tuple(sorted({one.hex() for one in ids})),
        count_unit=clock.unit if clock else None,
        count_per_sample=_median(clock, counts) if clock and counts else None,
        core_hz=clock.hz if clock else None,
        arena_bytes=info.arena_bytes if info else None,
        planned_bytes=info.planned_bytes if info else None,
        model_bytes=stats.model_bytes if stats else None,
        stack_used_bytes=stats.stack_used_bytes if stats and stats.inferences else None,
        flash_bytes=stats.flash_bytes if stats else None,
        ram_bytes=stats.ram_bytes if stats else None,
        artifact_verified=all(any(one.greeting.model_sha256) for one in devices),
    )


def _median(clock: Clock, counts: Sequence[int]) -> float:
    return statistics.median(clock.of(count) for count in counts)
