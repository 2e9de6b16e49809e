"""The whole pipeline through the real command line, on a small sweep of real digits."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import mlflow
import numpy as np
import pytest

from harness.config import load_config
from harness.data import load_dataset
from harness.gate.verdict import Verdict
from harness.predictions import Predictions
from tests.harness.pipeline.small import CONFIG, Ran, tinygate, write

# MLflow and its database layer deprecate freely
pytestmark = pytest.mark.filterwarnings("default")

RUNTIMES = ("torch", "tflm")


def running_in_group(group: int) -> list[str]:
    """Return the processes of a group that have not ended, by their /proc line."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            text = stat.read_text()
            state, _, its_group = text.rpartition(")")[2].split()[:3]
            if int(its_group) == group and state != "Z":
                found.append(text)
    return found


def wait_for_a_partial_training(folder: Path) -> None:
    deadline_s = time.monotonic() + 120
    partial = "runs/small/train/.*.partial/resume.safetensors"
    while not list(folder.glob(partial)) and time.monotonic() < deadline_s:
        time.sleep(0.01)


@pytest.fixture
def store(ran: Ran) -> Iterator[mlflow.MlflowClient]:
    before = mlflow.get_tracking_uri()
    mlflow.set_tracking_uri(ran.uri)
    mlflow.set_registry_uri(ran.uri)
    yield mlflow.MlflowClient(ran.uri, ran.uri)
    mlflow.set_tracking_uri(before)
    mlflow.set_registry_uri("")  # it follows the tracking URI again


def test_it_ends_with_the_runtimes_the_verdict_and_where_everything_is(ran: Ran) -> None:
    lines = ran.result.stdout.splitlines()
    assert sum(line.startswith("scale_cnn-2-s0") for line in lines) == 2
    assert any(line.startswith("Ship: all 2 checks passed") for line in lines)
    assert any(line.startswith("report ") and "report.html" in line for line in lines)
    assert any("models:/small@champion, version 1" in line for line in lines)
    assert any("ui --backend-store-uri" in line for line in lines)
    assert ran.result.stderr == ""


def test_nothing_is_done_twice(ran: Ran) -> None:
    def stamps() -> dict[Path, int]:
        units = [ran.runs / "small" / stage for stage in ("train", "export", "evaluate")]
        return {p: p.stat().st_mtime_ns for unit in units for p in unit.rglob("*")}

    before = stamps()
    again = tinygate(ran.folder, "run", "c.toml")
    assert again.returncode == 0, again.stderr
    assert stamps() == before
    assert "version 1 (as before)" in again.stdout
    assert not any(word in again.stdout for word in ("train  ", "export  ", "evaluate  "))


def test_the_reports_are_there_and_agree(ran: Ran) -> None:
    report = ran.runs / "small" / "report"
    verdict = Verdict.from_json((report / "verdict.json").read_text())
    assert verdict.outcome == "pass"
    assert {p.name for p in report.iterdir()} == {
        "figures",
        "junit.xml",
        "report.html",
        "summary.md",
        "verdict.json",
    }
    assert "Ship" in (report / "summary.md").read_text()


def test_the_registered_model_answers_as_the_gated_runtime(
    ran: Ran, store: mlflow.MlflowClient
) -> None:
    test = load_dataset(load_config(ran.folder / "c.toml").data).test
    gated = Predictions.load(ran.predictions("scale_cnn-2-s0-tflm"))
    scores = mlflow.pyfunc.load_model("models:/small@champion").predict(test.images)
    assert np.array_equal(scores, gated.scores)
    version = store.get_model_version_by_alias("small", "champion")
    assert version.tags["tinygate.artifact_sha256"] == gated.meta.artifact_sha256
    assert version.tags["tinygate.data_digest"] == test.digest
    assert version.tags["tinygate.runtime"] == "tflm"
    assert version.tags["tinygate.gate"] == "pass"


def test_mlflow_holds_a_run_for_the_pipeline_below_it_one_per_model_and_below_that_per_runtime(
    store: mlflow.MlflowClient,
) -> None:
    experiment = store.get_experiment_by_name("small")
    assert experiment is not None
    runs = {run.info.run_name: run for run in store.search_runs([experiment.experiment_id])}
    parent = runs.pop("small")
    models = {"scale_cnn-2-s0", "scale_cnn-3-s0", "mine.TwoLayers-4-s0"}
    assert set(runs) == models | {f"{one} {runtime}" for one in models for runtime in RUNTIMES}
    for name in models:
        run = runs[name]
        assert run.data.tags["mlflow.parentRunId"] == parent.info.run_id
        assert run.info.status == "FINISHED"
        assert {"parameters", "macs", "onnx_bytes", "tflite_bytes"} <= set(run.data.metrics)
        assert len(store.get_metric_history(run.info.run_id, "train/loss")) == 4
        for runtime in RUNTIMES:
            below = runs[f"{name} {runtime}"]
            assert below.data.tags["mlflow.parentRunId"] == run.info.run_id
            assert below.data.metrics["ece"] == run.data.metrics[f"{runtime}/ece"]
    assert parent.data.tags["tinygate.verdict"] == "pass"


