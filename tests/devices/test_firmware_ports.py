"""Ports of real boards, as far as they can be checked without the silicon."""

import struct
import subprocess
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from devices.boards import Board, QemuMachine, boards
from devices.client import Device
from devices.emulators import qemu
from devices.errors import DeviceError
from devices.fake import ChecksumEngine, fake_model
from tests.devices import firmware, native
from tests.devices.elf import Image, Segment

KB = 1024


@dataclass(frozen=True, slots=True)
class Chip:
    """A part as its data sheet has it: flash, RAMs (start, size), table and UART interrupt."""

    flash: tuple[int, int]
    rams: tuple[tuple[int, int], ...]
    vectors: int
    uart_irq: int


STM32F405 = Chip((0x08000000, 1024 * KB), ((0x20000000, 128 * KB),), 0x08000000, 38)
CHIPS = {
    "netduinoplus2": STM32F405,
    "nucleo_f446re": Chip((0x08000000, 512 * KB), STM32F405.rams, 0x08000000, 38),
    "nucleo_h743zi": Chip(
        (0x08000000, 2048 * KB), ((0x20000000, 128 * KB), (0x24000000, 512 * KB)), 0x08000000, 39
    ),
    "stm32f4_discovery": STM32F405,
    "nrf52840dk": Chip((0, 1024 * KB), ((0x20000000, 256 * KB),), 0, 2),
    "rpi_pico": Chip((0x10000000, 2048 * KB), ((0x20000000, 264 * KB),), 0x10000100, 20),
}
REAL = [name for name, board in boards().items() if board.pyocd]
RESET, SYSTICK, FIRST_INTERRUPT = 1, 15, 16
FAULTS = range(2, 8)


@cache
def image(name: str) -> Image:
    return Image(firmware.shipped_image(name))


def within(segment: Segment, start: int, size: int) -> bool:
    return start <= segment.address and segment.address + segment.size <= start + size


@pytest.mark.parametrize("name", list(boards()))
def test_every_board_has_an_image_that_says_its_name(name: str) -> None:
    assert image(name).symbols["tg_reset_handler"]
    data = b"".join(segment.data for segment in image(name).segments)
    assert name.encode() + b"\0" in data


@pytest.mark.parametrize("name", CHIPS)
def test_everything_lies_in_the_memory_that_the_part_has(name: str) -> None:
    chip, board = CHIPS[name], boards()[name]
    assert (board.flash_bytes, board.ram_bytes) == (chip.flash[1], sum(s for _, s in chip.rams))
    for segment in image(name).segments:
        assert any(within(segment, *memory) for memory in (chip.flash, *chip.rams))
        if segment.data:
            end = segment.load_address + len(segment.data)
            assert chip.flash[0] <= segment.load_address <= end <= sum(chip.flash)


@pytest.mark.parametrize("name", CHIPS)
def test_the_vector_table_leads_to_our_handlers_and_the_uarts_interrupt_to_its(name: str) -> None:
    chip, symbols = CHIPS[name], image(name).symbols
    length = FIRST_INTERRUPT + chip.uart_irq + 1
    table = struct.unpack(f"<{length}I", image(name).read(chip.vectors, 4 * length))
    handlers = {RESET: "tg_reset_handler", SYSTICK: "tg_systick_handler"}
    handlers |= dict.fromkeys(FAULTS, "tg_fault_handler")
    handlers[FIRST_INTERRUPT + chip.uart_irq] = "tg_uart_handler"
    expected = [symbols[handlers[i]] | 1 if i in handlers else 0 for i in range(1, length)]
    assert list(table[1:]) == expected
    assert table[0] == symbols["tg_stack_top"]
    assert table[0] % 8 == 0
    assert any(start < table[0] <= start + size for start, size in chip.rams)
    assert chip.flash[0] <= table[RESET] < sum(chip.flash)
    assert image(name).entry == table[RESET]


@pytest.mark.parametrize("name", REAL)
def test_a_real_boards_image_makes_no_semihosting_call_and_is_small(
    name: str, tmp_path: Path
) -> None:
    assert "tg_semihosting_start" not in image(name).symbols
    packaged = tmp_path / "packaged.elf"
    command = ["arm-none-eabi-objcopy", "--strip-debug", firmware.shipped_image(name), packaged]
    subprocess.run(command, check=True, timeout=20)
    assert packaged.stat().st_size < 100_000


def test_the_rp2040s_rom_accepts_our_boot_stage() -> None:
    boot = image("rpi_pico").read(0x10000000, 256)

    def mirrored(value: int, bits: int) -> int:
        return int(f"{value:0{bits}b}"[::-1], 2)

    # zlib's CRC-32 is the same polynomial, least significant bit first and inverted at the end.
    crc = zlib.crc32(bytes(mirrored(byte, 8) for byte in boot[:252])) ^ 0xFFFFFFFF
    assert int.from_bytes(boot[252:], "little") == mirrored(crc, 32)
    assert any(boot[:252])


