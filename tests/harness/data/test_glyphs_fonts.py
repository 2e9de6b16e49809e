"""Other fonts would draw other images: they are refused."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import matplotlib as mpl
import pytest

from harness.config import DataConfig
from harness.data import load_dataset
from harness.data.glyphs import outline
from harness.errors import DataError

REAL = Path(mpl.get_data_path())


@pytest.fixture
def fonts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of matplotlib's fonts that it takes for its own."""
    shutil.copytree(REAL / "fonts" / "ttf", tmp_path / "mpl" / "fonts" / "ttf")
    monkeypatch.setattr(mpl, "get_data_path", lambda: str(tmp_path / "mpl"))
    cached = (outline._font, outline._cap_height, outline.check_outlines)
    for one in cached:
        one.cache_clear()
    yield tmp_path / "mpl" / "fonts" / "ttf"
    for one in cached:
        one.cache_clear()


def load(tmp_path: Path) -> str:
    """Return the message of the error that loading ends with."""
    cache = tmp_path / "cache"
    with pytest.raises(DataError) as caught:
        load_dataset(DataConfig(source="glyphs100", path=cache, train_samples=300))
    assert not cache.exists()
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_the_fonts_that_matplotlib_ships_have_the_outlines_that_are_expected(fonts: Path) -> None:
    outline.check_outlines()


def test_a_font_with_other_outlines_is_refused(fonts: Path, tmp_path: Path) -> None:
    shutil.copy(fonts / "DejaVuSans.ttf", fonts / "DejaVuSans-Bold.ttf")
    message = load(tmp_path)
    assert message.startswith(f"{fonts}: the fonts of matplotlib {mpl.__version__} have other")
    assert "install matplotlib >= 3.11 with its own fonts" in message


@pytest.mark.parametrize("left", [None, b"", b"not a font"])
def test_a_missing_or_broken_font_is_named(left: bytes | None, fonts: Path, tmp_path: Path) -> None:
    (fonts / "cmr10.ttf").unlink()
    if left is not None:
        (fonts / "cmr10.ttf").write_bytes(left)
    assert load(tmp_path).startswith(f"{fonts / 'cmr10.ttf'}: glyphs100 needs this font")


def test_a_font_without_a_character_is_named(fonts: Path, tmp_path: Path) -> None:
    shutil.copy(fonts / "cmr10.ttf", fonts / "STIXGeneral.ttf")
    assert "has no" in load(tmp_path)


def test_a_matplotlib_from_before_its_interface_is_refused(
    fonts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr("matplotlib.ft2font.LoadFlags")
    assert load(tmp_path).startswith("glyphs100 needs matplotlib >= 3.11 and its fonts, found")
