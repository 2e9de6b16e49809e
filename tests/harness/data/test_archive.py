from __future__ import annotations

import hashlib
import io
import os
import tarfile
import zipfile
from pathlib import Path

import pytest

from harness.data.archive import Archive
from harness.data.folder import files_below
from harness.errors import DataError, InfrastructureError
from tests.harness.data.conftest import Server

CONTENT = {"list.txt": b"a b", "deep/er/one.bin": b"1" * 300, "deep/two.bin": b"22"}


def pack(path: Path, names: list[str] | None = None) -> Archive:
    """Write CONTENT, or a byte under each of `names`, as the kind that the suffix says."""
    contents = dict.fromkeys(names, b"x") if names else {f"top/{k}": v for k, v in CONTENT.items()}
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w") as packed:
            for name, content in contents.items():
                packed.writestr(name, content)
    else:
        with tarfile.open(path, "w:gz" if path.suffix == ".gz" else "w") as tar:
            for name, content in contents.items():
                member = tarfile.TarInfo(name)
                member.size = len(content)
                tar.addfile(member, io.BytesIO(content))
    return described(path)


def described(path: Path, url: str = "") -> Archive:
    digest = hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()
    return Archive("own", path.name, digest, url + path.name, "top", "own-1", ("list.txt",))


def everything(archive: Archive, path: Path, limit_bytes: int = 1000) -> dict[str, bytes]:
    return dict(archive.members(path, lambda _: limit_bytes))


@pytest.mark.parametrize("name", ["own.tar", "own.tar.gz", "own.zip"])
def test_an_archive_and_its_folder_give_the_same_files(tmp_path: Path, name: str) -> None:
    archive = pack(tmp_path / name)
    for file, content in CONTENT.items():
        (tmp_path / "own-1" / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "own-1" / file).write_bytes(content)
    assert everything(archive, tmp_path / name) == CONTENT
    assert everything(archive, tmp_path / "own-1") == CONTENT
    assert archive.read(tmp_path / name, ("deep/two.bin",), 2) == {"deep/two.bin": b"22"}
    assert archive.read(tmp_path / "own-1", ("deep/two.bin",), 2) == {"deep/two.bin": b"22"}
    assert {one.name for one in tmp_path.iterdir()} == {name, "own-1"}


@pytest.mark.parametrize("name", ["own.tar", "own.tar.gz", "own.zip"])
@pytest.mark.parametrize("member", ["../out", "/etc/out", "top/../../out"])
def test_a_name_that_leads_outside_is_refused(tmp_path: Path, name: str, member: str) -> None:
    archive = pack(tmp_path / name, [member])
    with pytest.raises(DataError, match="leads outside the archive"):
        everything(archive, tmp_path / name)


@pytest.mark.parametrize("name", ["own.tar", "own.tar.gz", "own.zip"])
def test_hidden_files_and_those_beside_the_data_are_passed_over(tmp_path: Path, name: str) -> None:
    archive = pack(tmp_path / name, ["top/a", "./top/b", "top/._a", "top/.git/c", "other/d", "e"])
    assert everything(archive, tmp_path / name) == {"a": b"x", "b": b"x"}


@pytest.mark.parametrize("name", ["own.tar", "own.tar.gz", "own.zip"])
def test_a_file_beyond_its_limit_is_refused_before_it_is_read(tmp_path: Path, name: str) -> None:
    archive = pack(tmp_path / name)
    with pytest.raises(DataError, match="300 bytes, more than the 299 possible"):
        everything(archive, tmp_path / name, 299)


@pytest.mark.parametrize("name", ["own.tar", "own.tar.gz"])
def test_a_name_that_occurs_twice_is_refused(tmp_path: Path, name: str) -> None:
    with tarfile.open(tmp_path / name, "w:gz" if name.endswith("gz") else "w") as tar:
        for _ in range(2):
            tar.addfile(tarfile.TarInfo("top/list.txt"), io.BytesIO())
    with pytest.raises(DataError, match="occurs twice or is not a file"):
        everything(described(tmp_path / name), tmp_path / name)


def test_a_zip_that_lies_about_a_size_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "own.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("top/list.txt", b"\0" * 100_000)
    content = bytearray(path.read_bytes())
    directory = content.rindex(b"PK\x01\x02")
    content[directory + 24 : directory + 28] = (10).to_bytes(4, "little")
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"not a readable \.zip|ends after"):
        everything(described(path), path)


@pytest.mark.parametrize("name", ["own.tar", "own.tar.gz", "own.zip"])
@pytest.mark.parametrize("damage", ["cut", "rubbish", "empty"])
def test_a_damaged_archive_of_the_right_checksum_is_one_line(
    tmp_path: Path, name: str, damage: str
) -> None:
    path = tmp_path / name
    pack(path)
    whole = path.read_bytes()
    path.write_bytes(
        {"cut": whole[: len(whole) // 5], "rubbish": b"PKrub" * 99, "empty": b""}[damage]
    )
    with pytest.raises(DataError, match=r"not a readable|ends after|is missing") as caught:
        described(path).read(path, tuple(CONTENT), 1000)
    assert "\n" not in str(caught.value)


def test_another_checksum_is_refused_before_the_archive_is_opened(tmp_path: Path) -> None:
    archive = pack(tmp_path / "own.zip")
    (tmp_path / "own.zip").write_bytes(b"no zip at all")
    with pytest.raises(DataError, match=f"checksum .* is not {archive.md5}"):
        everything(archive, tmp_path / "own.zip")


def test_a_download_that_is_asked_for_is_checked_and_kept(tmp_path: Path, server: Server) -> None:
    pack(server.folder / "own.tar")
    archive = described(server.folder / "own.tar", server.url)
    with pytest.raises(DataError, match=r"no own here; expected own\.tar, the folder own-1"):
        archive.find(tmp_path / "data", download=False)
    found = archive.find(tmp_path / "data", download=True)
    assert everything(archive, found) == CONTENT
    (server.folder / "own.tar").write_bytes(b"changed")
    assert archive.find(tmp_path / "data", download=True) == found
    with pytest.raises(InfrastructureError, match=r"the download to .* failed"):
        archive.find(tmp_path / "other", download=True)
    assert list((tmp_path / "other").iterdir()) == []


def test_files_come_sorted_and_hidden_ones_not_at_all(tmp_path: Path) -> None:
    for name in ("b/2", "b/10", "a", ".hidden", ".git/config", "b/.DS_Store"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "c").symlink_to(tmp_path / "a")
    assert [name for name, _ in files_below(tmp_path)] == ["a", "b/10", "b/2", "c"]


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("../outside.txt", "leads outside"),
        ("..", "leads outside"),
        ("/etc/passwd", "leads outside"),
        ("inside", "a link to a folder or to nothing"),
        ("nowhere", "a link to a folder or to nothing"),
    ],
)
def test_a_link_that_leads_anywhere_but_to_a_file_inside_is_refused(
    tmp_path: Path, target: str, message: str
) -> None:
    (tmp_path / "outside.txt").touch()
    (tmp_path / "data" / "inside").mkdir(parents=True)
    (tmp_path / "data" / "link").symlink_to(target)
    with pytest.raises(DataError, match=message):
        list(files_below(tmp_path / "data"))


def test_a_pipe_is_refused_rather_than_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(DataError, match="neither a file nor a folder"):
        list(files_below(tmp_path))
