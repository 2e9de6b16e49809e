from __future__ import annotations

import tarfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from harness.config import DataConfig
from harness.data import load_dataset
from harness.data.cifar import CIFAR10, CIFAR100, read_cifar
from harness.errors import DataError, InfrastructureError
from tests.harness.data.cifar_writer import CifarFiles, with_checksum
from tests.harness.data.conftest import Server


def test_cifar100_images_are_nhwc_with_fine_labels_and_the_names_of_its_file(
    cifar100: CifarFiles, tmp_path: Path
) -> None:
    source = read_cifar(CIFAR100, cifar100.folder(tmp_path))
    assert source.test is not None
    for split, file in ((source.pool, "train.bin"), (source.test, "test.bin")):
        assert split.images.dtype == np.uint8
        assert np.array_equal(split.images, cifar100.images[file])
        assert np.array_equal(split.labels, cifar100.labels[file])
        assert np.array_equal(split.ids, np.arange(300))
    assert source.pool.class_names == tuple(f"class_{index}" for index in range(100))


def test_cifar10_joins_its_five_training_files_in_order(
    cifar10: CifarFiles, tmp_path: Path
) -> None:
    source = read_cifar(CIFAR10, cifar10.folder(tmp_path))
    expected = np.concatenate([cifar10.images[f"data_batch_{n}.bin"] for n in range(1, 6)])
    assert np.array_equal(source.pool.images, expected)
    assert source.test is not None
    assert np.array_equal(source.test.images, cifar10.images["test_batch.bin"])
    assert len(source.pool.class_names) == 10


def test_archive_folder_and_the_folder_around_them_give_the_same_data(
    cifar10: CifarFiles, tmp_path: Path
) -> None:
    folder = cifar10.folder(tmp_path / "extracted")
    (tmp_path / "packed").mkdir()
    form = cifar10.archive(tmp_path / "packed" / CIFAR10.archive)
    paths = [folder, folder.parent, tmp_path / "packed", tmp_path / "packed" / CIFAR10.archive]
    digests = {read_cifar(form, path).pool.digest for path in paths}
    assert len(digests) == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["extracted", "packed"]


@pytest.mark.parametrize("source", ["cifar10", "cifar100"])
def test_a_configured_folder_becomes_three_splits(
    source: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    files = request.getfixturevalue(source)
    config = DataConfig(source=source, path=files.folder(tmp_path), calibration_samples=20)
    dataset = load_dataset(config)
    total = sum(len(files.images[name]) for name in files.form.train)
    assert (len(dataset.train), len(dataset.calibration)) == (total - 20, 20)
    assert set(dataset.train.ids.tolist()).isdisjoint(dataset.calibration.ids.tolist())
    assert np.array_equal(dataset.test.images, files.images[files.form.test[0]])


def test_an_archive_with_another_checksum_is_refused_before_it_is_opened(
    cifar100: CifarFiles, tmp_path: Path
) -> None:
    archive = tmp_path / CIFAR100.archive
    cifar100.archive(archive)
    with pytest.raises(DataError, match=f"{archive}: checksum .* is not {CIFAR100.archive_md5}"):
        read_cifar(CIFAR100, archive)


@pytest.mark.parametrize("damage", ["truncated", "one bit", "empty"])
def test_a_truncated_or_tampered_archive_is_one_clear_line(
    cifar100: CifarFiles, tmp_path: Path, damage: str
) -> None:
    archive = tmp_path / CIFAR100.archive
    form = cifar100.archive(archive)
    content = bytearray(archive.read_bytes())
    content[len(content) // 2] ^= 1
    whole = archive.read_bytes()
    archive.write_bytes({"truncated": whole[:-100], "one bit": content, "empty": b""}[damage])
    with pytest.raises(DataError, match="truncated, tampered with, or another archive") as caught:
        read_cifar(form, archive)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"no archive", b"\x1f\x8b\x08\x00broken"])
def test_a_file_that_is_no_archive_is_one_clear_line(tmp_path: Path, content: bytes) -> None:
    archive = tmp_path / CIFAR100.archive
    archive.write_bytes(content)
    with pytest.raises(DataError, match=r"not a readable \.tar\.gz|is missing") as caught:
        read_cifar(with_checksum(CIFAR100, archive), archive)
    assert "\n" not in str(caught.value)


def hostile(name: str, kind: bytes = tarfile.REGTYPE, size: int = 0) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type, member.size = kind, size
    member.linkname = "/etc/passwd" if kind in (tarfile.SYMTYPE, tarfile.LNKTYPE) else ""
    return member


