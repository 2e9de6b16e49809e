"""An evaluation that breaks anywhere goes on from what it kept, to the same bytes."""

from __future__ import annotations

import contextlib
import functools
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from devices.check import model as known
from devices.client import Device, connect
from devices.errors import LinkError
from devices.fake import FakeDevice
from devices.links import Link, open_link
from devices.links.faulty import FaultPlan, FaultyLink
from devices.protocol import frames
from devices.protocol.codes import ErrorCode, Message
from devices.protocol.frames import Frame
from devices.protocol.messages import Error
from harness.cli.main import run
from harness.errors import InfrastructureError
from harness.predictions import Meta, Predictions
from harness.runtimes.device_session import Bench
from tests.devices import firmware
from tests.exported import Exported
from tests.harness.runtimes.device_bench import (
    FakeBench,
    TfliteFakeEngine,
    fake_link,
    images_of,
    model_file,
    scores_of,
)

URL = "qemu://mps2-an386"
INSTRUCTIONS_PER_TICK = 40  # of its timer


def gone() -> Link:
    raise LinkError("unplugged")


def breaking(at: int) -> Link:
    return FaultyLink(fake_link(), FaultPlan(close_after=at))


def test_a_link_that_breaks_at_any_byte_loses_no_answer(tmp_path: Path) -> None:
    model, images, keep = model_file(tmp_path), images_of(3), tmp_path / "keep"
    expected, sizes, at = scores_of(images), set(), 0
    for at in range(2000):
        links = [functools.partial(breaking, at), gone]
        try:
            with FakeBench({"fake://a": links}, 0.01, 0.0).session(model) as session:
                session.predict_kept(images, keep, None)
            break
        except InfrastructureError as error:
            assert "\n" not in str(error)
        if keep.exists():
            sizes.add(keep.stat().st_size)
            with FakeBench({"fake://a": [fake_link]}).session(model) as session:
                assert np.array_equal(session.predict_kept(images, keep, None), expected)
            keep.unlink()
    assert 500 < at < 1999
    assert len(sizes) == 2


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


def flooding_port(flood: bytes) -> Iterator[str]:
    """Yield the URL of a device that answers 50 pieces and then floods; it takes one connection."""

    def serve() -> None:
        device, answered = FakeDevice(TfliteFakeEngine()), 0
        with contextlib.suppress(OSError), listener.accept()[0] as connection:
            listener.close()
            while data := connection.recv(4096):
                connection.sendall(device.feed(data))
                answered += 1
                while answered > 50:
                    connection.sendall(flood * 100)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, daemon=True).start()
        yield f"socket://127.0.0.1:{listener.getsockname()[1]}"


FLOODS = {
    "bytes without a zero": b"\x07" * 64,
    "zeros": bytes(64),
    "stale replies": frames.encode(Frame(Message.RESULT, 7, 7, bytes(16))),
    "errors": frames.encode(Frame(Message.ERROR, 0, 0, Error(ErrorCode.BAD_FRAME, "no").pack())),
    "requests": frames.encode(Frame(Message.INFER, 7, 7, bytes(8))),
}


@pytest.mark.parametrize("name", list(FLOODS))
def test_a_flood_ends_the_command_with_4_and_one_line_and_it_goes_on_later(
    name: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    hasty = functools.partial(connect, timeout_s=0.1)
    monkeypatch.setattr("harness.runtimes.device.connect", hasty)
    at_once = functools.partial(Bench, returns_within_s=0.0)
    monkeypatch.setattr("harness.runtimes.device.Bench", at_once)
    model, data, out = model_file(tmp_path), tmp_path / "d.npz", tmp_path / "p.npz"
    np.savez(data, images=images_of(300), labels=np.arange(300) % 8)
    command = ["evaluate", "--runtime", "device", "--model", str(model), "--data", str(data)]
    for url in flooding_port(FLOODS[name]):
        assert run([*command, "--out", str(out), "--device", url]) == 4
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert f"of 300 answers are kept in {out}.partial" in error
    assert not out.exists()
    monkeypatch.setattr("harness.runtimes.device.connect", lambda _: Device(fake_link()))
    assert run([*command, "--out", str(out), "--device", "fake://"]) == 0
    assert np.array_equal(Predictions.load(out).scores, scores_of(images_of(300)))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["d.npz", "model.tflite", "p.npz"]


def evaluation(model: Path, data: Path, out: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "harness.cli", "evaluate", "--runtime", "device"]
    files = ["--model", model, "--data", data, "--out", out, "--device", f"{URL}?link=uart"]
    return subprocess.Popen(
        [*command, *files], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def finish(process: subprocess.Popen[str]) -> None:
    _, errors = process.communicate(timeout=100)
    assert process.returncode == 0, errors


def without_count(one: Predictions) -> tuple[Meta, float]:
    """Return the meta without its median count, which is measured to a tick, and that count."""
    device = one.meta.device
    assert device is not None
    assert device.count_per_sample is not None
    bare = device.model_copy(update={"count_per_sample": None})
    return one.meta.model_copy(update={"device": bare}), device.count_per_sample


def assert_same_answers(found: Predictions, expected: Predictions) -> None:
    for name in ("scores", "labels", "ids"):
        assert getattr(found, name).tobytes() == getattr(expected, name).tobytes()
    (meta, count), (due, due_count) = without_count(found), without_count(expected)
    assert meta == due
    assert abs(count - due_count) <= 2 * INSTRUCTIONS_PER_TICK


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
    assert_same_answers(Predictions.load(out), Predictions.load(whole))
    assert not keep.exists()
