from __future__ import annotations

import hashlib
import io
import tarfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from harness.config import DataConfig
from harness.data import cifar100_c, load_dataset
from harness.data.cifar100_c import ARCHIVE, CORRUPTIONS
from harness.errors import DataError
from tests.harness.data.cifar_writer import CifarFiles

Contents = dict[str, bytes]


def npy(array: np.ndarray) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array)
    return stream.getvalue()


@pytest.fixture
def corrupted(cifar100: CifarFiles) -> dict[str, np.ndarray]:
    """The 300 test images at five severities: value 10 * severity, and the labels five times."""
    labels = np.tile(cifar100.labels["test.bin"], 5).astype(np.int64)
    levels = np.repeat(np.arange(1, 6, dtype=np.uint8) * 10, 300)
    images = np.broadcast_to(levels[:, None, None, None], (1500, 32, 32, 3))
    return {"fog": images, "frost": images + np.uint8(1), "labels": labels}


@pytest.fixture
def root(cifar100: CifarFiles, corrupted: dict[str, np.ndarray], tmp_path: Path) -> Path:
    cifar100.folder(tmp_path)
    folder = tmp_path / "CIFAR-100-C"
    folder.mkdir()
    for name, array in corrupted.items():
        (folder / f"{name}.npy").write_bytes(npy(array))
    return tmp_path


def config(root: Path, **changes: object) -> DataConfig:
    given = {"source": "cifar100-c", "path": root, "corruption": "fog", "severity": 3}
    return DataConfig.model_validate(given | {"calibration_samples": 20} | changes)


@pytest.mark.parametrize("severity", [1, 2, 5])
@pytest.mark.parametrize(("corruption", "added"), [("fog", 0), ("frost", 1)])
def test_it_trains_on_clean_images_and_tests_on_one_corruption_at_one_severity(
    root: Path, cifar100: CifarFiles, severity: int, corruption: str, added: int
) -> None:
    dataset = load_dataset(config(root, corruption=corruption, severity=severity))
    clean = load_dataset(config(root, source="cifar100", corruption=None, severity=None))
    assert dataset.name == f"cifar100-c {corruption} {severity}"
    assert dataset.train.digest == clean.train.digest
    assert dataset.test.images.shape == (300, 32, 32, 3)
    assert np.unique(dataset.test.images).tolist() == [10 * severity + added]
    assert np.array_equal(dataset.test.labels, cifar100.labels["test.bin"])
    assert np.array_equal(dataset.test.ids, clean.test.ids)
    assert dataset.test.digest != clean.test.digest


def test_the_archive_gives_what_its_folder_gives(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = load_dataset(config(root))
    with tarfile.open(tmp_path / "packed.tar", "w") as tar:
        tar.add(root / "CIFAR-100-C", "CIFAR-100-C")
    content = (tmp_path / "packed.tar").read_bytes()
    digest = hashlib.md5(content, usedforsecurity=False).hexdigest()
    with pytest.raises(DataError, match=f"is not {ARCHIVE.md5}"):
        load_dataset(config(root, test_path=tmp_path / "packed.tar"))
    monkeypatch.setattr(cifar100_c, "ARCHIVE", replace(ARCHIVE, md5=digest))
    archive = load_dataset(config(root, test_path=tmp_path / "packed.tar"))
    assert archive.digests == folder.digests


def test_the_nineteen_corruptions_are_those_of_the_paper() -> None:
    noise = {"gaussian_noise", "shot_noise", "impulse_noise", "speckle_noise"}
    blur = {"defocus_blur", "glass_blur", "motion_blur", "zoom_blur", "gaussian_blur"}
    weather = {"snow", "frost", "fog", "brightness", "spatter"}
    digital = {"contrast", "elastic_transform", "pixelate", "jpeg_compression", "saturate"}
    assert set(CORRUPTIONS) == noise | blur | weather | digital
    assert len(CORRUPTIONS) == 19


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"corruption": None}, r"\[data\] corruption: got None.*one of brightness, contrast"),
        ({"corruption": "rain"}, r"\[data\] corruption: got 'rain'"),
        ({"corruption": "../fog"}, r"\[data\] corruption: got '\.\./fog'"),
        ({"severity": None}, r"\[data\] severity: source 'cifar100-c' needs one, 1 to 5"),
        ({"path": None}, r"\[data\] path: source 'cifar100-c' needs one"),
        ({"image_size": (8, 8)}, r"\[data\] image_size: source 'cifar100-c' does not take it"),
        ({"corruption": "snow"}, r"snow\.npy is missing"),
    ],
)
def test_a_choice_that_does_not_exist_is_one_line(
    root: Path, changes: dict[str, object], message: str
) -> None:
    with pytest.raises(DataError, match=message) as caught:
        load_dataset(config(root, **changes))
    assert "\n" not in str(caught.value)


def test_corrupted_images_that_are_not_there_say_where_they_are_expected(root: Path) -> None:
    (root / "CIFAR-100-C").rename(root / "elsewhere")
    with pytest.raises(DataError, match=r"no cifar100-c here; expected CIFAR-100-C\.tar"):
        load_dataset(config(root))
    assert len(load_dataset(config(root, test_path=root / "elsewhere")).test) == 300


def with_header(shape: str, descr: str = "|u1", pad: int = 0) -> bytes:
    header = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}}}".encode()
    header += b" " * pad + b"\n"
    return b"\x93NUMPY\x02\x00" + len(header).to_bytes(4, "little") + header


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        ("fog.npy", b"", "not an array"),
        ("fog.npy", b"rubbish" * 99, "not an array"),
        ("fog.npy", npy(np.zeros((1500, 32, 32, 3), np.uint8))[:-1], "needs 4608000 bytes"),
        (
            "fog.npy",
            npy(np.zeros((1499, 32, 32, 3), np.uint8)),
            r"shape \(1499, 32, 32, 3\) is not",
        ),
        (
            "fog.npy",
            npy(np.zeros((1500, 3, 32, 32), np.uint8)),
            r"shape \(1500, 3, 32, 32\) is not",
        ),
        ("fog.npy", npy(np.zeros((1500, 32, 32, 3), np.int8)), "dtype int8 is not uint8"),
        ("fog.npy", npy(np.zeros((1500, 32, 32, 3), np.float32)), "dtype float32 is not uint8"),
        ("fog.npy", with_header("(1500, 32, 32, 3)"), "needs 4608000 bytes"),
        ("fog.npy", with_header("(10**18, 32, 32, 3)"), "not an array"),
        ("fog.npy", with_header("(999999999999999999, 32, 32, 3)"), "needs 30719"),
        ("fog.npy", with_header("(3,)", pad=20_000), "not an array"),
        ("fog.npy", with_header("(3,)", "|O") + bytes(24), "Python objects"),
        ("labels.npy", npy(np.zeros(1500, np.float64)), "dtype float64 is not integer"),
        ("labels.npy", npy(np.zeros(1500, np.uint8)), "at severity 3 label 1 is 0, .* has 1"),
        ("labels.npy", npy(np.zeros(300, np.uint8)), r"shape \(300,\) is not \(1500,\)"),
        ("labels.npy", npy(np.full(1500, None)), "Python objects"),
    ],
)
def test_a_file_that_is_not_what_it_should_be_is_named(
    root: Path, file: str, content: bytes, message: str
) -> None:
    (root / "CIFAR-100-C" / file).write_bytes(content)
    with pytest.raises(DataError, match=f"{file}: .*{message}") as caught:
        load_dataset(config(root))
    assert "\n" not in str(caught.value)
