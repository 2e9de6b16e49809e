"""The driver against a stand-in for MLPerf Tiny firmware, over TCP."""

import contextlib
import random
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from devices.errors import BoardError, NoAnswer, Refused
from devices.mlperf_tiny.client import Care, MLPerfTinyDevice, Tensors, connect
from devices.mlperf_tiny.inputs import UINT8
from tests.devices.mlperf_tiny.stand_in import Model, Quirks, Server, checksum_model, serving

TENSORS = Tensors(3072, 10, 1 / 256, -128)
CARE = Care(boot_s=0.5, timeout_s=2.0)


def images(count: int, size: int = 3072) -> list[bytes]:
    source = random.Random(7)  # noqa: S311 - seeded test data
    return [source.randbytes(size) for _ in range(count)]


def answers(model: Model, samples: list[bytes]) -> list[bytes]:
    return [model.infer(sample) for sample in samples]


def opened(server: Server, care: Care = CARE, tensors: Tensors = TENSORS) -> MLPerfTinyDevice:
    return connect(server.url, tensors, care)


def test_every_image_is_answered_once_in_order_with_its_microseconds() -> None:
    model, samples = checksum_model(), images(3)
    with serving(model, Quirks(timer_start=2**32 - 1500)) as server, opened(server) as device:
        got = list(device.infer(samples))
        commands = server.firmware.commands
    assert [one.output for one in got] == answers(model, samples)
    assert [(one.index, one.count) for one in got] == [(i, 1000) for i in range(3)]
    assert (device.name, device.profile.model, device.retries) == ("STAND-IN", "ic01", 0)
    assert device.clock is not None
    assert device.clock.unit == "microseconds"
    chunks = [one for one in commands if one.startswith("db ") and one[3] not in "lp"]
    assert len(chunks) == 3 * 100
    assert commands[:4] == ["name", "profile", "timestamp", "db load 3072"]
    assert commands.count("infer 1 0") == 3


def test_without_readback_an_image_takes_102_round_trips() -> None:
    model, samples = checksum_model(), images(3)
    care = Care(boot_s=0.5, timeout_s=2.0, readback=False)
    with serving(model) as server, opened(server, care) as device:
        assert [one.output for one in device.infer(samples)] == answers(model, samples)
        commands = server.firmware.commands[3:]
    sent = sum(len(one) + 1 for one in commands)
    assert (len(commands) / 3, sent / 3) == (102, 6567)


QUIRKS = {
    "characters lost": (Quirks(lose=1e-4, seed=3), True),
    "a board that resets itself": (Quirks(reset_every=150), True),
    "results spoilt on the way": (Quirks(spoil_results=0.3), True),
    "a comma behind the last value": (Quirks(comma_behind=True), False),
    "slow replies": (Quirks(delay_s=0.002), False),
    "energy mode": (Quirks(energy=True), False),
}


@pytest.mark.parametrize(("quirks", "retries"), QUIRKS.values(), ids=QUIRKS)
def test_the_answers_are_the_same_under(quirks: Quirks, retries: bool) -> None:
    model, samples = checksum_model(), images(4)
    care = Care(boot_s=0.2, timeout_s=0.5)
    with serving(model, quirks) as server, opened(server, care) as device:
        assert [one.output for one in device.infer(samples)] == answers(model, samples)
        assert (device.retries > 0) == retries
        assert (device.clock is None) == quirks.energy
        assert server.firmware.overrun_bytes == 0


@pytest.mark.parametrize("readback", [True, False])
def test_an_inference_on_a_stale_tensor_is_never_taken_for_an_answer(readback: bool) -> None:
    """A reset between load and inference: the firmware complains, and answers all the same."""
    model, samples = checksum_model(), images(3)
    before_infer = 3 + 101 + readback
    quirks = Quirks(reset_every=before_infer, reset_silently=True, most_resets=1)
    care = Care(boot_s=0.2, timeout_s=0.5, readback=readback)
    with serving(model, quirks) as server, opened(server, care) as device:
        assert [one.output for one in device.infer(samples)] == answers(model, samples)
        assert (device.retries, server.firmware.inferences) == (1, len(samples) + 1)


@pytest.mark.parametrize(("identity", "decimals"), [("kws01", "cut"), ("vww01", "round")])
def test_the_other_models_of_the_benchmark(identity: str, decimals: str) -> None:
    def cut(value: float) -> str:
        return f"0.{int(value * 10)}{int(value * 100) % 10}{int(value * 1000) % 10}"

    size, outputs = (490, 12) if identity == "kws01" else (27648, 2)
    model, samples = checksum_model(identity, size, outputs), images(2, size)
    quirks = Quirks(decimals=cut) if decimals == "cut" else Quirks(comma_behind=True)
    tensors = Tensors(size, outputs, 1 / 256, -128)
    with serving(model, quirks) as server, opened(server, tensors=tensors) as device:
        assert [one.output for one in device.infer(samples)] == answers(model, samples)


