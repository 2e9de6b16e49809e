"""Flashing through pyOCD's API: program, read back, reset; every failure is one line."""

import gc
import os
import warnings
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from devices.errors import BoardError, DeviceError, FlashError
from devices.flash.choice import Probe
from devices.flash.pyocd_flash import attached_probes, program, read_segments
from tests.devices import firmware
from tests.devices.flash.stand_in import SEGMENTS, Bench, Handle, Info, attached, made_elf

from pyocd.core import exceptions  # isort: skip - behind the stand-in, which skips without pyOCD
from pyocd.core.session import Session as RealSession  # isort: skip

HANDLE = Handle("0669FF3", "STM32 STLink", Info("NUCLEO-F446RE", "stm32f446retx"))


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Bench:
    return attached(monkeypatch, HANDLE)


@pytest.fixture
def image(tmp_path: Path) -> Path:
    path = tmp_path / "image.elf"
    path.write_bytes(made_elf())
    return path


def flash(image: Path) -> int:
    (probe,) = attached_probes()
    return program(probe, "stm32f446retx", image, lambda share: None)


def failure(image: Path) -> DeviceError:
    with pytest.raises(DeviceError) as caught:
        flash(image)
    assert str(caught.value).isprintable()
    return caught.value


def test_an_image_is_programmed_read_back_and_started(bench: Bench, image: Path) -> None:
    seen: list[float] = []
    (probe,) = attached_probes()
    assert replace(probe, handle=None) == Probe("0669FF3", "STM32 STLink", "stm32f446retx")
    assert program(probe, "stm32f446retx", image, seen.append) == 200 + 132
    assert seen == sorted(seen)
    assert seen[-1] == 1.0
    assert bench.done == [
        ("session", "0669FF3", "stm32f446retx"),
        ("open",),
        ("program", "image.elf"),
        ("read", SEGMENTS[0][0], 200),
        ("read", SEGMENTS[1][0], 132),
        ("reset",),
        ("close",),
    ]


def test_flash_that_does_not_hold_the_image_is_an_error(bench: Bench, image: Path) -> None:
    def fade(step: str) -> None:
        if step == "read":
            bench.memory[SEGMENTS[1][0] + 5] = 0x5A

    bench.fault = fade
    error = failure(image)
    assert isinstance(error, FlashError)
    assert "the flash differs from the image from address 0x08004005 on" in str(error)
    assert ("reset",) not in bench.done
    assert bench.done[-1] == ("close",)


@pytest.mark.parametrize("step", ["session", "open", "program", "read", "reset"])
@pytest.mark.parametrize(
    ("raised", "kind", "text"),
    [
        (exceptions.ProbeError("STLink error (9): Get IDCODE error"), FlashError, "Get IDCODE"),
        (exceptions.TransferFaultError("No ACK"), FlashError, "(No ACK)"),
        (exceptions.FlashProgramFailure("a\nb\x1b[2J"), FlashError, r"a b\x1b[2J"),
        (exceptions.TargetSupportError("x"), BoardError, "pyocd pack install stm32f446retx"),
        (OSError(19, "No such device"), FlashError, "No such device"),
        (exceptions.Error(), FlashError, "Error; check cable"),
    ],
)
def test_what_pyocd_raises_is_one_line(
    bench: Bench, image: Path, step: str, raised: Exception, kind: type[DeviceError], text: str
) -> None:
    def fail(at: str) -> None:
        if at == step:
            raise raised

    bench.fault = fail
    error = failure(image)
    assert type(error) is kind
    assert str(error).startswith("0669FF3 (STM32 STLink): ")
    assert text in str(error)


@pytest.mark.parametrize(
    "content",
    [b"", b"\x7fELF", made_elf()[:60], b":10000000", made_elf(machine=62), made_elf(())],
)
def test_what_is_no_arm_image_is_refused_before_the_board_is_touched(
    bench: Bench, tmp_path: Path, content: bytes
) -> None:
    path = tmp_path / "image.elf"
    path.write_bytes(content)
    assert isinstance(failure(path), BoardError)
    assert bench.done == []


def test_a_shipped_image_has_its_vectors_in_a_segment() -> None:
    first = read_segments(firmware.shipped_image("netduinoplus2"))[0]
    assert first.address == 0x0800_0000
    stack = int.from_bytes(first.content[:4], "little")
    assert 0x2000_0000 < stack <= 0x2002_0000


def test_a_probe_that_does_not_know_its_board_is_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    class Locked(Handle):
        @property  # type: ignore[override]
        def associated_board_info(self) -> Info:
            raise exceptions.ProbeError("in use")

        @associated_board_info.setter
        def associated_board_info(self, value: object) -> None:
            pass

    attached(monkeypatch, Locked("1"), Handle("\x1b]2", "x\x07"))
    assert [(probe.unique_id, probe.target) for probe in attached_probes()] == [
        ("1", None),
        (r"\x1b]2", None),
    ]


@pytest.fixture
def pyocds_own() -> Iterator[None]:
    """Collect what pyOCD's own objects leave open, an archive of register names."""
    yield
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


class Unplugged:
    """What pyOCD's own session asks of a probe before it opens it; that fails."""

    unique_id, description, session = "77", "stub", None
    associated_board_info = None

    def create_associated_board(self) -> None:
        return None

    def open(self) -> None:
        raise exceptions.ProbeError("unplugged")

    def close(self) -> None:
        pass

    @property
    def is_open(self) -> bool:
        return False


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[Path]:
    before = Path.cwd()
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    os.chdir(folder)
    yield folder
    os.chdir(before)


@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_pyocds_own_session_runs_no_script_of_the_current_folder(
    pyocds_own: None, elsewhere: Path, image: Path
) -> None:
    (elsewhere / "pyocd_user.py").write_text("import pathlib; pathlib.Path('ran').touch()")
    (elsewhere / "pyocd.yaml").write_text("target_override: lpc800\n")
    probe = Probe("77", "stub", None, Unplugged())
    with pytest.raises(FlashError, match=r"77 .stub.: unplugged; check cable"):
        program(probe, "nrf52840", image, lambda share: None)
    assert Path.cwd() == elsewhere
    assert sorted(path.name for path in elsewhere.iterdir()) == ["pyocd.yaml", "pyocd_user.py"]
    RealSession(Unplugged(), options={"target_override": "nrf52840"})
    assert (elsewhere / "ran").exists()  # so it would have, without our precaution


@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_a_target_without_its_pack_names_the_command(pyocds_own: None, image: Path) -> None:
    probe = Probe("77", "stub", None, Unplugged())
    with pytest.raises(BoardError, match=r"pyocd pack install stm32f999zz$"):
        program(probe, "stm32f999zz", image, lambda share: None)
