"""Readiness and complaints, read from output of the form that Renode's monitor gives it."""

import pytest

from devices.emulators.renode_monitor import complaint, is_ready, last_words

ECHO = (
    "\rRenode, version 1.16.1.23712 (0d60ca48-202512300916)\n\r\n\r"
    "(monitor) $bin=@/t/x.elf; $port=40123; include @/p/mps2-an386.resc; start; "
    'echo "DUT READY"\r\n'
)
READY = ECHO + "\rStarting emulation...\r\n\rDUT READY\r\n\r(dut) "
NO_PORT = (
    ECHO + "\rThere was an error executing command 'emulation CreateServerSocketTerminal "
    '40123 "dut" false\'\r\n\r\tAddress already in use\r\n\r(dut) '
)
BAD_ELF = (
    ECHO + "\r\x1b[31mThere was an error executing command 'sysbus LoadELF @/t/x.elf'\x1b[0m\n\r"
    "\x1b[31mError while loading ELF: Given file is not a proper ELF file.\x1b[0m\n\r(dut) "
)
BAD_WORDS = ECHO + "\rCould not tokenize here:\r\n\r$bin=@/t/x.elf; %\r\n\r   ^\r\n\r(monitor) "


@pytest.mark.parametrize(
    "line", ["DUT READY", "\rDUT READY\r", "\r\r\rDUT READY\r\r", "\x1b[0m\rDUT READY\x1b[0m\r"]
)
def test_ready_is_a_line_of_its_own_whatever_returns_surround_it(line: str) -> None:
    assert is_ready(f"{ECHO}Starting emulation...\n{line}\n")
    assert is_ready(f"{ECHO}Starting emulation...\n\r{line}\n\r(dut) ")


@pytest.mark.parametrize(
    "text", [ECHO, "", 'echo "DUT READY"\r\n', "(dut) DUT READY\r\n", "DUT READY?\r\n", NO_PORT]
)
def test_the_echo_of_the_command_is_not_readiness(text: str) -> None:
    assert not is_ready(text)


def test_ready_output_has_no_complaint() -> None:
    assert is_ready(READY)
    assert complaint(READY) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            NO_PORT,
            "There was an error executing command 'emulation CreateServerSocketTerminal 40123 "
            '"dut" false\': Address already in use',
        ),
        (
            BAD_ELF,
            "There was an error executing command 'sysbus LoadELF @/t/x.elf': Error while loading "
            "ELF: Given file is not a proper ELF file.",
        ),
        (BAD_WORDS, "Could not tokenize here: $bin=@/t/x.elf; %"),
        (
            ECHO + "\rNo such command or device: mahc\r\n(monitor) ",
            "No such command or device: mahc",
        ),
    ],
)
def test_a_complaint_is_the_failed_command_and_its_reason(text: str, expected: str) -> None:
    assert complaint(text) == expected


def test_a_complaint_still_being_printed_is_seen_at_its_first_line() -> None:
    assert complaint(NO_PORT[: NO_PORT.index("\r\n\r\tAddress")]) is not None


def test_a_command_that_speaks_of_errors_is_none() -> None:
    assert complaint('(monitor) echo "There was an error executing command"\r\n') is None


def test_a_complaint_is_bounded() -> None:
    assert len(complaint("There was an error executing command 'x'\n" + "a" * 10_000) or "") <= 400


def test_the_last_words_are_neither_prompt_nor_echo() -> None:
    assert last_words(READY) == "DUT READY"
    assert last_words("(monitor) ") == ""
    assert last_words(ECHO).startswith("Renode, version 1.16.1")
    assert last_words(READY + "Fatal error: no memory\r\n") == "Fatal error: no memory"
    assert last_words("renode: line 5: mono: command not found\n") == (
        "renode: line 5: mono: command not found"
    )
