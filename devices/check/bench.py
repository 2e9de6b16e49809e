"""The steps of `tinygate device check`, which says whether a bench is sound.

Each step says what it measured and, where it failed, what to do. The first step that cannot go on
ends the check; a bench is sound where every step passed.
"""

import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from devices.boards import EMULATORS
from devices.check import model
from devices.client import Device, connect
from devices.errors import DeviceError
from devices.protocol.codes import Counter
from devices.protocol.messages import Stats

ROUND_TRIPS = 20
SAMPLES = 32
REPETITIONS = 16
SLOW_SHARE = 0.5
_WIRING = "check the cable, the baud rate and the ground, and that nothing else uses the port"


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the check: what was found, and what to do about it."""

    name: str
    passed: bool
    found: str
    advice: str = ""


@dataclass(frozen=True, slots=True)
class Before:
    """The counters when the check began."""

    stats: Stats
    repeats: int
    restarts: int


def check_bench(url: str, board: str | None = None) -> Iterator[Step]:
    """Yield one Step after the other; every error of the device is a Step that failed."""
    start_s = time.monotonic()
    try:
        device = connect(url)
    except DeviceError as error:
        yield Step("greeting", False, str(error), _greeting_advice(url))
        return
    with device:
        yield _greeting(device, time.monotonic() - start_s)
        yield from check_device(device, board or _emulated_board(url))


def check_device(device: Device, board: str | None) -> Iterator[Step]:
    """Yield the steps on a device that is greeted; it holds the known model afterwards."""
    if board is not None and device.greeting.board != board:
        found = f"expected {board}, this is {device.greeting.board!r}"
        yield Step("board", False, found, "name the right board, or flash its firmware")
        return
    steps: tuple[tuple[str, Callable[[Device, Before], Step]], ...] = (
        ("round trip", _round_trip),
        ("upload", _upload),
        ("inference", _inference),
        ("repetition", _repetition),
        ("trace", _trace),
        ("counter", _counter),
        ("memory", _memory),
        ("line", _line),
    )
    try:
        before = Before(device.stats(), device.repeats, device.restarts)
    except DeviceError as error:
        yield Step("statistics", False, str(error), _WIRING)
        return
    for name, work in steps:
        try:
            yield work(device, before)
        except DeviceError as error:
            yield Step(name, False, str(error), _error_advice(name))
            return


def _emulated_board(url: str) -> str | None:
    scheme, _, rest = url.partition("://")
    return rest.partition("?")[0] if scheme in EMULATORS else None


def _greeting_advice(url: str) -> str:
    if _emulated_board(url):
        return "see tinygate device list for what is installed"
    return "see tinygate device list for the ports, and tinygate device flash for the firmware"


def _error_advice(step: str) -> str:
    if step == "upload":
        return "flash the firmware as it ships: an engine of your own, or little RAM, may refuse it"
    return _WIRING


def _greeting(device: Device, spent_s: float) -> Step:
    greeting = device.greeting
    clock = f"{greeting.core_hz / 1e6:g} MHz" if greeting.core_hz else "clock unknown"
    return Step(
        "greeting",
        True,
        f"{greeting.board}, {greeting.core}, {clock}, firmware {greeting.firmware}, engine "
        f"{greeting.engine}, in {1000 * spent_s:,.0f} ms",
    )


def _round_trip(device: Device, _before: Before) -> Step:
    """Time small requests, whose wait a USB adapter's latency timer may rule."""
    spent_ms = []
    for _ in range(ROUND_TRIPS):
        start_s = time.perf_counter()
        device.stats()
        spent_ms.append(1000 * (time.perf_counter() - start_s))
    middle = statistics.median(spent_ms)
    found = f"{middle:.2f} ms (median of {ROUND_TRIPS}, largest {max(spent_ms):.2f} ms)"
    return Step("round trip", True, found)


def _upload(device: Device, _before: Before) -> Step:
    """Send the known model; one that is held already is not sent again."""
    content = model.content()
    held = device.greeting.model_sha256
    start_s = time.monotonic()
    info = device.load(content)
    spent_s = time.monotonic() - start_s
    if (info.input_bytes, info.output_bytes) != (model.INPUT_BYTES, model.CLASSES):
        found = f"the device reads an input of {info.input_bytes} bytes, an output of "
        return Step("upload", False, f"{found}{info.output_bytes}", "flash matching firmware")
    if held == device.greeting.model_sha256:
        return Step("upload", True, f"the model of {len(content):,} bytes was there already")
    rate, line = len(content) / spent_s, device.link.bytes_per_s
    slow = line is not None and rate < SLOW_SHARE * line
    found = f"{len(content):,} bytes in {spent_s:.2f} s: {rate:,.0f} bytes/s"
    found += f" on a line of {line:,.0f}" if line is not None else ""
    return Step("upload", True, found, _LATENCY if slow else "")