@pytest.mark.parametrize(
    ("member", "message"),
    [
        (hostile("../outside.bin"), "leads outside the archive"),
        (hostile("/etc/outside.bin"), "leads outside the archive"),
        (hostile("cifar-100-binary/../../outside.bin"), "leads outside the archive"),
        (hostile("cifar-100-binary/link", tarfile.SYMTYPE), "is a link, a device"),
        (hostile("cifar-100-binary/link", tarfile.LNKTYPE), "is a link, a device"),
        (hostile("cifar-100-binary/null", tarfile.CHRTYPE), "is a link, a device"),
        (hostile("cifar-100-binary/train.bin", size=5), "occurs twice or is not a file"),
        (hostile("./cifar-100-binary/test.bin", tarfile.DIRTYPE), "occurs twice or is not a file"),
    ],
)
def test_an_archive_that_plays_tricks_is_refused_even_with_the_right_checksum(
    cifar100: CifarFiles, tmp_path: Path, member: tarfile.TarInfo, message: str
) -> None:
    archive = tmp_path / CIFAR100.archive
    form = cifar100.archive(archive, extra=[member])
    with pytest.raises(DataError, match=message):
        read_cifar(form, archive)


def test_members_that_are_not_needed_are_passed_over(cifar100: CifarFiles, tmp_path: Path) -> None:
    archive = tmp_path / CIFAR100.archive
    form = cifar100.archive(archive, extra=[hostile("cifar-100-binary/file.txt~", size=7)])
    assert len(read_cifar(form, archive).pool) == 300


def test_an_archive_without_a_needed_file_names_it(cifar100: CifarFiles, tmp_path: Path) -> None:
    del cifar100.contents["test.bin"]
    archive = tmp_path / CIFAR100.archive
    form = cifar100.archive(archive)
    with pytest.raises(DataError, match=r"tar\.gz: test\.bin is missing"):
        read_cifar(form, archive)


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        ("train.bin", b"x" * 3073, "3073 bytes is not a whole number of records of 3074 bytes"),
        ("train.bin", b"", "0 bytes is not a whole number"),
        ("test.bin", bytes([0, 100]) + bytes(3072), "record 0 has label 100, cifar100 has 0 to 99"),
        ("fine_label_names.txt", b"apple\nbear\n", "2 names, 2 of them different"),
        ("fine_label_names.txt", b"apple\n" * 100, "100 names, 1 of them different"),
        ("fine_label_names.txt", b"\xff" * 100, "not a text of class names"),
    ],
)
def test_a_damaged_file_in_a_folder_is_named(
    cifar100: CifarFiles, tmp_path: Path, file: str, content: bytes, message: str
) -> None:
    cifar100.contents[file] = content
    with pytest.raises(DataError, match=f"{file}: .*{message}|{file}: {message}"):
        read_cifar(CIFAR100, cifar100.folder(tmp_path))


def test_a_missing_file_in_a_folder_is_named(cifar100: CifarFiles, tmp_path: Path) -> None:
    folder = cifar100.folder(tmp_path)
    (folder / "train.bin").unlink()
    with pytest.raises(DataError, match=r"train\.bin is missing"):
        read_cifar(CIFAR100, folder)


@pytest.mark.parametrize("there", ["nothing", "empty folder"])
def test_missing_data_says_what_is_expected_and_how_to_get_it(tmp_path: Path, there: str) -> None:
    path = tmp_path / "data"
    if there == "empty folder":
        path.mkdir()
    with pytest.raises(DataError, match=r"no cifar100 here; expected .*download = true"):
        load_dataset(DataConfig(source="cifar100", path=path))


def test_cifar_needs_a_path() -> None:
    with pytest.raises(DataError, match=r"\[data\] path: source 'cifar10' needs one"):
        load_dataset(DataConfig(source="cifar10"))


@pytest.mark.parametrize("target", ["data", "data/mine.tar.gz"])
def test_a_download_that_is_asked_for_is_kept_and_not_repeated(
    cifar10: CifarFiles, server: Server, tmp_path: Path, target: str
) -> None:
    form = replace(cifar10.archive(server.folder / CIFAR10.archive), page=server.url)
    path = tmp_path / target
    first = read_cifar(form, path, download=True)
    (server.folder / CIFAR10.archive).unlink()
    again = read_cifar(form, path, download=True)
    assert first.pool.digest == again.pool.digest
    assert len(list((tmp_path / "data").iterdir())) == 1


def test_nothing_is_fetched_unless_asked_for(
    cifar10: CifarFiles, server: Server, tmp_path: Path
) -> None:
    form = replace(cifar10.archive(server.folder / CIFAR10.archive), page=server.url)
    with pytest.raises(DataError, match="no cifar10 here"):
        read_cifar(form, tmp_path / "data")
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("fault", ["absent", "another checksum"])
def test_a_failed_download_leaves_no_file_and_is_not_the_users_fault(
    cifar10: CifarFiles, server: Server, tmp_path: Path, fault: str
) -> None:
    if fault == "another checksum":
        cifar10.archive(server.folder / CIFAR10.archive)
    with pytest.raises(InfrastructureError, match=r"the download to .* failed"):
        read_cifar(replace(CIFAR10, page=server.url), tmp_path / "data", download=True)
    assert list((tmp_path / "data").iterdir()) == []
