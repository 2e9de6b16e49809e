from __future__ import annotations

import io
import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest

from harness.npz import read_arrays


def test_it_returns_what_numpy_saved(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    x, y = np.arange(6.0).reshape(2, 3), np.array(["a", "b"])
    np.savez_compressed(path, x=x, y=y, other=np.zeros(3))
    found = read_arrays(path, ["x"], ["y", "absent"])
    assert set(found) == {"x", "y"}
    assert np.array_equal(found["x"], x)
    assert np.array_equal(found["y"], y)


def test_fortran_order_survives(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    x = np.asfortranarray(np.arange(6.0).reshape(2, 3))
    np.savez(path, x=x)
    assert np.array_equal(read_arrays(path, ["x"])["x"], x)


def test_pickled_objects_are_refused_and_never_run(tmp_path: Path) -> None:
    path, proof = tmp_path / "a.npz", tmp_path / "ran"

    class Hostile:
        def __reduce__(self) -> tuple[object, tuple[str, str]]:
            return (open, (str(proof), "w"))

    np.savez(path, x=np.array([Hostile()], dtype=object))
    with pytest.raises(ValueError, match="Python objects, which are never loaded"):
        read_arrays(path, ["x"])
    assert not proof.exists()


def test_a_bare_pickle_is_not_an_npz(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    path.write_bytes(pickle.dumps({"x": 1}))
    with pytest.raises(ValueError, match=r"a\.npz: not a readable \.npz file"):
        read_arrays(path, ["x"])


def test_a_missing_array_is_named_with_those_found(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    np.savez(path, images=np.zeros(3))
    with pytest.raises(ValueError, match=r"array 'labels' is missing; found \['images'\]"):
        read_arrays(path, ["images", "labels"])


@pytest.mark.parametrize("keep", [0, 1, 10, 60, 100, 200, -40, -1])
def test_a_truncated_file_is_refused_in_one_line(tmp_path: Path, keep: int) -> None:
    path = tmp_path / "a.npz"
    np.savez(path, x=np.arange(100.0))
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(ValueError, match=r"a\.npz") as caught:
        read_arrays(path, ["x"])
    assert "\n" not in str(caught.value)


def test_a_header_that_claims_more_than_the_file_holds_allocates_nothing(tmp_path: Path) -> None:
    path, buffer = tmp_path / "a.npz", io.BytesIO()
    header = {"descr": "<f8", "fortran_order": False, "shape": (1 << 40,)}
    np.lib.format.write_array_header_1_0(buffer, header)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("x.npy", buffer.getvalue() + bytes(16))
    with pytest.raises(ValueError, match=r"needs 8796093022208 bytes, the file has 16"):
        read_arrays(path, ["x"])


def test_damaged_content_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    np.savez(path, x=np.arange(1000.0))
    content = bytearray(path.read_bytes())
    content[4000] ^= 0xFF
    path.write_bytes(bytes(content))
    with pytest.raises(ValueError, match="not a readable"):
        read_arrays(path, ["x"])


def test_no_such_file_is_its_own_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no such file"):
        read_arrays(tmp_path / "a.npz", ["x"])
