"""Gates against registered versions, and the aliases they move, on a registry in a sqlite file."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import mlflow
import numpy as np
import pytest

from harness.cli.main import run
from harness.files import sha256_of_file
from harness.gate.verdict import Verdict
from harness.tracking.registry import Judged, register
from harness.tracking.store import TrackingStore
from harness.tracking.tracker import Tracker
from tests.harness.pipeline.small import CONFIG, Ran, write

# MLflow and its database layer deprecate freely
pytestmark = pytest.mark.filterwarnings("default")

CHAMPION = """
[[gate.checks]]
metric = "accuracy_drop"
limit = 0.2
reference = "registry:champion"
"""
FAILING = """
[[gate.checks]]
metric = "accuracy"
limit = 0.99
decision = "estimate"
"""
UNREACHABLE = '[track]\nuri = "http://127.0.0.1:9"\n'


@dataclass
class Work:
    """The results of the small sweep, and what the command said on the last config."""

    folder: Path
    printed: pytest.CaptureFixture[str]

    def run(self, text: str, verb: str = "run") -> tuple[int, str, str]:
        """Run a config; return exit code, stdout and stderr."""
        config = write(self.folder, text)
        code = run([verb, str(config), "--runs", str(self.folder / "runs")])
        return code, *self.printed.readouterr()

    @property
    def verdict(self) -> Verdict:
        return Verdict.from_json((self.folder / "runs/small/report/verdict.json").read_text())

    @property
    def client(self) -> mlflow.MlflowClient:
        uri = f"sqlite:///{self.folder / 'runs' / 'mlflow.db'}"
        return mlflow.MlflowClient(uri, uri)

    def aliases(self, name: str) -> dict[str, int]:
        found = self.client.get_registered_model(name).aliases
        return {alias: int(version) for alias, version in found.items()}


@pytest.fixture
def work(
    ran: Ran,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Work]:
    before = mlflow.get_tracking_uri()
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    shutil.copytree(ran.runs, tmp_path / "runs")  # its registered model is called small
    yield Work(tmp_path, capsys)
    mlflow.set_tracking_uri(before)
    mlflow.set_registry_uri("")  # it follows the tracking URI again


def named(name: str, text: str, more: str = "") -> str:
    """Return the config with a registered model of its own."""
    return f'{text}[register]\nname = "{name}"\n{more}'


def test_the_first_model_is_gated_without_a_champion_the_verdict_says_so_and_so_it_stays(
    work: Work,
) -> None:
    first = named("first", CONFIG + CHAMPION)
    code, out, _ = work.run(first)
    assert code == 0
    assert "2 of 2 checks passed, 1 not judged" in out
    assert "has no 'champion' before this one yet" in out
    verdict = work.verdict
    assert [one.name for one in verdict.skipped] == ["accuracy_drop vs registry:champion"]
    assert "registry:champion" not in verdict.references
    description = work.client.get_model_version("first", "1").description or ""
    assert "1 not judged" in description
    code, out, _ = work.run(first, "register")
    assert (code, work.verdict) == (0, verdict)
    assert "version 1 (as before)" in out


def test_a_gate_of_which_nothing_can_be_judged_yet_passes_nothing(work: Work) -> None:
    alone = CONFIG[: CONFIG.index("[[gate.checks]]")] + CHAMPION
    code, _, error = work.run(named("alone", alone))
    assert code == 2
    assert "no check can be judged" in error and error.count("\n") == 1
    assert work.client.search_registered_models("name = 'alone'") == []


def test_with_a_candidate_alias_every_judged_model_is_registered_and_only_a_good_one_champion(
    work: Work,
) -> None:
    policy = 'candidate_alias = "candidate"\n'
    code, out, _ = work.run(named("policy", CONFIG + FAILING, policy))
    assert code == 1
    assert "models:/policy@candidate, version 1; the gate did not pass" in out
    failed = work.client.get_model_version("policy", "1")
    assert failed.tags["tinygate.gate"] == "fail"
    assert (failed.description or "").startswith("**Do not ship**")
    assert work.aliases("policy") == {"candidate": 1}
    assert work.run(named("policy", CONFIG, policy))[0] == 0
    assert work.aliases("policy") == {"candidate": 2, "champion": 2}


def test_a_version_registered_for_other_classes_is_refused_in_one_line(work: Work) -> None:
    (tflite,) = work.folder.glob("runs/small/export/scale_cnn-2-s0-*/model.tflite")
    store = TrackingStore.choose(None, work.folder / "runs")
    names = ("0", "1", "two", *map(str, range(3, 10)))
    digest = sha256_of_file(tflite)
    judged = Judged(tflite, digest, "pass", "tflm", "tflm", names, {}, "Ship")
    other = Tracker.connect(store, "other").run("other", "1")
    register(other, "other", ["champion"], judged, np.zeros((1, 8, 8, 1), np.uint8))
    wider = CONFIG.replace("width = 2 }", "width = 3 }")
    code, _, error = work.run(named("other", wider + CHAMPION))
    assert code == 2
    assert "version 1 of other (champion) was registered with class 2 as 'two'" in error
    assert "the data have '2' there" in error and error.count("\n") == 1


@pytest.mark.parametrize("gated", [True, False])
def test_a_server_that_is_away_from_the_start_is_one_line_and_an_exit_code_at_the_end(
    work: Work, gated: bool
) -> None:
    text = CONFIG if gated else CONFIG[: CONFIG.index("[gate]")]
    shutil.rmtree(work.folder / "runs/small/report")
    code, out, error = work.run(text + UNREACHABLE)
    assert code == 4
    assert out.count("not tracked: ") == 1
    assert error.count("\n") == 1
    assert "connection refused" in error
    assert (work.folder / "runs/small/report/report.html").is_file()
    assert (work.folder / "runs/small/report/verdict.json").is_file() is gated


def test_a_failed_gate_is_a_failed_gate_though_the_server_is_away(work: Work) -> None:
    code, out, error = work.run(CONFIG + FAILING + UNREACHABLE)
    assert (code, error) == (1, "")
    assert out.count("not tracked: ") == 1
    assert work.verdict.outcome == "fail"


def test_a_gate_against_a_champion_waits_for_a_server_that_is_away(work: Work) -> None:
    shutil.rmtree(work.folder / "runs/small/report")
    code, _, error = work.run(CONFIG + CHAMPION + UNREACHABLE)
    assert code == 4
    assert "the gate compares with registry:champion and waits for it" in error
    assert not (work.folder / "runs/small/report").exists()


def test_register_takes_a_folder_of_results_only_while_its_config_is_the_same(work: Work) -> None:
    results = work.folder / "runs" / "small"
    assert work.run(named("folder", CONFIG))[0] == 0
    assert run(["register", str(results)]) == 0
    assert "models:/folder@champion, version 1 (as before)" in work.printed.readouterr().out
    write(work.folder, CONFIG + FAILING)
    assert run(["register", str(results)]) == 2
    assert "is changed since" in work.printed.readouterr().err
    assert run(["register", str(work.folder / "runs")]) == 2
    assert "not the folder of a pipeline's results" in work.printed.readouterr().err
