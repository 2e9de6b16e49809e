"""What `device info`, `device bench` and `device trace` print."""

from __future__ import annotations

import statistics
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from devices.client import Device
from devices.protocol.codes import Counter, ModelOrigin
from harness.cli.console import console
from harness.data.npz import load_npz_split
from harness.errors import EXIT_FAIL, EXIT_PASS, MissingExtraError, UserError
from harness.progress import Reporter
from harness.runtimes.device import describe
from harness.runtimes.tflite import TFLiteArtifact
from harness.runtimes.tflm import TflmRuntime
from harness.trace import first_divergence, load_artifact

_SEED = 0


def show_info(device: Device) -> int:
    """Print the greeting and the memory figures."""
    greeting, stats = device.greeting, device.stats()
    clock = device.clock
    _table(
        {
            "board": greeting.board,
            "core": f"{greeting.core}, {greeting.core_hz / 1e6:g} MHz",
            "emulated": "yes" if device.link.emulated else "no",
            "firmware": greeting.firmware,
            "engine": greeting.engine,
            "protocol": f"{greeting.major}.{greeting.minor}",
            "counter": f"{_named(Counter, greeting.counter)}, {greeting.counter_hz / 1e6:g} MHz",
            "counts": "nothing" if clock is None else clock.unit,
            "credits": f"{greeting.credits} samples in flight, {greeting.window_bytes:,} bytes",
            "largest request": f"{greeting.max_request_bytes:,} bytes",
            "room for a model": f"{greeting.model_room_bytes:,} bytes",
            "room for an arena": f"{greeting.arena_room_bytes:,} bytes",
            "model held": _model_held(device),
            "firmware flash": f"{stats.flash_bytes:,} bytes",
            "static RAM": f"{stats.ram_bytes:,} bytes",
            "stack": f"{stats.stack_used_bytes:,} of {stats.stack_room_bytes:,} bytes used",
        }
    )
    return EXIT_PASS


def show_bench(device: Device, model: Path, samples: int) -> int:
    """Print what an inference takes on random input, and the memory it needs."""
    artifact = load_artifact(model)
    info = device.load(artifact.content)
    inputs = _random_inputs(artifact, samples)
    start_s = time.monotonic()
    counts = [answer.count for answer in device.infer(one.tobytes() for one in inputs)]
    wall_s = time.monotonic() - start_s
    stats = device.stats()
    figures = {
        "model": f"{model.name}, {len(artifact.content):,} bytes, {artifact.model.macs:,} MACs",
        "board": f"{device.greeting.board}, {device.greeting.core}",
        **_counted(device, counts, artifact.model.macs),
        "arena": f"{info.arena_bytes:,} bytes, {info.planned_bytes:,} of them activations",
        "arena of TFLM": _tflm_arena(model),
        "stack": f"{stats.stack_used_bytes:,} bytes at most",
        "firmware flash": f"{stats.flash_bytes:,} bytes",
        "over this link": f"{samples / wall_s:,.1f} samples/s, {samples} of them",
    }
    _table(figures)
    return EXIT_PASS


def show_trace(device: Device, model: Path, data: Path, sample: int) -> int:
    """Print the first operator that differs from TFLM; exit code 1 where one does."""
    artifact, split = load_artifact(model), load_npz_split(data)
    if sample >= len(split):
        raise UserError(f"--sample {sample}: {data} has samples 0 to {len(split) - 1}")
    device.load(artifact.content)
    given = artifact.input.encode(split.images[sample : sample + 1]).tobytes()
    found = first_divergence(device, artifact, given)
    line = Reporter(console()).line
    if found is None:
        line(f"all {len(artifact.model.operators)} operators equal")
        return EXIT_PASS
    line(str(found))
    return EXIT_FAIL


def _counted(device: Device, counts: list[int], macs: int) -> dict[str, str]:
    clock, facts = device.clock, describe([device])
    if clock is None:
        return {"an inference": "not counted: this emulator runs on the host's clock"}
    per_sample = [clock.of(count) for count in counts]
    middle = statistics.median(per_sample)
    spread = f"{min(per_sample):,.0f} to {max(per_sample):,.0f}"
    lines = {"an inference": f"{middle:,.0f} {clock.unit} ({spread})"}
    if macs:
        lines["a MAC"] = f"{middle / macs:.2f} {clock.unit}"
    if facts.core_hz:
        lines["latency"] = f"{1000 * middle / facts.core_hz:.3f} ms at {facts.core_hz / 1e6:g} MHz"
    return lines


def _tflm_arena(model: Path) -> str:
    """Return what TFLM needs on this host, whose pointers of 64 bits cost it more than a device."""
    try:
        with TflmRuntime().load(model) as session:
            return (
                f"{session.arena['total']:,} bytes, {session.arena['head']:,} of them activations"
            )
    except MissingExtraError as error:
        return f"unknown: {error}"


def _random_inputs(artifact: TFLiteArtifact, samples: int) -> NDArray[np.generic]:
    tensor, generator = artifact.model.input, np.random.default_rng(_SEED)
    shape = (samples, *tensor.shape[1:])
    if tensor.dtype == "float32":
        return generator.standard_normal(shape, dtype=np.float32)
    limits = np.iinfo(np.dtype(tensor.dtype))
    return generator.integers(limits.min, limits.max + 1, shape).astype(tensor.dtype)


def _model_held(device: Device) -> str:
    greeting = device.greeting
    if not greeting.model_bytes:
        return "none"
    origin = _named(ModelOrigin, greeting.model_origin)
    return f"{greeting.model_bytes:,} bytes, {origin}, sha256 {greeting.model_sha256.hex()}"


def _named(kind: type[Counter] | type[ModelOrigin], value: int) -> str:
    try:
        return kind(value).name.lower().replace("_", " ")
    except ValueError:
        return f"unknown ({value})"


def _table(figures: dict[str, str]) -> None:
    line = Reporter(console()).line
    for name, value in figures.items():
        line(f"{name:<18}  {value}")
