"""What Renode is given: command line, scripts and platforms, checked without Renode."""

import re
from itertools import pairwise
from pathlib import Path

import pytest

from devices.boards import boards
from devices.emulators import board_of, firmware_image, is_emulator, renode
from devices.errors import BoardError, EmulatorError, LinkError
from devices.links.url import parse_url
from tests.devices import firmware, native
from tests.devices.renode.repl_file import Peripheral, read_platform

BOARDS = [board.name for board in boards().values() if board.renode]
KINDS = {
    "CPU.CortexM",
    "IRQControllers.NVIC",
    "Memory.MappedMemory",
    "Miscellaneous.DWT",
    "UART.CMSDK_APB_UART",
    "UART.STM32_UART",
}
PORT = 'emulation CreateServerSocketTerminal $port "dut" false'


def platform(name: str) -> dict[str, Peripheral]:
    machine = boards()[name].renode
    assert machine
    return read_platform((renode.SCRIPTS / machine.platform).read_text())


def script(name: str) -> str:
    return (renode.SCRIPTS / f"{name}.resc").read_text()


def the(kind: str, name: str) -> Peripheral:
    (found,) = (one for one in platform(name).values() if one.kind == kind)
    return found


def test_two_boards_have_a_platform() -> None:
    assert BOARDS == ["mps2-an386", "stm32f4_discovery"]


def test_the_command_line() -> None:
    commands = renode.monitor_commands(
        Path("/a b/x.elf"), 40123, Path("/package/renode/mps2-an386.resc")
    )
    assert commands == (
        r"$bin=@/a\ b/x.elf; $port=40123; include @/package/renode/mps2-an386.resc; start; "
        'echo "DUT READY"'
    )
    assert renode.renode_command("/bin/renode", Path("/t/config"), "start") == [
        *("/bin/renode", "--disable-gui", "--plain", "--hide-log", "--console"),
        *("--config", "/t/config", "-e", "start"),
    ]


@pytest.mark.parametrize("path", ["/a;b/x.elf", "/a'b/x.elf", "/a\nb/x.elf"])
def test_a_path_that_the_monitor_would_misread_is_refused(path: str) -> None:
    with pytest.raises(EmulatorError, match="cannot be given the path"):
        renode.monitor_commands(Path(path), 1, Path("/x.resc"))


def test_the_script_of_mps2_an386() -> None:
    assert script("mps2-an386").splitlines() == [
        "# Needs $bin, the firmware's ELF, and $port, where its UART is to be found on TCP.",
        "using sysbus",
        'mach create "dut"',
        "machine LoadPlatformDescription $ORIGIN/mps2-an386.repl",
        PORT,
        "connector Connect sysbus.uart0 dut",
        "",
        "macro reset",
        '"""',
        "    sysbus LoadELF $bin",
        "    cpu VectorTableOffset 0x0",
        '"""',
        "",
        "runMacro $reset",
    ]


@pytest.mark.parametrize("name", BOARDS)
def test_a_script_names_only_what_exists(name: str) -> None:
    machine = boards()[name].renode
    assert machine
    text = script(name)
    assert re.findall(r"\$ORIGIN/(\S+)", text) == [machine.platform]
    assert f"connector Connect sysbus.{machine.uart} dut" in text
    assert machine.uart in platform(name)
    assert {"cpu", "nvic"} <= platform(name).keys()


@pytest.mark.parametrize("name", BOARDS)
def test_a_platform_uses_models_of_renode_and_its_own_peripherals(name: str) -> None:
    peripherals = platform(name)
    assert {one.kind for one in peripherals.values()} <= KINDS
    for one in peripherals.values():
        assert {target for _, target, _ in one.interrupts} <= peripherals.keys()


@pytest.mark.parametrize("name", BOARDS)
def test_memories_are_whole_pages_and_nothing_overlaps(name: str) -> None:
    spans = []
    for one in platform(name).values():
        if one.address is None:
            continue
        size = one.size or int(one.properties.get("size", "0x1000"), 16)
        if one.kind == "Memory.MappedMemory":
            assert (one.address % 0x1000, size % 0x1000) == (0, 0)
        spans.append((one.address, one.address + size))
    spans.sort()
    assert all(end <= start for (_, end), (start, _) in pairwise(spans))


