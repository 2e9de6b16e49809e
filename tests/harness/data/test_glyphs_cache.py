"""The cache of glyphs100: whole files or none, and never another data set's images."""

from __future__ import annotations

import errno
import hashlib
import logging
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from harness.data.glyphs import cache
from harness.data.glyphs.cache import cache_folder, stored
from harness.data.glyphs.difficulty import STANDARD
from harness.data.glyphs.generate import TEST_STREAM, generate
from harness.errors import InfrastructureError

SAMPLES = 12
Images = NDArray[np.uint8]


def read(folder: Path) -> Images:
    return stored(folder, "test", TEST_STREAM, SAMPLES, STANDARD)


@pytest.fixture(scope="module")
def images() -> Images:
    return generate(TEST_STREAM, SAMPLES, STANDARD)


def never(*_: object) -> Images:
    raise AssertionError("drawn again")


def test_images_are_drawn_once_and_then_read(
    tmp_path: Path, images: Images, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert np.array_equal(read(tmp_path / "new" / "folder"), images)
    monkeypatch.setattr(cache, "generate", never)
    monkeypatch.setattr(cache, "check_outlines", never)
    assert np.array_equal(read(tmp_path / "new" / "folder"), images)
    assert len(list((tmp_path / "new" / "folder").iterdir())) == 1


def emptied(path: Path, _: Images) -> None:
    path.write_bytes(b"")


def halved(path: Path, _: Images) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def flipped(path: Path, _: Images) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def unsealed(path: Path, images: Images) -> None:
    np.savez(path, images=images)


def swapped(path: Path, images: Images) -> None:
    """Other images under the old digest, in a sound archive."""
    np.savez(path, images=images[::-1], sha256=np.load(path)["sha256"])


def shortened(path: Path, images: Images) -> None:
    seal(path, images[:-1])


def widened(path: Path, images: Images) -> None:
    seal(path, images.astype(np.int16))


def pickled(path: Path, images: Images) -> None:
    np.savez(path, images=images.astype(object), sha256=np.load(path)["sha256"])


def seal(path: Path, images: NDArray[Any]) -> None:
    np.savez(path, images=images, sha256=np.array(hashlib.sha256(images.tobytes()).hexdigest()))


DAMAGE = (emptied, halved, flipped, unsealed, swapped, shortened, widened, pickled)


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_file_is_told_and_drawn_again(
    damage: Callable[[Path, Images], None],
    tmp_path: Path,
    images: Images,
    caplog: pytest.LogCaptureFixture,
) -> None:
    read(tmp_path)
    (path,) = tmp_path.iterdir()
    whole = path.read_bytes()
    damage(path, images)
    assert path.read_bytes() != whole
    caplog.clear()
    with caplog.at_level(logging.WARNING, "tinygate"):
        assert np.array_equal(read(tmp_path), images)
    assert caplog.messages[0] == f"{path}: damaged; its images are drawn again"
    assert np.array_equal(np.load(path)["images"], images)


def test_another_size_or_difficulty_is_another_file(tmp_path: Path, images: Images) -> None:
    read(tmp_path)
    fewer = stored(tmp_path, "test", TEST_STREAM, SAMPLES - 5, STANDARD)
    harder = stored(tmp_path, "test", TEST_STREAM, SAMPLES, replace(STANDARD, noise=(0.0, 60.0)))
    assert np.array_equal(fewer, images[: SAMPLES - 5])
    assert not np.array_equal(harder, images)
    assert len(list(tmp_path.iterdir())) == 3


@pytest.mark.parametrize("error", [KeyboardInterrupt(), InfrastructureError("a process died")])
def test_drawing_that_breaks_off_leaves_nothing_behind(
    error: BaseException, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> Images:
        raise error

    monkeypatch.setattr(cache, "generate", broken)
    with pytest.raises(type(error)):
        read(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_process_left_is_not_read(tmp_path: Path, images: Images) -> None:
    read(tmp_path)
    (path,) = tmp_path.iterdir()
    left = path.with_name(f".{path.stem}-0123abcd.tmp.npz")
    left.write_bytes(path.read_bytes()[:100])
    path.unlink()
    assert np.array_equal(read(tmp_path), images)


def test_a_folder_that_cannot_be_written_is_one_line_before_anything_is_drawn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cache, "generate", never)
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(InfrastructureError) as caught:
        read(tmp_path / "file" / "glyphs")
    message = str(caught.value)
    assert str(tmp_path / "file" / "glyphs") in message
    assert "Not a directory" in message
    assert "set [data] path" in message
    assert "\n" not in message


def test_a_full_disk_is_one_line_and_leaves_nothing_behind(
    tmp_path: Path, images: Images, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, **_: object) -> None:
        path.write_bytes(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(cache.np, "savez", full)
    with pytest.raises(InfrastructureError, match="No space left on device"):
        read(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_two_processes_at_once_both_get_the_images(tmp_path: Path, images: Images) -> None:
    program = (
        "import sys; from pathlib import Path; from tests.harness.data.test_glyphs_cache import *; "
        "print(hashlib.sha256(read(Path(sys.argv[1])).tobytes()).hexdigest())"
    )
    command = [sys.executable, "-c", program, str(tmp_path)]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    answers = {process.communicate(timeout=300)[0].strip() for process in both}
    assert answers == {hashlib.sha256(images.tobytes()).hexdigest()}
    assert [path.suffix for path in tmp_path.iterdir()] == [".npz"]


def test_the_folder_is_the_users_cache_unless_one_is_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    below = Path("tinygate") / "glyphs100"
    assert cache_folder(None) == tmp_path / ".cache" / below
    monkeypatch.setenv("XDG_CACHE_HOME", "not/absolute")  # to be ignored, says its specification
    assert cache_folder(None) == tmp_path / ".cache" / below
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "elsewhere"))
    assert cache_folder(None) == tmp_path / "elsewhere" / below
    assert cache_folder(tmp_path / "given") == tmp_path / "given"
