"""boards.toml: read strictly, and every board says what the bench needs to know."""

from pathlib import Path

import pytest

from devices.boards import QemuMachine, RenodeMachine, boards, find_board, read_boards
from devices.errors import BoardError

GOOD = 'core = "cortex-m3"\nuart = "UART0"\nnotes = "a board"\n'


def read(folder: Path, text: str) -> None:
    path = folder / "boards.toml"
    path.write_text(text)
    read_boards(path)


def test_a_board_that_is_flashed_says_how_it_is_reached() -> None:
    real = [board for board in boards().values() if board.pyocd]
    assert len(real) >= 5
    for board in real:
        assert board.flash_bytes
        assert board.ram_bytes
        assert board.uart
        assert board.notes


def test_an_emulated_board_names_its_machine() -> None:
    assert find_board("netduinoplus2").qemu == QemuMachine("netduinoplus2", 1)
    assert find_board("mps2-an386").renode == RenodeMachine("mps2-an386.repl", "uart0", 25_000_000)
    assert find_board("mps2-an386").link_choice == 0x203FFFF0
    assert find_board("nrf52840dk").qemu is None
    with pytest.raises(BoardError, match=r"nrf52840dk: boards\.toml names no ram_end"):
        _ = find_board("nrf52840dk").link_choice


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (f"[b]\n{GOOD}colour = 1\n", r"\[b\]: unknown key 'colour'; allowed: core, notes, uart"),
        ('[b]\ncore = "cortex-m3"\n', r"\[b\] lacks notes, uart"),
        (f'[b]\n{GOOD}ram_bytes = "1"\n', r"\[b\]: ram_bytes = '1' is not of type int"),
        (f"[b]\n{GOOD}ram_bytes = true\n", r"\[b\]: ram_bytes = True is not of type int"),
        (f'[b]\n{GOOD}usb = ["0483:374B"]\n', r"\[b\]: usb '0483:374B' is no id of the form"),
        (f"[b]\n{GOOD}usb = [7]\n", r"\[b\]: usb 7 is no id of the form"),
        (f"[b]\n{GOOD}emulator.simics = {{}}\n", "unknown key 'simics'; allowed: qemu, renode"),
        (f"[b]\n{GOOD}emulator.qemu = 1\n", "emulator.qemu is 1, not a table"),
        (f"[b]\n{GOOD}emulator.qemu = {{ serial = 1 }}\n", "emulator.qemu lacks machine"),
        (f"[b]\n{GOOD}emulator.qemu = {{ serial = 1.0 }}\n", "serial = 1.0 is not of type int"),
        (f'[b]\n{GOOD}emulator.renode = {{ uart = "u" }}\n', "emulator.renode lacks platform"),
        ("b = 1\n", r"\[b\] is 1, not a table"),
        ("b =\n", "Invalid value"),
    ],
)
def test_what_does_not_belong_is_one_clear_line(tmp_path: Path, text: str, complaint: str) -> None:
    with pytest.raises(BoardError, match=complaint):
        read(tmp_path, text)


def test_a_missing_file_is_a_board_error(tmp_path: Path) -> None:
    with pytest.raises(BoardError, match="No such file"):
        read_boards(tmp_path / "none.toml")
