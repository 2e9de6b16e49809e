"""With a real Renode, where one is found: both boards, against QEMU and against numpy."""

import time

import pytest

from devices.boards import boards
from devices.check import model
from devices.client import Device, connect
from devices.emulators.renode import find_renode
from devices.errors import EmulatorError
from devices.protocol.codes import Counter
from tests.devices import firmware

RIVALS = {"mps2-an386": "mps2-an386", "stm32f4_discovery": "netduinoplus2"}
"""Board -> the QEMU board that runs the same port."""
SAMPLES = [model.sample(k) for k in range(6)]


@pytest.fixture(autouse=True)
def _need_renode() -> None:
    try:
        find_renode()
    except EmulatorError as error:
        pytest.skip(str(error))


@pytest.fixture(params=list(RIVALS))
def board(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    firmware.shipped_image(name)
    firmware.shipped_image(RIVALS[name])
    return name


def outputs(device: Device) -> list[bytes]:
    device.load(model.content())
    return [answer.output for answer in device.infer(SAMPLES)]


def test_a_board_is_ready_in_a_few_seconds_and_says_what_it_is(board: str) -> None:
    start_s = time.monotonic()
    with connect(f"renode://{board}") as device:
        assert time.monotonic() - start_s < 15
        greeting = device.greeting
        assert (greeting.board, greeting.core) == (board, boards()[board].core)
        assert greeting.counter == Counter.CORE_CYCLES, "the platform's DWT moves"
        machine = boards()[board].renode
        assert machine
        assert greeting.counter_hz == machine.counter_hz


def test_the_answers_are_qemus_and_those_worked_out(board: str) -> None:
    with connect(f"renode://{board}") as device:
        answers = outputs(device)
        assert device.stats().bytes_lost == 0
        assert device.trace(SAMPLES[0]).output == answers[0]
    with connect(f"qemu://{RIVALS[board]}") as device:
        assert answers == outputs(device)
    assert answers == [model.expected(k).output for k in range(len(SAMPLES))]


def test_a_count_is_near_the_instructions_that_qemu_counts(board: str) -> None:
    counts = []
    for url in (f"renode://{board}", f"qemu://{RIVALS[board]}"):
        with connect(url) as device:
            device.load(model.content())
            clock = device.clock
            assert clock
            assert clock.unit == "instructions"
            # one by one: no byte arrives, and interrupts, while the core computes
            answers = [answer for sample in SAMPLES for answer in device.infer([sample])]
            counts.append([clock.of(answer.count) for answer in answers])
    ours, qemus = (sorted(each)[len(each) // 2] for each in counts)
    assert ours == pytest.approx(qemus, rel=0.1)


def test_a_reset_forgets_the_model_and_it_is_loaded_again(board: str) -> None:
    with connect(f"renode://{board}") as device:
        before = outputs(device)
        assert device.reset().model_bytes == 0
        assert outputs(device) == before
