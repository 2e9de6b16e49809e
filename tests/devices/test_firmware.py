"""The firmware as it ships, on every emulated core: its bytes are TensorFlow Lite Micro's."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from devices import bench_boards
from devices.boards import boards
from devices.client import Device, connect
from devices.errors import Refused
from devices.protocol.codes import ErrorCode
from tests.devices import firmware
from tests.devices.engine import native, zoo
from tests.devices.engine.compare import judge
from tests.devices.engine.oracle import Oracle
from tests.devices.engine.styles import STYLES

MPS = [name for name in boards() if name.startswith("mps")]
IMAGES = [*((name, name) for name in MPS), ("mps2-an385", "cortex-m0plus")]
ZOO_SEEDS = range(int(os.environ.get("TINYGATE_ZOO_DEVICE", "2")))


def run(device: Device, model: bytes, inputs: bytes) -> native.Answer:
    """As the engine's host runner answers, over the wire."""
    try:
        size = device.load(model).input_bytes
        samples = [inputs[at : at + size] for at in range(0, len(inputs), size)]
        outputs = b"".join(result.output for result in device.infer(samples))
    except Refused as error:
        return answer(error.code, str(error))
    return answer(native.OK, "", outputs)


def answer(status: int, detail: str, outputs: bytes = b"") -> native.Answer:
    return native.Answer(status, 0, 0, 0, 0, 0, detail, outputs, ())


@contextmanager
def oracle() -> Iterator[Oracle]:
    pytest.importorskip("tflite_micro")
    opened = Oracle()
    try:
        yield opened
    finally:
        opened.close()


def complaints(device: Device, cases: dict[str, tuple[bytes, bytes]]) -> tuple[list[str], int]:
    """Return one line for each disagreement, and how many outputs were equal."""
    found, equal = [], 0
    with oracle() as tflm:
        for label, (model, inputs) in cases.items():
            outcome, complaint = judge(run(device, model, inputs), tflm.run(model, inputs))
            equal += outcome == "equal"
            found += [f"{label}: {complaint}"] if complaint else []
    return found, equal


@pytest.mark.parametrize(("machine", "name"), IMAGES)
def test_networks_and_a_sample_of_the_zoo_equal_tflm(machine: str, name: str) -> None:
    rng = np.random.default_rng(2)
    cases = {}
    for style, (make, size) in STYLES.items():
        cases[style] = make(3, False), rng.integers(-128, 128, 2 * size, np.int8).tobytes()
        floats = rng.normal(0, 0.5, 2 * size).astype(np.float32)
        cases[f"{style}, float"] = make(3, True), floats.tobytes()
    for kind in zoo.KINDS:
        for seed in ZOO_SEEDS:
            case = zoo.make(kind, seed)
            cases[f"{kind}:{seed}"] = case.model, case.inputs
    with connect(f"qemu://{machine}?firmware={firmware.shipped_image(name)}") as device:
        assert device.greeting.engine == "tinygate"
        found, equal = complaints(device, cases)
    assert found == []
    assert equal >= 0.8 * len(cases)


def test_a_network_runs_in_the_memory_of_a_real_part(tmp_path: Path) -> None:
    make, size = STYLES["ds_cnn"]
    model = make(3, False)
    path = tmp_path / "model.tflite"
    path.write_bytes(model)
    inputs = np.random.default_rng(1).integers(-128, 128, 2 * size, np.int8).tobytes()
    image = firmware.shipped_image("netduinoplus2", path)
    with connect(f"qemu://netduinoplus2?firmware={image}") as device:
        assert complaints(device, {"ds_cnn": (model, inputs)}) == ([], 1)
        assert device.stats().ram_bytes <= 128 * 1024
        stats = device.stats()
        assert stats.stack_used_bytes <= 0.75 * stats.stack_room_bytes


def test_a_trace_over_the_wire_is_the_engines_own() -> None:
    make, size = STYLES["ds_cnn"]
    model = make(3, False)
    sample = np.random.default_rng(4).integers(-128, 128, size, np.int8).tobytes()
    host = native.Runner(native.build("runner"))
    try:
        expected = host.run(model, sample, traced=True)
    finally:
        host.close()
    with connect(f"qemu://mps2-an386?firmware={firmware.shipped_image('mps2-an386')}") as device:
        device.load(model)
        trace = device.trace(sample)
    operators = [(o.index, o.builtin_code, o.output_bytes, o.crc32) for o in trace.operators]
    assert operators == list(expected.trace)
    assert len(operators) == expected.operators > 5
    assert trace.output == expected.outputs


@pytest.mark.parametrize(
    ("argument", "text"),
    [
        ("BOARD=nonesuch", "unknown board nonesuch; known: mps2-an385 mps2-an386"),
        ("MODEL=/no/such.tflite", "no model at /no/such.tflite"),
    ],
)
def test_make_names_what_is_wrong(argument: str, text: str) -> None:
    firmware.need_tools()
    command = ["make", "-s", "-C", str(firmware.FIRMWARE), argument]
    result = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    assert result.returncode != 0
    assert text in result.stderr


def test_an_arena_that_is_too_small_says_by_how_many_bytes(tmp_path: Path) -> None:
    make, _ = STYLES["mobilenet_v1"]
    path = tmp_path / "model.tflite"
    path.write_bytes(make(3, False))
    image = firmware.shipped_image("netduinoplus2", path)
    with (
        connect(f"qemu://netduinoplus2?firmware={image}") as device,
        pytest.raises(Refused, match=r"ARENA_TOO_SMALL: .*bytes") as caught,
    ):
        device.use_held_model()
    assert caught.value.code == ErrorCode.ARENA_TOO_SMALL


def test_the_bench_prints_what_a_model_needs_on_each_board(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    firmware.shipped_image("mps2-an386")
    model = tmp_path / "model.tflite"
    model.write_bytes(STYLES["ds_cnn"][0](3, False))
    arguments = ["--model", str(model), "--board", "mps2-an386", "--json", str(tmp_path / "f.json")]
    assert bench_boards.main(arguments) == 0
    header, row = capsys.readouterr().out.splitlines()
    assert header.split()[:2] == ["board", "core"]
    name, core, flash, _, arena, stack, instructions = row.replace(",", "").split()
    assert (name, core) == ("mps2-an386", "cortex-m4f")
    assert int(flash) > 20_000
    assert 0 < int(stack) < 65_536
    assert int(arena) > 0
    assert int(instructions) > 100_000
    assert '"board": "mps2-an386"' in (tmp_path / "f.json").read_text()
