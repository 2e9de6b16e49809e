"""The fuzz targets find nothing in a short run, and find bugs that are planted.

The long runs are `make fuzz RUNS=10000000`.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.devices import native
from tests.devices.fuzz import findings, python_frames, python_models, targets

FIRMWARE = native.ROOT / "devices" / "firmware"
RUNS = {"frame": 20_000, "session": 3_000, "text": 3_000, "tflite": 10_000, "tflite-dsp": 5_000}

# Target -> file, a check of it, and what stands there in its place.
PLANTED = {
    "frame": ("link/frame.c", "length > receiver->room - receiver->length", "false"),
    "session": ("link/model_store.c", "bytes > session->model_bytes - offset", "false"),
    "text": ("link/mlperf_tiny.c", "bytes <= room ? bytes : 0", "bytes"),
    "tflite": ("engine/flatbuffer.c", "bytes <= file->size - at", "bytes <= file->size"),
}


@pytest.fixture(scope="module", autouse=True)
def _clang_with_libfuzzer() -> None:
    """Skip where clang or its libFuzzer is missing; fail instead in CI."""
    native.need("clang", "make")
    found = subprocess.run(
        ["clang", "-fsanitize=fuzzer", "-x", "c", "-", "-o", "/dev/null"],
        input="int LLVMFuzzerTestOneInput(const char *d, long n) { return d && n ? 0 : 0; }",
        capture_output=True,
        text=True,
        check=False,
    )
    if found.returncode:
        native.need("libFuzzer of clang (package libclang-rt-dev)")


@pytest.mark.parametrize("target", targets.TARGETS)
def test_a_short_run_finds_nothing(target: str, tmp_path: Path) -> None:
    run = targets.run(targets.build(target), tmp_path, target=target, runs=RUNS[target])
    assert run.finding == ""
    assert run.executions >= RUNS[target]
    assert run.edges > 40


@pytest.mark.parametrize("target", PLANTED)
def test_a_missing_check_is_found(target: str, tmp_path: Path) -> None:
    name, check, instead = PLANTED[target]
    source = (FIRMWARE / name).read_text()
    assert source.count(check) == 1
    planted, program = tmp_path / "planted.c", tmp_path / target
    planted.write_text(source.replace(check, instead))
    chosen = f"TARGET={target}", f"SOURCE={name}", f"PLANTED={planted}", f"PROGRAM={program}"
    targets.plant(*chosen)
    run = targets.run(program, tmp_path, target=target, runs=200_000)
    assert "AddressSanitizer" in run.finding


def test_every_finding_is_of_a_target() -> None:
    assert {"session", "text"} <= {target for target in targets.TARGETS if findings.of(target)}


def test_the_python_decoder_delivers_no_changed_frame() -> None:
    run = python_frames.run(10_000)
    assert run.finding == ""
    assert run.executions >= 10_000


def test_the_python_model_reader_refuses_damaged_models_with_its_own_error() -> None:
    run = python_models.run(2_000)
    assert run.finding == ""
    assert run.executions >= 2_000