@pytest.mark.parametrize("name", ["microbit", "lm3s6965evb"])
def test_the_uart_of_a_chip_that_qemu_lacks_works_in_one_that_it_has(name: str) -> None:
    board = Board(name=name, core="", uart="", notes="")
    url, machine = f"qemu://{name}?link=uart", QemuMachine(name, 0)
    elf = firmware.checksum_image(name)
    options = qemu.QemuOptions(url, board, machine, elf, "uart", True)
    model, samples = fake_model(600, 10, 3, bytes(900)), [bytes([i] * 600) for i in range(12)]
    engine = ChecksumEngine()
    engine.load(model)
    with Device(qemu.start_uart(options)) as device:
        assert device.greeting.board == name
        for _ in range(2):
            device.load(model)
            outputs = [answer.output for answer in device.infer(samples)]
            assert outputs == [engine.infer(sample) for sample in samples]
            assert device.stats().bytes_lost == 0
            device.reset()


@pytest.mark.parametrize(("image_of", "answers"), [("mps2-an385", True), ("cortex-m0plus", False)])
def test_the_smallest_cores_stand_in_faults_on_an_unaligned_access(
    image_of: str, answers: bool
) -> None:
    firmware.need_tools()
    elf = firmware.make(
        firmware.OUT,
        f"{image_of}-unaligned",
        f"BOARD={image_of}",
        f"MAIN={native.TESTS / 'unaligned_main.c'}",
        f"ENGINE={native.TESTS / 'fake_runtime.c'}",
        f"ENGINE_INCLUDE={native.TESTS}",
    )
    options = qemu.QemuOptions(
        "qemu://mps2-an385",
        boards()["mps2-an385"],
        QemuMachine("mps2-an385", 0),
        elf,
        "uart",
        True,
    )
    link = qemu.start_uart(options)
    try:
        greeted = Device(link, timeout_s=0.3).greeting.board == image_of
    except DeviceError:
        greeted = False
    finally:
        link.close()
    assert greeted == answers


# What a port's start leaves in the registers, read as the reference manuals read them.


def started(
    name: str, tmp_path: Path, *parts: str, **after_reset: int
) -> tuple[dict[int, int], int]:
    """Run a port's start on the host; return its registers in order of first use, and the IRQ."""
    here, port = native.ROOT / "tests/devices/registers", firmware.FIRMWARE / "port"
    native.need("gcc")
    program = tmp_path / "registers"
    sources = [here / "registers.c", *(port / f"{part}.c" for part in parts)]
    flags = ["-std=c11", "-Wall", "-Wextra", "-Werror", f"-I{port}", f'-DBOARD_HEADER="{name}.h"']
    command = ["gcc", *flags, "-include", here / "registers.h", *sources, "-o", program]
    subprocess.run(command, check=True, timeout=60)
    presets = [f"{address.removeprefix('at_')}={value:x}" for address, value in after_reset.items()]
    output = subprocess.run([program, *presets], check=True, capture_output=True, text=True).stdout
    *lines, irq = [line.split() for line in output.splitlines()]
    return {int(a, 16): int(v, 16) for a, v in lines}, int(irq[1], 16)


def bits(value: int, high: int, low: int) -> int:
    return value >> low & (1 << high - low + 1) - 1


def comes_before(registers: Mapping[int, int], first: int, second: int) -> bool:
    order = list(registers)
    return order.index(first) < order.index(second)


def is_115200(rate: float) -> bool:
    return abs(rate / 115_200 - 1) < 0.005


@pytest.mark.parametrize("name", ["netduinoplus2", "nucleo_f446re", "stm32f4_discovery"])
def test_the_stm32f4_runs_at_168_mhz_and_its_usart_at_115200(name: str, tmp_path: Path) -> None:
    registers, irq = started(name, tmp_path, "stm32f4_clocks", "stm32_usart", at_40023800=3)
    pll, config = registers[0x40023804], registers[0x40023808]
    assert bits(pll, 22, 22) == 0  # from the 16 MHz HSI
    compared = 16e6 / bits(pll, 5, 0)
    vco = compared * bits(pll, 14, 6)
    assert 1e6 <= compared <= 2e6
    assert 100e6 <= vco <= 432e6
    assert vco / (2 * bits(pll, 17, 16) + 2) == 168e6
    assert 2 <= bits(pll, 27, 24) <= 15
    assert bits(pll, 30, 28) == 2
    assert bits(config, 1, 0) == 2
    assert (bits(config, 7, 4), bits(config, 12, 10), bits(config, 15, 13)) == (0, 0b101, 0b100)
    assert bits(registers[0x40023C00], 3, 0) == 5
    assert comes_before(registers, 0x40023C00, 0x40023808)
    assert is_115200(168e6 / 4 / registers[0x40004408])
    assert registers[0x4000440C] == 1 << 13 | 1 << 5 | 1 << 3 | 1 << 2
    assert irq == 38
    assert (registers[0x40023830], registers[0x40023840]) == (1, 1 << 17)
    assert bits(registers[0x40020000], 7, 4) == 0b1010
    assert bits(registers[0x40020020], 15, 8) == 0x77


