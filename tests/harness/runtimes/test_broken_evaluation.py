"""An evaluation that breaks anywhere goes on from what it kept, to the same bytes."""

from __future__ import annotations

import functools
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from devices.check import model as known
from devices.errors import LinkError
from devices.links import Link, open_link
from devices.links.faulty import FaultPlan, FaultyLink
from harness.errors import InfrastructureError
from tests.devices import firmware
from tests.exported import Exported
from tests.harness.runtimes.device_bench import (
    FakeBench,
    fake_link,
    images_of,
    model_file,
    scores_of,
)

URL = "qemu://mps2-an386"


def gone() -> Link:
    raise LinkError("unplugged")


def breaking(at: int) -> Link:
    return FaultyLink(fake_link(), FaultPlan(close_after=at))


def test_a_link_that_breaks_at_any_byte_loses_no_answer(tmp_path: Path) -> None:
    model, images, keep = model_file(tmp_path), images_of(4), tmp_path / "keep"
    expected, kept, at = scores_of(images), set(), 0
    for at in range(2000):
        links = [functools.partial(breaking, at), gone]
        try:
            with FakeBench({"fake://a": links}, 0.01, 0.0).session(model) as session:
                session.predict_kept(images, keep, None)
            break
        except InfrastructureError as error:
            assert "\n" not in str(error)
        kept.add(keep.stat().st_size if keep.exists() else 0)
        with FakeBench({"fake://a": [fake_link]}).session(model) as session:
            assert np.array_equal(session.predict_kept(images, keep, None), expected)
        keep.unlink()
    assert 500 < at < 1999
    assert len(kept) == 4


def test_an_emulator_behind_every_fault_answers_what_it_must(tmp_path: Path) -> None:
    firmware.shipped_image("mps2-an386")
    model, keep = tmp_path / "known.tflite", tmp_path / "keep"
    model.write_bytes(known.content())
    samples = [known.sample(index) for index in range(40)]
    images = np.frombuffer(b"".join(samples), np.int8).reshape(40, 12, 12, 4)
    rates = {"flip": 0.02, "drop": 0.02, "double": 0.02, "truncate": 0.02}
    plans = iter(FaultPlan(n, rates, rates, 0.02, 0.3, 0.1, close_after=20_000) for n in range(99))
    bench = FakeBench({URL: [lambda: FaultyLink(open_link(URL), next(plans))]}, timeout_s=0.3)
    with bench.session(model) as session:
        scores = session.predict_kept(images, keep, None)
    raw = b"".join(known.expected(index).output for index in range(40))
    codes = np.frombuffer(raw, np.int8).reshape(40, -1)
    assert np.array_equal(scores, (codes.astype(np.float32) - 7) * np.float32(0.5))
    assert len(bench.opened) > 1


def evaluation(model: Path, data: Path, out: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "harness.cli", "evaluate", "--runtime", "device"]
    files = ["--model", model, "--data", data, "--out", out, "--device", f"{URL}?link=uart"]
    return subprocess.Popen(
        [*command, *files], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def finish(process: subprocess.Popen[str]) -> None:
    _, errors = process.communicate(timeout=100)
    assert process.returncode == 0, errors


def test_a_killed_evaluation_goes_on_to_the_same_bytes(scale_cnn: Exported, tmp_path: Path) -> None:
    firmware.shipped_image("mps2-an386")
    model, data = scale_cnn.by_suffix(".tflite"), tmp_path / "d.npz"
    images = np.concatenate([scale_cnn.images, scale_cnn.images[::-1]])
    np.savez(data, images=images, labels=np.arange(len(images)) % 10)
    whole, out, sizes = tmp_path / "whole.npz", tmp_path / "out.npz", [0]
    keep = tmp_path / "out.npz.partial"
    for more in (300, 2500):
        process = evaluation(model, data, out)
        while not keep.exists() or keep.stat().st_size < sizes[-1] + more:
            assert process.poll() is None, process.communicate()
            time.sleep(0.002)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        sizes.append(keep.stat().st_size)
    finish(evaluation(model, data, whole))
    finish(evaluation(model, data, out))
    assert out.read_bytes() == whole.read_bytes()
    assert not keep.exists()
