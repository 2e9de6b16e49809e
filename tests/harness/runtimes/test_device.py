"""Devices as a runtime: TFLM's bytes, honest about what they are, clear when they are away."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from devices.client import Device
from devices.links import open_link
from harness.cli.main import run
from harness.data.split import Split
from harness.errors import ArtifactError, InfrastructureError, UserError
from harness.evaluation import evaluate
from harness.runtimes import find_runtime
from harness.runtimes.device import DeviceRuntime
from harness.trace import first_divergence, load_artifact
from tests.devices import firmware
from tests.exported import Exported
from tests.made_tflite import Made, Op, T

URL = "qemu://mps2-an386"


@pytest.fixture(scope="module", autouse=True)
def built() -> Path:
    return firmware.shipped_image("mps2-an386")


def split_of(exported: Exported) -> Split:
    count = len(exported.images)
    return Split("test", exported.images, np.arange(count) % 10, np.arange(count), ())


@pytest.fixture(params=["scale_cnn", "mobilenet"])
def exported(request: pytest.FixtureRequest) -> Exported:
    found: Exported = request.getfixturevalue(request.param)
    return found


def test_every_score_equals_tflms_and_does_not_depend_on_the_number_of_devices(
    exported: Exported,
) -> None:
    model = exported.by_suffix(".tflite")
    with find_runtime("tflm").load(model) as session:
        expected = evaluate(session, split_of(exported))
    for devices in ([URL], [URL, URL, URL]):
        with DeviceRuntime(devices).load(model) as session:
            found = evaluate(session, split_of(exported))
        assert np.array_equal(found.scores, expected.scores)
        assert found.meta.artifact_sha256 == expected.meta.artifact_sha256


def test_the_record_says_instructions_and_never_a_time(scale_cnn: Exported) -> None:
    with DeviceRuntime([URL]).load(scale_cnn.by_suffix(".tflite")) as session:
        record = evaluate(session, split_of(scale_cnn)).meta.device
    assert record is not None
    assert (record.board, record.core, record.emulated) == ("mps2-an386", "cortex-m4f", True)
    assert record.count_unit == "instructions"
    assert record.count_per_sample is not None and record.count_per_sample > 10_000
    assert record.latency_s is None
    assert "latency_s" not in record.figures()
    assert {"instructions_per_sample", "arena_bytes", "stack_used_bytes"} <= set(record.figures())


def test_a_trace_finds_all_operators_equal(exported: Exported) -> None:
    artifact = load_artifact(exported.by_suffix(".tflite"))
    given = artifact.input.encode(exported.images[:1]).tobytes()
    with Device(open_link(URL)) as device:
        device.load(artifact.content)
        assert first_divergence(device, artifact, given) is None


def test_a_broken_kernel_is_named(scale_cnn: Exported, tmp_path: Path) -> None:
    max_pool = 17
    compiler = f"CC=arm-none-eabi-gcc -DTG_TEST_BREAK_BUILTIN={max_pool}"
    firmware.make(tmp_path, "broken", "BOARD=mps2-an386", compiler)
    artifact = load_artifact(scale_cnn.by_suffix(".tflite"))
    given = artifact.input.encode(scale_cnn.images[:1]).tobytes()
    with Device(open_link(f"{URL}?firmware={tmp_path / 'broken.elf'}")) as device:
        device.load(artifact.content)
        found = first_divergence(device, artifact, given)
    assert found is not None
    assert found.operator.name == "MAX_POOL_2D"
    assert found.device_crc32 != found.tflm_crc32
    assert "output 1x4x4x2 int8, scale" in str(found)


def test_a_device_without_a_name_or_named_twice_is_a_users_mistake() -> None:
    with pytest.raises(UserError, match="needs a device"):
        DeviceRuntime()
    with pytest.raises(UserError, match="named twice"):
        DeviceRuntime(["/dev/ttyACM0", "/dev/ttyACM0"])


def test_an_unknown_board_lists_those_that_exist(scale_cnn: Exported) -> None:
    with pytest.raises(UserError, match=r"unknown board 'mps2-an999'; known: .*mps2-an386"):
        DeviceRuntime(["qemu://mps2-an999"]).load(scale_cnn.by_suffix(".tflite"))


def test_another_board_than_expected_is_refused_before_a_sample_is_sent(
    scale_cnn: Exported,
) -> None:
    firmware.shipped_image("mps2-an385")
    image = firmware.SHIPPED / "mps2-an385.elf"
    with pytest.raises(UserError, match="expected board mps2-an386, this is 'mps2-an385'"):
        DeviceRuntime([f"{URL}?firmware={image}"]).load(scale_cnn.by_suffix(".tflite"))


def test_a_missing_emulator_says_what_to_install(
    scale_cnn: Exported, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(InfrastructureError, match="apt-get install qemu-system-arm"):
        DeviceRuntime([URL]).load(scale_cnn.by_suffix(".tflite"))


def test_a_missing_operator_is_the_models_fault_and_names_it(tmp_path: Path) -> None:
    path = tmp_path / "model.tflite"
    tensors = [T((1, 4), "int8", 0.1, 0), T((1, 4), "int8", 1 / 128, 0)]
    path.write_bytes(Made(tensors, [Op(28, [0], [1])]).pack())
    with pytest.raises(ArtifactError, match="TANH"):
        DeviceRuntime([URL]).load(path)


@pytest.fixture
def silent_port() -> Iterator[str]:
    yield from _server(lambda _: b"")


@pytest.fixture
def babbling_port() -> Iterator[str]:
    yield from _server(lambda _: bytes(range(256)) * 64)


def _server(answer: Callable[[bytes], bytes]) -> Iterator[str]:
    """Listen on loopback and answer whatever comes."""

    def serve() -> None:
        try:
            connection, _ = listener.accept()
            with connection:
                while data := connection.recv(4096):
                    connection.sendall(answer(data))
        except OSError:
            return

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"socket://127.0.0.1:{listener.getsockname()[1]}"


@pytest.mark.parametrize("server", ["silent_port", "babbling_port"])
def test_a_device_that_is_silent_or_babbles_ends_with_4_in_one_line(
    request: pytest.FixtureRequest, server: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["device", "info", request.getfixturevalue(server)]) == 4
    assert capsys.readouterr().err.count("\n") == 1


def test_info_bench_and_trace_print_what_they_measure(
    scale_cnn: Exported, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model, data = scale_cnn.by_suffix(".tflite"), tmp_path / "d.npz"
    np.savez(data, images=scale_cnn.images, labels=np.arange(len(scale_cnn.images)) % 10)
    assert run(["device", "info", URL]) == 0
    assert "mps2-an386" in capsys.readouterr().out
    assert run(["device", "bench", URL, "--model", str(model), "--samples", "3"]) == 0
    printed = capsys.readouterr().out
    assert "instructions" in printed and "latency" not in printed
    files = ["--model", str(model), "--data", str(data)]
    assert run(["device", "trace", URL, *files, "--sample", "7"]) == 0
    assert "operators equal" in capsys.readouterr().out
    assert run(["device", "trace", URL, *files, "--sample", "96"]) == 2


def test_evaluate_through_the_command_line_leaves_no_emulator(
    scale_cnn: Exported, tmp_path: Path
) -> None:
    data, out = tmp_path / "d.npz", tmp_path / "p.npz"
    np.savez(data, images=scale_cnn.images, labels=np.arange(len(scale_cnn.images)) % 10)
    command = [sys.executable, "-m", "harness.cli", "evaluate", "--runtime", "device"]
    files = ["--model", str(scale_cnn.by_suffix(".tflite")), "--data", str(data)]
    marker = f"{URL}?firmware={firmware.SHIPPED / 'mps2-an386.elf'}"
    result = subprocess.run(
        [*command, *files, "--device", marker, "--out", str(out)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert "instructions_per_sample" in result.stdout
    assert out.is_file()
