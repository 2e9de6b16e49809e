"""Which probe and which board a flash command means; a doubt is the user's to settle."""

import pytest

from devices.errors import BoardError, FlashError
from devices.flash.choice import Probe, chosen_board, chosen_probe
from devices.ports import Port, boards_of

ST = Probe("0669FF3", "STM32 STLink", "stm32f446retx")
OTHER = Probe("066AFF4", "STM32 STLink", "stm32h743zitx")
PLAIN = Probe("E660", "Debug Probe (CMSIS-DAP)")
JLINK = Probe("683339521", "J-Link")


def port(usb_id: str | None = "0483:374b", serial: str | None = "0669FF3") -> Port:
    return Port("/dev/ttyACM0", usb_id, "", serial, None, boards_of(usb_id), True, None)


@pytest.mark.parametrize(
    ("probes", "at", "wanted", "chosen"),
    [
        ([ST], port(), None, ST),
        ([OTHER, ST], port(), None, ST),
        ([OTHER, ST], port(serial="0669ff3"), None, ST),
        ([ST, JLINK], port("1366:1015", "000683339521"), None, JLINK),
        ([ST, OTHER], port(), "066a", OTHER),
        ([ST, OTHER], None, "0669FF3", ST),
        ([PLAIN], port("0403:6001", "A1"), None, PLAIN),
        ([PLAIN], None, None, PLAIN),
    ],
)
def test_a_probe_is_that_of_the_port_or_the_named_or_the_only_one(
    probes: list[Probe], at: Port | None, wanted: str | None, chosen: Probe
) -> None:
    assert chosen_probe(probes, at, wanted) is chosen


def test_no_probe_is_a_fault_of_the_bench() -> None:
    with pytest.raises(FlashError, match="no debug probe is attached"):
        chosen_probe([], port(), None)


@pytest.mark.parametrize(
    ("probes", "at", "wanted", "line"),
    [
        ([ST, OTHER], None, None, "several probes are attached; give --probe: 0669FF3 (STM32"),
        ([OTHER], port(), None, "the probe of /dev/ttyACM0 (serial 0669FF3) is not seen"),
        ([ST, OTHER], None, "066", "several probes have '066' in the id"),
        ([ST, OTHER], None, "77", "no attached probe has '77' in the id; attached: 0669FF3"),
    ],
)
def test_a_doubtful_probe_is_asked_for(
    probes: list[Probe], at: Port | None, wanted: str | None, line: str
) -> None:
    with pytest.raises(BoardError) as caught:
        chosen_probe(probes, at, wanted)
    assert str(caught.value).startswith(line)


@pytest.mark.parametrize(
    ("name", "at", "probe", "board", "target"),
    [
        (None, port(), ST, "nucleo_f446re", "stm32f446retx"),
        (None, port(), OTHER, "nucleo_h743zi", "stm32h743xx"),
        ("nucleo_h743zi", port(), PLAIN, "nucleo_h743zi", "stm32h743xx"),
        (None, port("2e8a:000c"), PLAIN, "rpi_pico", "rp2040"),
        (None, port("1366:1015"), JLINK, "nrf52840dk", "nrf52840"),
        (None, None, ST, "nucleo_f446re", "stm32f446retx"),
        (None, port("0403:6001"), ST, "nucleo_f446re", "stm32f446retx"),
    ],
)
def test_a_board_is_the_named_or_the_only_one_that_fits(
    name: str | None, at: Port | None, probe: Probe, board: str, target: str
) -> None:
    found = chosen_board(name, at, probe)
    assert (found.board.name, found.target) == (board, target)


@pytest.mark.parametrize(
    ("name", "at", "probe", "line"),
    [
        (None, port(), PLAIN, "the board cannot be told from port and probe; give --board: nucleo"),
        (None, None, JLINK, "the board cannot be told from port and probe; give --board: "),
        ("nucleo_h743zi", port(), ST, "probe 0669FF3 (STM32 STLink) says that it sits on a stm32f"),
        ("mps2-an386", None, ST, "mps2-an386 is not flashed by pyOCD; boards that are: nucleo"),
        ("nucleo", None, ST, "unknown board 'nucleo'; known: "),
    ],
)
def test_a_doubtful_board_is_asked_for(
    name: str | None, at: Port | None, probe: Probe, line: str
) -> None:
    with pytest.raises(BoardError) as caught:
        chosen_board(name, at, probe)
    assert str(caught.value).startswith(line)