def test_a_failing_gate_registers_nothing_and_the_run_says_why(
    ran: Ran, store: mlflow.MlflowClient
) -> None:
    strict = CONFIG.replace('name = "small"', 'name = "small"\nregister = { name = "strict" }')
    (ran.folder / "strict.toml").write_text(
        strict.replace("limit = 0.9", 'limit = 0.0\ndecision = "estimate"')
    )
    result = tinygate(ran.folder, "run", "strict.toml")
    assert result.returncode == 1, result.stderr
    assert "nothing: the gate did not pass" in result.stdout
    assert store.search_registered_models("name = 'strict'") == []
    experiment = store.get_experiment_by_name("small")
    assert experiment is not None
    failed = store.search_runs([experiment.experiment_id], "tags.`tinygate.verdict` = 'fail'")
    assert any("1 of 2 checks failed" in run.data.tags["tinygate.why"] for run in failed)


def test_a_gate_without_a_report_is_in_mlflow_with_its_verdict(
    ran: Ran, store: mlflow.MlflowClient
) -> None:
    (ran.folder / "gated.toml").write_text(CONFIG.replace("limit = 0.2", "limit = 0.19"))
    result = tinygate(ran.folder, "gate", "gated.toml")
    assert result.returncode == 0, result.stderr
    (experiment,) = store.search_experiments(filter_string="name = 'small'")
    runs = store.search_runs([experiment.experiment_id], "tags.`tinygate.verdict` = 'pass'")
    limits = [one.data.metrics["gate/accuracy_drop_vs_float/limit"] for one in runs]
    assert limits.count(0.19) == 3


def test_a_tracking_server_that_is_away_costs_the_registration_and_nothing_else(ran: Ran) -> None:
    away = CONFIG + '[track]\nuri = "http://127.0.0.1:9"\n'
    (ran.folder / "away.toml").write_text(away)
    result = tinygate(ran.folder, "run", "away.toml")
    assert result.returncode == 4, result.stdout
    assert "Ship: all 2 checks passed" in result.stdout
    assert "not registered yet" in result.stderr
    assert result.stderr.count("\n") == 1


def test_a_tampered_model_is_noticed_before_it_is_judged(ran: Ran, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    subprocess.run(["cp", "-r", str(ran.folder), str(copy)], check=True)
    (model,) = copy.glob("runs/small/export/scale_cnn-2-s0-*/model.tflite")
    content = bytearray(model.read_bytes())
    content[-100] ^= 1
    model.write_bytes(bytes(content))
    result = tinygate(copy, "gate", "c.toml")
    assert result.returncode == 2
    assert "changed or removed since it was made" in result.stderr


def test_a_killed_run_goes_on_and_ends_with_the_same_bytes(ran: Ran, tmp_path: Path) -> None:
    write(tmp_path)
    command = [sys.executable, "-m", "harness.cli", "run", "c.toml"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL) as process:
        wait_for_a_partial_training(tmp_path)
        os.kill(process.pid, signal.SIGKILL)
    assert list(tmp_path.glob("runs/small/train/.*.partial")), "it was killed too late"
    result = tinygate(tmp_path, "evaluate", "c.toml")
    assert result.returncode == 0, result.stderr
    for unit in ("scale_cnn-2-s0-torch", "scale_cnn-2-s0-tflm", "mine.TwoLayers-4-s0-tflm"):
        continued = Ran(tmp_path, result).predictions(unit)
        assert continued.read_bytes() == ran.predictions(unit).read_bytes()


def test_ctrl_c_ends_everything_at_once_and_says_how_to_go_on(tmp_path: Path) -> None:
    write(tmp_path)
    command = [sys.executable, "-m", "harness.cli", "train", "c.toml"]
    with subprocess.Popen(
        command, cwd=tmp_path, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        wait_for_a_partial_training(tmp_path)
        os.killpg(process.pid, signal.SIGINT)
        _, printed = process.communicate(timeout=30)
    assert process.returncode == 130
    assert printed == "interrupted; the same command continues from here\n"
    deadline_s = time.monotonic() + 10
    while running_in_group(process.pid) and time.monotonic() < deadline_s:
        time.sleep(0.05)
    assert running_in_group(process.pid) == []


def test_the_record_of_a_unit_says_what_went_in_and_what_it_was_made_with(ran: Ran) -> None:
    (path,) = ran.runs.glob("small/train/scale_cnn-2-s0-*/record.json")
    record = json.loads(path.read_text())
    assert record["inputs"]["seed"] == 0
    assert record["inputs"]["train"]["epochs"] == 4
    assert record["environment"]["packages"]["torch"]
    assert set(record["files"]) == {"checkpoint.safetensors", "history.json"}
