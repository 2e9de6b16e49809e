"""TFLM runs apart: models it aborts on are named, and no worker outlives its session."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import harness
from export.tflite_file import read_model_file
from harness.errors import ArtifactError, InfrastructureError
from harness.runtimes.litert import LiteRTReferenceRuntime
from harness.runtimes.litert_trace import reference_outputs
from harness.runtimes.quantization import Quantization
from harness.runtimes.tflite import TFLiteArtifact
from harness.runtimes.tflm import TflmRuntime, operator_outputs
from tests.exported import Exported
from tests.made_tflite import Made, Op, T, dense_model, softmax_model

ROOT = Path(harness.__file__).parents[1]


def written(tmp_path: Path, made: Made) -> Path:
    path = tmp_path / "made.tflite"
    path.write_bytes(made.pack())
    return path


def is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def wait_until_gone(pids: list[int], seconds: float = 20) -> bool:
    deadline = time.monotonic() + seconds
    while any(map(is_running, pids)):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def worker_pids(session: Any) -> list[int]:
    return [process._process.pid for process in session._processes]


def test_samples_are_shared_among_workers_and_come_back_in_order(scale_cnn: Exported) -> None:
    images = np.concatenate([scale_cnn.images] * 3)
    with TflmRuntime(workers=1).load(scale_cnn.tflite) as session:
        alone = session.predict(images)
        assert len(worker_pids(session)) == 1
    with TflmRuntime(workers=3).load(scale_cnn.tflite) as session:
        np.testing.assert_array_equal(session.predict(images), alone)
        pids = worker_pids(session)
        assert len(pids) == 3
    assert wait_until_gone(pids)


def test_the_record_tells_the_arena(scale_cnn: Exported) -> None:
    with TflmRuntime(workers=1).load(scale_cnn.tflite) as session:
        assert session.arena["total"] == session.arena["head"] + session.arena["tail"]
        assert session.record.options["arena_bytes"] == session.arena["total"]
        _, model = read_model_file(scale_cnn.tflite)
        assert 0 < session.arena["head"] <= model.activation_bytes


def test_operator_outputs_end_with_the_scores(scale_cnn: Exported) -> None:
    content, model = read_model_file(scale_cnn.tflite)
    with TflmRuntime(workers=1).load(scale_cnn.tflite) as session:
        inputs = session._artifact.input.encode(scale_cnn.images[:1])
        scores = session.predict(scale_cnn.images[:1])
    outputs = operator_outputs(content, inputs.tobytes())
    sizes = [model.tensors[op.outputs[0]].size_bytes for op in model.operators]
    assert [len(output) for output in outputs] == sizes
    last = np.frombuffer(outputs[-1], np.int8)
    quantization = Quantization(model.output.scales[0], model.output.zero_points[0])
    np.testing.assert_array_equal(quantization.dequantize(last), scores[0])
    assert len({output[:16] for output in outputs}) > len(outputs) // 2


def test_the_reference_kernels_tell_every_operators_output_too(scale_cnn: Exported) -> None:
    artifact = TFLiteArtifact.load(scale_cnn.tflite, int8=True)
    given = artifact.input.encode(scale_cnn.images[:1]).tobytes()
    theirs = reference_outputs(artifact, given)
    ours = operator_outputs(artifact.content, given)
    assert [len(one) for one in theirs] == [len(one) for one in ours]
    assert theirs[0] == ours[0]
    with LiteRTReferenceRuntime(interpreters=1).load(scale_cnn.tflite) as session:
        scores = session.predict(scale_cnn.images[:1])
    last = np.frombuffer(theirs[-1], np.int8).reshape(1, -1)
    np.testing.assert_array_equal(artifact.scores(last), scores)


def test_operator_outputs_refuse_an_input_of_another_size() -> None:
    with pytest.raises(ArtifactError, match="takes 4 input bytes, got 3"):
        operator_outputs(dense_model().pack(), b"123")


def test_a_model_tflm_lacks_an_operator_for_is_named(tmp_path: Path) -> None:
    made = Made([T((1, 4), "int8", 0.1), T((1, 4), "int8", 0.1)], [Op(156, [0, 0], [1])])
    path = written(tmp_path, made)
    with pytest.raises(ArtifactError, match=f"{path}: TFLM refuses the model: .*ATAN2"):
        TflmRuntime().load(path)


def test_a_model_tflm_aborts_on_is_the_models_fault(tmp_path: Path) -> None:
    path = written(tmp_path, softmax_model(1024))
    session = TflmRuntime(workers=1).load(path)
    with pytest.raises(ArtifactError, match=f"{path}: TFLM aborts on the model \\(SIGABRT\\)"):
        session.predict(np.zeros((1, 1024), np.int8))
    with pytest.raises(InfrastructureError, match="closed"):
        session.predict(np.zeros((1, 1024), np.int8))


def test_a_worker_killed_from_outside_is_not_the_models_fault(scale_cnn: Exported) -> None:
    with TflmRuntime(workers=2).load(scale_cnn.tflite) as session:
        session.predict(scale_cnn.images)
        pids = worker_pids(session)
        os.kill(pids[1], signal.SIGKILL)
        with pytest.raises(InfrastructureError, match=r"worker process ended \(SIGKILL\)"):
            session.predict(scale_cnn.images)
        assert wait_until_gone(pids)


PARENT = """
import sys
from pathlib import Path
import numpy as np
from harness.runtimes.tflm import TflmRuntime
session = TflmRuntime(workers=2).load(Path(sys.argv[1]))
images = np.zeros((4096, 8, 8, 1), np.uint8)
session.predict(images[:64])
print(*[process._process.pid for process in session._processes], flush=True)
while True:
    session.predict(images)
"""


@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGINT])
def test_no_worker_outlives_a_parent_that_is_killed_or_interrupted(
    scale_cnn: Exported, ending: int
) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, str(scale_cnn.tflite)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=ROOT,
        start_new_session=True,
    ) as parent:
        try:
            pids = [int(pid) for pid in parent.stdout.readline().split()]
            assert len(pids) == 2
            if ending == signal.SIGINT:
                os.killpg(parent.pid, ending)  # as a terminal does
            else:
                parent.kill()
            assert wait_until_gone(pids)
            parent.wait(20)
        finally:
            parent.kill()


def test_a_session_that_is_dropped_ends_its_workers(scale_cnn: Exported) -> None:
    session = TflmRuntime(workers=1).load(scale_cnn.tflite)
    pids = worker_pids(session)
    del session
    assert wait_until_gone(pids)


def test_what_lies_in_the_current_folder_does_not_reach_a_worker(
    scale_cnn: Exported, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "numpy.py").write_text("raise SystemExit('wrong numpy')")
    monkeypatch.chdir(tmp_path)
    with TflmRuntime(workers=1).load(scale_cnn.tflite) as session:
        assert session.predict(scale_cnn.images[:1]).shape == (1, 10)