REFUSALS = {
    "the board carries ad01, which answers one": checksum_model("ad01"),
    "the board carries strww01, which is measured": checksum_model("strww01"),
    "model 'new01', known are ic01.*mlperf-tiny:uint8": checksum_model("new01"),
}


@pytest.mark.parametrize(("words", "model"), REFUSALS.items())
def test_a_model_that_cannot_be_driven_is_refused_at_once(words: str, model: Model) -> None:
    with serving(model) as server, pytest.raises(BoardError, match=words):
        opened(server)


def test_an_unknown_model_runs_where_its_input_is_described() -> None:
    model, samples = checksum_model("new01"), images(1)
    care = Care(encoding=UINT8, boot_s=0.2)
    with serving(model) as server, opened(server, care) as device:
        flipped = bytes(one ^ 128 for one in samples[0])  # this one does not subtract
        assert [one.output for one in device.infer(samples)] == [model.infer(flipped)]


def test_a_board_with_another_model_is_refused_with_both_sizes() -> None:
    words = r"carries kws01, whose input has 490 bytes; this file's has 3072"
    with (
        serving(checksum_model("kws01", 490, 12)) as server,
        pytest.raises(BoardError, match=words),
    ):
        opened(server)
    with serving(checksum_model("new01", 5000)) as server:
        care = Care(encoding=UINT8, boot_s=0.2)
        with opened(server, care) as device, pytest.raises(BoardError, match="takes 5000"):
            list(device.infer(images(1)))
    with (
        serving(checksum_model(), Quirks(buffer_bytes=1000)) as server,
        opened(server) as device,
        pytest.raises(BoardError, match=r"3072 bytes, the board's buffer holds 1000"),
    ):
        list(device.infer(images(1)))


def test_a_board_with_other_outputs_is_given_up_with_both_numbers() -> None:
    with (
        serving(checksum_model(outputs=12)) as server,
        opened(server) as device,
        pytest.raises(NoAnswer, match="12 results, the model has 10 outputs; the board may"),
    ):
        list(device.infer(images(1)))


def test_a_sample_of_another_size_is_not_sent() -> None:
    with (
        serving(checksum_model()) as server,
        opened(server) as device,
        pytest.raises(Refused, match="sample 0 has 7 bytes, the model's input 3072"),
    ):
        list(device.infer([b"1234567"]))


def test_outputs_that_decimals_cannot_tell_apart_are_refused() -> None:
    with serving(checksum_model()) as server, pytest.raises(BoardError, match=r"scale 0\.0005"):
        opened(server, tensors=Tensors(3072, 10, 0.0005, 0))


def test_a_board_of_another_name_is_refused() -> None:
    with serving(checksum_model()) as server, opened(server) as device:
        device.expect_board("STAND-IN")
        with pytest.raises(BoardError, match="expected board Nucleo, this is 'STAND-IN'"):
            device.expect_board("Nucleo")


@pytest.fixture
def silent_port() -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"socket://127.0.0.1:{listener.getsockname()[1]}"


def test_a_silent_port_is_given_up_in_bounded_time(silent_port: str) -> None:
    start = time.monotonic()
    with pytest.raises(NoAnswer, match=r"no MLPerf Tiny firmware answers `name%`.*baud"):
        connect(silent_port, TENSORS, Care(boot_s=0.2, timeout_s=0.2))
    assert time.monotonic() - start < 5


@pytest.mark.parametrize("flood", [b"m-ready\r\n" * 500, b"x" * 5000, b"m-lap-us-1\n" * 400])
def test_a_board_that_floods_is_given_up_in_bounded_time(flood: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        host, port = listener.getsockname()

        def pour() -> None:
            connected, _ = listener.accept()
            with connected, contextlib.suppress(ConnectionError):
                while True:
                    connected.sendall(flood)

        thread = threading.Thread(target=pour, daemon=True)
        thread.start()
        start = time.monotonic()
        with pytest.raises(NoAnswer):
            connect(f"socket://{host}:{port}", TENSORS, Care(boot_s=0.2, timeout_s=0.2))
        assert time.monotonic() - start < 10
        thread.join(5)
        assert not thread.is_alive()


def test_a_board_that_echoes_is_given_up() -> None:
    with serving(checksum_model(), Quirks(echo=True)) as server, pytest.raises(NoAnswer):
        opened(server, Care(boot_s=0.2, timeout_s=0.2))


def test_a_line_that_loses_too_much_is_given_up() -> None:
    care = Care(boot_s=0.2, timeout_s=0.1)
    with (
        serving(checksum_model(), Quirks(lose=3e-3)) as server,
        opened(server, care) as device,
        pytest.raises(NoAnswer, match="image 0 failed 16 times, last: "),
    ):
        list(device.infer(images(1)))
