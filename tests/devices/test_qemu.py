"""Emulated boards: every core, side by side, counted, and never left behind."""

import hashlib
import os
import random
import signal
import subprocess
import sys
import textwrap
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from devices.boards import boards
from devices.client import Device, connect
from devices.emulators import qemu
from devices.errors import BoardError, DeviceError, EmulatorError, LinkError, Refused
from devices.fake import ChecksumEngine, fake_model
from devices.links.url import parse_url
from devices.protocol.codes import Counter, Message, ModelOrigin
from tests.devices import firmware, native

SIZE = 3072
MODEL = fake_model(SIZE, 10, 3, bytes(20_000))


def batch(count: int, seed: int = 1) -> tuple[list[bytes], list[bytes]]:
    source = random.Random(seed)  # noqa: S311 - seeded test data
    samples = [source.randbytes(SIZE) for _ in range(count)]
    engine = ChecksumEngine()
    engine.load(MODEL)
    return samples, [engine.infer(sample) for sample in samples]


def outputs(device: Device, samples: list[bytes]) -> list[bytes]:
    device.load(MODEL)
    return [answer.output for answer in device.infer(samples)]


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def wait_gone(pid: int, within_s: float = 3.0) -> bool:
    deadline = time.monotonic() + within_s
    while is_alive(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not is_alive(pid)


@pytest.mark.parametrize("name", [name for name, board in boards().items() if board.qemu])
def test_every_board_answers_over_both_links(name: str) -> None:
    image = firmware.checksum_image(name)
    samples, expected = batch(4)
    for link in qemu.LINKS:
        with connect(f"qemu://{name}?link={link}&icount=1&firmware={image}") as device:
            assert (device.greeting.board, device.greeting.core) == (name, boards()[name].core)
            assert outputs(device, samples) == expected
            stats = device.stats()
            assert 0 < stats.stack_used_bytes < stats.stack_room_bytes
            assert stats.flash_bytes > 4000
            assert stats.bytes_lost == 0


@pytest.mark.parametrize("name", ["netduinoplus2", "mps2-an386"])
def test_a_model_linked_into_flash_is_held_from_the_start(name: str, tmp_path: Path) -> None:
    path = tmp_path / "model.tflite"
    path.write_bytes(MODEL)
    samples, expected = batch(3)
    image = firmware.checksum_image(name, path)
    with connect(f"qemu://{name}?firmware={image}") as device:
        greeting = device.greeting
        assert (greeting.model_origin, greeting.model_bytes) == (ModelOrigin.FLASH, len(MODEL))
        assert greeting.model_sha256 == hashlib.sha256(MODEL).digest()
        assert device.use_held_model().input_bytes == SIZE
        assert outputs(device, samples) == expected
        assert device.greeting.model_origin == ModelOrigin.FLASH
        other = fake_model(8, 4, 1, bytes(100))
        if greeting.model_room_bytes:
            assert device.load(other).input_bytes == 8
            assert outputs(device, samples) == expected
        else:
            with pytest.raises(Refused, match="model of 116 bytes, room for 0: 116 bytes too"):
                device.load(other)
        assert device.reset().model_origin == ModelOrigin.FLASH
        assert outputs(device, samples) == expected


def test_a_linked_model_that_does_not_load_says_why_when_it_is_asked_to_run(
    tmp_path: Path,
) -> None:
    path = tmp_path / "model.tflite"
    path.write_bytes(b"not a model")
    image = firmware.checksum_image("netduinoplus2", path)
    with connect(f"qemu://netduinoplus2?firmware={image}") as device:
        assert device.greeting.model_origin == ModelOrigin.FLASH
        with pytest.raises(Refused, match="MODEL_MALFORMED: no fake model"):
            device.use_held_model()
        with pytest.raises(Refused, match="MODEL_MALFORMED: no fake model"):
            device.load(path.read_bytes())
        with pytest.raises(Refused, match="NO_MODEL: no fake model"):
            device._exchange.one(Message.INFER, b"1234")


def test_the_smallest_cores_code_runs_where_an_unaligned_access_is_a_fault() -> None:
    samples, expected = batch(4)
    image = firmware.checksum_image("cortex-m0plus")
    with connect(f"qemu://mps2-an385?firmware={image}") as device:
        assert device.greeting.core == "cortex-m0plus"
        assert outputs(device, samples) == expected


def test_counts_are_instructions_that_repeat_to_a_tick(an386: Path) -> None:
    samples, _ = batch(3)
    counts = []
    for _ in range(2):
        with connect(f"qemu://mps2-an386?icount=1&firmware={an386}") as device:
            device.load(MODEL)
            clock = device.clock
            assert clock
            assert (clock.unit, clock.hz, device.greeting.counter) == (
                *("instructions", None),
                Counter.BOARD_TIMER,
            )
            counts.append([clock.of(answer.count) for answer in device.infer(samples)])
    a_tick = 40  # instructions; where in a tick an inference starts is not repeatable
    assert all(abs(a - b) <= a_tick for a, b in zip(*counts, strict=True))
    assert 5 * SIZE < counts[0][0] < 30 * SIZE


def test_counts_of_an_emulator_on_host_time_have_no_clock(an386: Path) -> None:
    with connect(f"qemu://mps2-an386?icount=0&firmware={an386}") as device:
        assert device.clock is None


def test_two_emulators_run_side_by_side_from_threads_that_end(an386: Path) -> None:
    def opened(seed: int) -> tuple[Device, int]:
        return connect(f"qemu://mps2-an386?firmware={an386}"), seed

    with ThreadPoolExecutor(2) as pool:
        devices = list(pool.map(opened, (1, 2)))
    time.sleep(0.1)
    for device, seed in devices:
        samples, expected = batch(20, seed)
        with device:
            assert outputs(device, samples) == expected


def test_a_sample_of_the_largest_size_fits(an386: Path) -> None:
    largest = 131_072
    model = fake_model(largest, 100, 1)
    engine = ChecksumEngine()
    engine.load(model)
    with connect(f"qemu://mps2-an386?firmware={an386}") as device:
        assert device.greeting.max_request_bytes == largest
        device.load(model)
        sample = bytes(range(256)) * (largest // 256)
        assert [a.output for a in device.infer([sample] * 3)] == [engine.infer(sample)] * 3


@pytest.mark.parametrize("link", qemu.LINKS)
def test_a_reset_forgets_the_model_and_the_evaluation_loads_it_again(
    an386: Path, link: str
) -> None:
    samples, expected = batch(6)
    with connect(f"qemu://mps2-an386?link={link}&firmware={an386}") as device:
        device.load(MODEL)
        answers = device.infer(samples)
        first = next(answers)
        assert device.reset().model_bytes == 0
        device.load(MODEL)
        assert [a.output for a in device.infer(samples)] == expected
        assert first.output == expected[0]


@pytest.mark.parametrize("link", qemu.LINKS)
def test_close_ends_the_emulator(an386: Path, link: str) -> None:
    with connect(f"qemu://mps2-an386?link={link}&firmware={an386}") as device:
        pid = device.link.pid  # type: ignore[attr-defined]
        assert is_alive(pid)
    assert not is_alive(pid)


@pytest.mark.parametrize("link", qemu.LINKS)
def test_an_emulator_dies_with_a_parent_that_is_killed(an386: Path, link: str) -> None:
    script = f"""
        import time
        from devices.client import connect
        device = connect("qemu://mps2-an386?link={link}&firmware={an386}")
        print(device.link.pid, flush=True)
        time.sleep(60)
    """
    parent = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(script)],
        cwd=native.ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert parent.stdout
    pid = int(parent.stdout.readline())
    assert is_alive(pid)
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    assert wait_gone(pid)


def test_an_emulator_that_is_killed_is_one_clear_line(an386: Path) -> None:
    with connect(f"qemu://mps2-an386?firmware={an386}") as device:
        device.load(MODEL)
        os.kill(device.link.pid, signal.SIGKILL)  # type: ignore[attr-defined]
        with pytest.raises(EmulatorError, match="qemu-system-arm ended with status -9"):
            list(device.infer(batch(50)[0]))


def test_qemus_own_complaint_reaches_the_user(tmp_path: Path) -> None:
    firmware.need_tools()
    broken = tmp_path / "broken.elf"
    broken.write_bytes(b"\x7fELF nothing else")
    with pytest.raises(DeviceError) as caught:
        connect(f"qemu://mps2-an386?firmware={broken}")
    assert "\n" not in str(caught.value)
    assert "qemu-system-arm" in str(caught.value)


def test_what_is_missing_is_named_with_the_command_that_brings_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("devices.images.BUILT", tmp_path)
    monkeypatch.setattr("devices.images.PACKAGED", tmp_path)
    with pytest.raises(EmulatorError, match=r"no firmware for mps2-an386 .* run: make firmware"):
        connect("qemu://mps2-an386")
    image = tmp_path / "mps2-an386.elf"
    image.write_bytes(b"")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EmulatorError, match="run: apt-get install qemu-system-arm"):
        connect("qemu://mps2-an386")


@pytest.mark.parametrize(
    ("url", "error", "text"),
    [
        ("qemu://mps9", BoardError, "unknown board 'mps9'; known: mps2-an385, mps2-an386"),
        ("qemu://mps2-an386?link=usb", LinkError, "link='usb' is none of semihosting, uart"),
        ("qemu://mps2-an386?icount=yes", LinkError, "icount='yes' is neither 0 nor 1"),
        ("qemu://mps2-an386?speed=1", LinkError, "unknown option 'speed'; allowed: baud, firm"),
        ("qemu://mps2-an386?baud=fast", LinkError, "baud='fast' is not a positive whole number"),
        ("qemu://mps2-an386?firmware=/no/such.elf", EmulatorError, "no firmware image at /no/such"),
    ],
)
def test_a_wrong_url_is_one_clear_line(url: str, error: type[Exception], text: str) -> None:
    with pytest.raises(error) as caught:
        connect(url)
    assert text in str(caught.value)


def test_the_default_link_is_semihosting(an386: Path) -> None:
    options = qemu.qemu_options(parse_url(f"qemu://mps2-an386?firmware={an386}"))
    assert options.link == "semihosting"
