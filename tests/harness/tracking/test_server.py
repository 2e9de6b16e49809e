"""A real tracking server on PostgreSQL, killed in the middle of a run, and started again."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from pathlib import Path

import mlflow
import pytest

from harness.gate.verdict import Verdict
from tests.harness.pipeline.small import CONFIG, Ran, tinygate, write
from tests.harness.tracking.server import Postgres, Server

# MLflow and its database layer deprecate freely
pytestmark = pytest.mark.filterwarnings("default")

MODELS = {"scale_cnn-2-s0", "scale_cnn-3-s0", "mine.TwoLayers-4-s0"}
SUCCESSOR = """
[[gate.checks]]
metric = "accuracy_drop"
limit = 0.2
reference = "registry:champion"
"""


@pytest.fixture(scope="module")
def folder(ran: Ran, server: Server, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small sweep, trained and evaluated, and a config that tracks it on the server."""
    target = tmp_path_factory.mktemp("tracked")
    shutil.copytree(ran.folder / "runs" / "small", target / "runs" / "small")
    shutil.rmtree(target / "runs" / "small" / "report")
    write(target, f'{CONFIG}[track]\nuri = "{server.uri}"\n')
    return target


@pytest.fixture(scope="module")
def broken_off(
    folder: Path, server: Server, database: Postgres
) -> subprocess.CompletedProcess[str]:
    """A run whose server was killed once the pipeline and a model had their runs in it."""
    command = [sys.executable, "-m", "harness.cli", "run", "c.toml"]
    with subprocess.Popen(
        command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        deadline_s = time.monotonic() + 240
        while database.count("runs") < 2:
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < deadline_s
            time.sleep(0.02)
        server.kill()
        printed = process.communicate(timeout=240)
    return subprocess.CompletedProcess(command, process.returncode, *printed)


@pytest.fixture(scope="module")
def completed(
    broken_off: subprocess.CompletedProcess[str], folder: Path, server: Server
) -> subprocess.CompletedProcess[str]:
    """What was missing, logged and registered from the folder of results alone."""
    server.start()
    return tinygate(folder.parent, "register", str(folder / "runs" / "small"))


def test_a_server_killed_in_the_middle_costs_neither_results_nor_the_verdict(
    broken_off: subprocess.CompletedProcess[str], folder: Path, database: Postgres
) -> None:
    assert broken_off.returncode == 4, broken_off.stderr
    assert "Ship: all 2 checks passed" in broken_off.stdout
    assert broken_off.stdout.count("not tracked: ") == 1
    assert broken_off.stderr.count("\n") == 1
    assert "not registered yet" in broken_off.stderr
    verdict = Verdict.from_json((folder / "runs/small/report/verdict.json").read_text())
    assert verdict.outcome == "pass"
    assert 2 <= database.count("runs") < 10
    assert database.count("model_versions") == 0


def test_register_completes_every_run_once_the_server_is_back(
    completed: subprocess.CompletedProcess[str], client: mlflow.MlflowClient
) -> None:
    assert completed.returncode == 0, completed.stdout + completed.stderr
    assert "models:/small@champion, version 1" in completed.stdout
    experiment = client.get_experiment_by_name("small")
    assert experiment is not None
    assert experiment.artifact_location.startswith("mlflow-artifacts:")
    runs = {one.info.run_name: one for one in client.search_runs([experiment.experiment_id])}
    answers = {f"{model} {runtime}" for model in MODELS for runtime in ("torch", "tflm")}
    assert set(runs) == {"small"} | MODELS | answers
    assert {one.info.status for one in runs.values()} == {"FINISHED"}
    for name, run in runs.items():
        parent = runs[name.split(" ")[0]] if " " in name else runs["small"]
        above = None if name == "small" else parent.info.run_id
        assert run.data.tags.get("mlflow.parentRunId") == above


def test_the_runs_of_all_models_and_runtimes_have_the_same_metrics_and_parameters(
    completed: subprocess.CompletedProcess[str], client: mlflow.MlflowClient
) -> None:
    experiment = client.get_experiment_by_name("small")
    assert experiment is not None
    found = client.search_runs([experiment.experiment_id], "params.runtime = 'tflm'")
    runs = [one for one in found if " tflm" in (one.info.run_name or "")]
    assert len(runs) == 3
    common = {"accuracy", "ece", "samples", "file_bytes", "vs_float/accuracy_drop"}
    for run in runs:
        named = {name for name in run.data.metrics if not name.startswith("gate/")}
        assert common <= named
        assert named == {n for n in runs[0].data.metrics if not n.startswith("gate/")}
        assert set(run.data.params) == {"family", "width", "seed", "runtime"}
        (test,) = run.inputs.dataset_inputs
        assert [(tag.key, tag.value) for tag in test.tags] == [("mlflow.data.context", "test")]


def test_the_pipelines_run_holds_the_verdict_the_page_and_the_figures(
    completed: subprocess.CompletedProcess[str], folder: Path, client: mlflow.MlflowClient
) -> None:
    experiment = client.get_experiment_by_name("small")
    assert experiment is not None
    (run,) = client.search_runs([experiment.experiment_id], "attributes.run_name = 'small'")
    assert run.data.tags["tinygate.verdict"] == "pass"
    assert run.data.tags["mlflow.note.content"].startswith("**Ship**")
    assert run.data.metrics["gate/ships"] == 1
    assert run.data.metrics["gate/accuracy_drop_vs_float/limit"] == 0.2
    contexts = {(one.tags[0].value, one.dataset.digest) for one in run.inputs.dataset_inputs}
    splits = ("train", "calibration", "test")
    assert contexts == {(one, run.data.tags[f"tinygate.data.{one}"][:36]) for one in splits}
    report = {Path(one.path).name for one in client.list_artifacts(run.info.run_id, "report")}
    assert {"report.html", "verdict.json"} <= report
    drawn = (folder / "runs/small/report/figures").glob("*.png")
    figures = {Path(one.path).name for one in client.list_artifacts(run.info.run_id, "figures")}
    assert figures == {path.name for path in drawn}
    assert "reliability_candidate.png" in figures
    page = client.download_artifacts(run.info.run_id, "report/report.html")
    assert Path(page).read_bytes() == (folder / "runs/small/report/report.html").read_bytes()


def test_the_version_is_the_gated_file_with_signature_example_and_the_verdict_in_words(
    completed: subprocess.CompletedProcess[str],
    folder: Path,
    client: mlflow.MlflowClient,
    tmp_path: Path,
) -> None:
    verdict = Verdict.from_json((folder / "runs/small/report/verdict.json").read_text())
    version = client.get_model_version_by_alias("small", "champion")
    assert version.tags["tinygate.artifact_sha256"] == verdict.subject.artifact_sha256
    assert version.tags["tinygate.gate"] == "pass"
    assert "all 2 checks passed" in (version.description or "")
    assert "accuracy against the float model" in (version.description or "")
    info = mlflow.models.get_model_info("models:/small@champion")
    assert info.signature is not None
    assert info.signature.inputs.inputs[0].shape == (-1, 8, 8, 1)
    mlflow.artifacts.download_artifacts("models:/small@champion", dst_path=str(tmp_path))
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert {"model.tflite", "serving.json", "MLmodel"} <= {path.name for path in files}
    assert not [path for path in files if path.suffix in (".pkl", ".pickle", ".pt", ".joblib")]
    assert info.flavors["python_function"]["loader_module"] == "harness.tracking.served"


def test_registering_again_makes_no_second_version_and_no_second_run(
    completed: subprocess.CompletedProcess[str], folder: Path, database: Postgres
) -> None:
    before = [database.count(one) for one in ("runs", "model_versions", "logged_models")]
    again = tinygate(folder, "register", "c.toml")
    assert again.returncode == 0, again.stderr
    assert "version 1 (as before)" in again.stdout
    assert [database.count(one) for one in ("runs", "model_versions", "logged_models")] == before
    assert before[1:] == [1, 1]


def test_the_next_model_is_held_against_the_champion_and_takes_its_place(
    completed: subprocess.CompletedProcess[str], folder: Path, client: mlflow.MlflowClient
) -> None:
    text = (folder / "c.toml").read_text().replace("width = 2 }", "width = 3 }") + SUCCESSOR
    (folder / "next.toml").write_text(text)
    result = tinygate(folder, "run", "next.toml")
    assert result.returncode == 0, result.stderr
    verdict = Verdict.from_json((folder / "runs/small/report/verdict.json").read_text())
    reference = verdict.references["registry:champion"]
    assert reference.registered is not None
    assert reference.registered.words == "version 1 of small (champion)"
    first = client.get_model_version("small", "1")
    assert reference.artifact_sha256 == first.tags["tinygate.artifact_sha256"]
    assert "artifact_sha256" in reference.verified
    against = [check for check in verdict.checks if check.reference == reference.registered.words]
    assert [check.n for check in against] == [539]
    assert "against version 1 of small (champion)" in against[0].sentence
    champion = client.get_model_version_by_alias("small", "champion")
    assert (champion.version, champion.tags["tinygate.replaced.champion"]) == ("2", "1")