_LATENCY = "slow for this line: set the USB adapter's latency timer to 1 ms (docs/how-to/boards.md)"


def _inference(device: Device, _before: Before) -> Step:
    start_s = time.monotonic()
    answers = list(device.infer(model.sample(index) for index in range(SAMPLES)))
    spent_s = time.monotonic() - start_s
    wrong = [one.index for one in answers if one.output != model.expected(one.index).output]
    found = f"{SAMPLES} samples, {SAMPLES / spent_s:,.0f} samples/s"
    if wrong:
        found += f": {len(wrong)} answers are wrong, the first of sample {min(wrong)}"
        return Step("inference", False, found, "the trace below names the operator")
    return Step("inference", True, f"{found}, every byte as expected")


def _repetition(device: Device, _before: Before) -> Step:
    answers = list(device.infer(model.sample(0) for _ in range(REPETITIONS)))
    outputs = {one.output for one in answers}
    if len(outputs) > 1:
        found = f"{len(outputs)} different answers to one sample, sent {REPETITIONS} times"
        return Step("repetition", False, found, "check power supply and clock; the RAM is not kept")
    spread = _counted(device, [one.count for one in answers])
    return Step("repetition", True, f"{REPETITIONS} times the same answer, {spread}")


def _counted(device: Device, ticks: list[int]) -> str:
    clock = device.clock
    if clock is None:
        return "not counted"
    return f"{clock.of(min(ticks)):,.0f} to {clock.of(max(ticks)):,.0f} {clock.unit}"


def _trace(device: Device, _before: Before) -> Step:
    trace, wanted = device.trace(model.sample(1)), model.expected(1)
    found = [(one.builtin_code, one.output_bytes, one.crc32) for one in trace.operators]
    for index, (got, expected) in enumerate(zip(found, wanted.operators, strict=False)):
        if got != expected:
            text = f"operator {index} (code {expected[0]}) gives {got[1]} bytes of CRC-32 "
            text += f"{got[2]:08x}, expected {expected[1]} bytes of {expected[2]:08x}"
            return Step(
                "trace", False, text, "the engine computes otherwise: flash ours, or fix it"
            )
    if len(found) != len(wanted.operators) or trace.output != wanted.output:
        text = f"{len(found)} operators of {len(wanted.operators)}, or another output"
        return Step("trace", False, text, "the engine traces otherwise: flash ours, or fix it")
    return Step("trace", True, f"{len(found)} operators, every CRC-32 as expected")


def _counter(device: Device, _before: Before) -> Step:
    """Hold the counter against this host's clock, which cannot have run for less."""
    start_s = time.monotonic()
    answers = list(device.infer([model.sample(2)]))
    spent_s = time.monotonic() - start_s
    kind, clock = _kind(device.greeting.counter), device.clock
    if clock is None:
        return Step("counter", True, f"{kind}: nothing is counted here, so no latency is reported")
    count = clock.of(answers[0].count)
    found = f"{kind}, {device.greeting.counter_hz / 1e6:g} MHz: {count:,.0f} {clock.unit}"
    if not count:
        return Step("counter", False, found, "the counter stands still: its clock is not enabled")
    if not clock.hz:
        return Step("counter", True, f"{found} an inference, never a time")
    found += f" an inference, {1000 * count / clock.hz:.3f} ms"
    if count / clock.hz > spent_s:
        advice = "the clock that the firmware names is too low: latencies would be wrong"
        return Step("counter", False, f"{found}, but {1000 * spent_s:.3f} ms passed", advice)
    return Step("counter", True, found)


def _kind(value: int) -> str:
    try:
        return Counter(value).name.lower().replace("_", " ")
    except ValueError:
        return f"unknown counter {value}"


def _memory(device: Device, _before: Before) -> Step:
    stats = device.stats()
    found = f"arena {stats.arena_used_bytes:,} of {stats.arena_room_bytes:,} bytes, stack "
    found += f"{stats.stack_used_bytes:,} of {stats.stack_room_bytes:,}"
    full = stats.stack_room_bytes and stats.stack_used_bytes >= stats.stack_room_bytes
    if full:
        return Step("memory", False, found, "the stack has met its end: give it more room")
    return Step("memory", True, found)


def _line(device: Device, before: Before) -> Step:
    """Judge what the steps before have lost on their way; the counters wrap at 2^32."""
    now = device.stats()
    bad = (now.frames_bad - before.stats.frames_bad) % (1 << 32)
    lost = (now.bytes_lost - before.stats.bytes_lost) % (1 << 32)
    repeats, restarts = device.repeats - before.repeats, device.restarts - before.restarts
    found = f"{repeats} repeats, {bad} damaged frames, {lost} lost bytes, {restarts} restarts"
    if restarts:
        return Step("line", False, found, "the board resets itself: check its power supply")
    if lost:
        return Step("line", False, found, "the board receives too slowly: lower the baud rate")
    return Step("line", not (repeats or bad), found, _WIRING if repeats or bad else "")