@pytest.mark.parametrize("name", BOARDS)
def test_a_tick_of_the_counter_is_an_instruction(name: str) -> None:
    mips = int(the("CPU.CortexM", name).properties["PerformanceInMips"])
    assert mips in (25, 50, 100, 125), "only there counter and instructions were seen to agree"
    assert int(the("Miscellaneous.DWT", name).properties["frequency"]) == mips * 1_000_000
    assert int(the("IRQControllers.NVIC", name).properties["systickFrequency"]) == mips * 1_000_000


def macros(name: str) -> dict[str, str]:
    """The preprocessor's macros of a board's header."""
    native.need("gcc")
    port = firmware.FIRMWARE / "port"
    result = native.subprocess.run(
        ["gcc", "-E", "-dM", "-I", port, port / f"{name}.h"],
        capture_output=True,
        text=True,
        check=True,
    )
    defines = (line.split(maxsplit=2) for line in result.stdout.splitlines())
    return {words[1]: words[2] for words in defines if len(words) == 3}


@pytest.mark.parametrize("name", BOARDS)
def test_a_platform_has_what_the_firmware_of_its_board_uses(name: str) -> None:
    defined = macros(name)
    number = {key: int(value.rstrip("u"), 0) for key, value in defined.items() if is_number(value)}
    machine = boards()[name].renode
    assert machine
    uart = platform(name)[machine.uart]
    assert uart.address == number["BOARD_UART"]
    lines = [number["BOARD_UART_IRQ"]]
    if "BOARD_UART_SEND_IRQ" in defined:
        assert defined["BOARD_UART_SEND_IRQ"] == "(BOARD_UART_IRQ + 1)"
        lines.append(lines[0] + 1)
    assert [one[1:] for one in uart.interrupts] == [("nvic", line) for line in lines]
    assert machine.counter_hz == number["BOARD_CORE_HZ"]
    memories = {
        one.address: int(one.properties["size"], 16)
        for one in platform(name).values()
        if one.kind == "Memory.MappedMemory" and one.address is not None
    }
    assert memories[number["BOARD_FLASH_ORIGIN"]] == number["BOARD_FLASH_BYTES"]
    assert memories[number["BOARD_RAM_ORIGIN"]] == number["BOARD_RAM_BYTES"]
    if "BOARD_UNIQUE_ID" in number:
        assert any(at <= number["BOARD_UNIQUE_ID"] < at + size for at, size in memories.items())
    if "BOARD_STORE_ORIGIN" in number:
        assert memories[number["BOARD_STORE_ORIGIN"]] == number["BOARD_STORE_SIZE"]
    assert f"cpu VectorTableOffset {number['BOARD_FLASH_ORIGIN']:#x}" in script(name)


def is_number(text: str) -> bool:
    return re.fullmatch(r"0x[0-9A-Fa-f]+u?|[0-9]+u?", text) is not None


@pytest.mark.parametrize(
    ("url", "error", "text"),
    [
        ("renode://mps9", BoardError, "unknown board 'mps9'; known: "),
        ("renode://netduinoplus2", BoardError, "there is no Renode platform for netduinoplus2"),
        ("renode://mps2-an386?icount=1", LinkError, "unknown option 'icount'; allowed: firmware"),
        ("renode://mps2-an386?firmware=/no.elf", EmulatorError, "no firmware image at /no.elf"),
    ],
)
def test_a_wrong_url_is_one_clear_line(url: str, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=re.escape(text)):
        renode.renode_options(parse_url(url))


def test_an_evaluation_knows_the_emulator_and_its_image(tmp_path: Path) -> None:
    image = tmp_path / "x.elf"
    image.touch()
    url = f"renode://mps2-an386?firmware={image}"
    assert is_emulator(url)
    assert board_of(url) == "mps2-an386"
    assert firmware_image(url) == image