def test_the_stm32h7_runs_at_400_mhz_and_its_usart_at_115200(tmp_path: Path) -> None:
    analog = 0xFFFFFFFF
    registers, irq = started(
        "nucleo_h743zi", tmp_path, "stm32h7_clocks", "stm32_usart", at_58020C00=analog
    )
    rcc, pwr, gpiod, usart3 = 0x58024400, 0x58024800, 0x58020C00, 0x40004800
    assert bits(registers[rcc + 0x28], 1, 0) == 0  # from the 64 MHz HSI
    compared = 64e6 / bits(registers[rcc + 0x28], 9, 4)
    vco = compared * (bits(registers[rcc + 0x30], 8, 0) + 1)
    assert 4e6 <= compared <= 8e6
    assert bits(registers[rcc + 0x2C], 3, 2) == 2
    assert bits(registers[rcc + 0x2C], 1, 0) == 0  # wide VCO, no fraction
    assert bits(registers[rcc + 0x2C], 16, 16) == 1
    assert 192e6 <= vco <= 836e6
    assert vco / (bits(registers[rcc + 0x30], 15, 9) + 1) == 400e6
    d1, d2, d3 = (registers[rcc + offset] for offset in (0x18, 0x1C, 0x20))
    assert (bits(d1, 11, 8), bits(d1, 6, 4), bits(d1, 3, 0)) == (0, 0b100, 0b1000)
    assert (bits(d2, 10, 8), bits(d2, 6, 4), bits(d3, 6, 4)) == (0b100, 0b100, 0b100)
    assert registers[rcc + 0x10] == 3
    assert registers[pwr + 0xC] == 2
    assert bits(registers[pwr + 0x18], 15, 14) == 3
    assert registers[0x52002000] == 0x22
    for before in (pwr + 0xC, pwr + 0x18, 0x52002000, rcc + 0x18):
        assert comes_before(registers, before, rcc + 0x10)
    assert is_115200(400e6 / 2 / 2 / registers[usart3 + 0xC])
    assert registers[usart3] == 1 << 29 | 1 << 5 | 1 << 3 | 1 << 2 | 1
    assert irq == 39
    assert (registers[rcc + 0xE0], registers[rcc + 0xE8]) == (1 << 3, 1 << 18)
    assert registers[gpiod] == analog & ~(0xF << 16) | 0b1010 << 16
    assert bits(registers[gpiod + 0x24], 7, 0) == 0x77


@pytest.mark.parametrize(("revision", "opened"), [(4, False), (5, True)])
def test_the_nrf52840_starts_its_crystal_and_uart_and_keeps_its_debug_port_as_it_was(
    revision: int, opened: bool, tmp_path: Path
) -> None:
    registers, irq = started(
        "nrf52840dk",
        tmp_path,
        *("nrf52840_clocks", "nrf_uart"),
        at_10000130=8,
        at_10000134=revision,
        at_10001208=0xFFFFFF5A,
    )
    uart = 0x40002000
    assert registers[0x40000000] == 1
    assert registers.get(0x40000558) == (0xFFFFFF5A if opened else None)
    assert (registers[uart + 0x50C], registers[uart + 0x514]) == (6, 8)
    assert is_115200(registers[uart + 0x524] * 16e6 / 2**32)
    assert (registers[uart + 0x500], registers[uart], registers[uart + 0x8]) == (4, 1, 1)
    assert registers[uart + 0x304] == 1 << 9 | 1 << 2
    assert (registers[0x50000718], registers[0x50000720]) == (0b11, 0b1100)
    assert irq == 2


def test_the_rp2040_runs_at_125_mhz_and_its_uart_at_115200(tmp_path: Path) -> None:
    registers, irq = started(
        "rpi_pico", tmp_path, "rp2040_clocks", "pl011_uart", at_4000C000=0x01FFFFFF
    )
    pll, uart = 0x40028000, 0x40034000
    vco = 12e6 / bits(registers[pll], 5, 0) * registers[pll + 0x8]
    first, second = bits(registers[pll + 0xC], 18, 16), bits(registers[pll + 0xC], 14, 12)
    assert 750e6 <= vco <= 1600e6
    assert first >= second
    assert vco / first / second == 125e6
    assert registers[pll + 0x4] & 0b101001 == 0
    assert registers[0x40024000] == 0xFABAA0
    assert registers[0x4002400C] * 256 / 12e6 >= 1e-3
    assert (registers[0x40008030], registers[0x4000803C], registers[0x40008048]) == (2, 1, 1 << 11)
    assert comes_before(registers, 0x40024000, pll)
    held = registers[0x4000C000]
    assert held == 0x01FFFFFF & ~(1 << 5 | 1 << 8 | 1 << 12 | 1 << 22)
    assert is_115200(125e6 / (16 * (registers[uart + 0x24] + registers[uart + 0x28] / 64)))
    assert (registers[uart + 0x2C], registers[uart + 0x30]) == (0x70, 0x301)
    assert comes_before(registers, uart + 0x28, uart + 0x2C)
    assert irq == 20
    assert (registers[0x40014004], registers[0x4001400C]) == (2, 2)
    assert registers[0x4001C008] & 0b11001000 == 0b01001000
