"""Which version a reference `registry:...` stands for, on a real registry in a sqlite file."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path

import mlflow
import numpy as np
import pytest

from harness.errors import ArtifactError, PredictionsError, UserError
from harness.tracking.lookup import Lookup
from harness.tracking.registry import Judged, Registered, register
from harness.tracking.store import TrackingStore
from harness.tracking.tracker import TrackedRun, Tracker

pytestmark = pytest.mark.filterwarnings("default")  # MLflow's database layer deprecates freely

EXAMPLE = np.zeros((1, 8, 8, 1), np.uint8)


@dataclass
class Registry:
    """One registered model and files to register; each test has a model of its own."""

    run: TrackedRun
    name: str
    folder: Path

    def file(self, content: bytes) -> Path:
        path = self.folder / f"{content.hex()}.tflite"
        path.write_bytes(content)
        return path

    def put(self, content: bytes, *aliases: str, outcome: str = "pass") -> Registered:
        return register(self.run, self.name, aliases, self.judged(content, outcome), EXAMPLE)

    def judged(self, content: bytes, outcome: str = "pass") -> Judged:
        return Judged(
            tflite=self.file(content),
            artifact_sha256=sha(content),
            outcome=outcome,
            runtime="tflm",
            served_on="tflm",
            class_names=tuple("abc"),
            tags={"tinygate.model": "net"},
            description="Ship: all checks passed",
        )

    @property
    def lookup(self) -> Lookup:
        return Lookup(self.run.client, self.name)


def sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@pytest.fixture(scope="module")
def tracker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tracker]:
    before = mlflow.get_tracking_uri()
    yield Tracker.connect(TrackingStore.choose(None, tmp_path_factory.mktemp("runs")), "lookup")
    mlflow.set_tracking_uri(before)
    mlflow.set_registry_uri("")  # it follows the tracking URI again


_numbers = count()


@pytest.fixture
def registry(tracker: Tracker, tmp_path: Path) -> Registry:
    number = next(_numbers)
    return Registry(tracker.run("a run", str(number)), f"model-{number}", tmp_path)


def test_as_long_as_no_version_has_passed_there_is_no_champion_and_that_is_no_mistake(
    registry: Registry,
) -> None:
    assert registry.lookup.find("champion", sha(b"new")) is None
    registry.put(b"bad", "candidate", outcome="fail")
    assert registry.lookup.find("champion", sha(b"new")) is None


def test_once_a_version_has_passed_a_missing_alias_is_a_mistake_that_lists_the_others(
    registry: Registry,
) -> None:
    registry.put(b"one", "champion")
    with pytest.raises(UserError, match=r"alias 'champoin'.*aliases: champion \(version 1\)"):
        registry.lookup.find("champoin", sha(b"new"))


def test_a_model_is_held_against_the_champion_before_it_however_often_it_is_gated(
    registry: Registry,
) -> None:
    registry.put(b"one", "champion")
    assert registry.lookup.find("champion", sha(b"one")) is None
    before = registry.lookup.find("champion", sha(b"two"))
    assert before is not None and before.sha256 == sha(b"one")
    registry.put(b"two", "champion")
    again = registry.lookup.find("champion", sha(b"two"))
    assert again == before
    assert again.version.words == f"version 1 of {registry.name} (champion)"


def test_a_champion_that_comes_back_is_held_against_the_one_it_replaces(
    registry: Registry,
) -> None:
    registry.put(b"one", "champion")
    registry.put(b"two", "champion")
    registry.put(b"one", "champion")
    found = registry.lookup.find("champion", sha(b"one"))
    assert found is not None and found.version.version == "2"
    assert registry.lookup.find("champion", sha(b"three")).version.version == "1"  # type: ignore[union-attr]


def test_a_number_names_a_version_and_a_missing_one_is_refused(registry: Registry) -> None:
    registry.put(b"one", "champion")
    found = registry.lookup.find("1", sha(b"new"))
    assert found is not None and found.version.alias is None
    with pytest.raises(UserError, match="has no version 7; it has: 1"):
        registry.lookup.find("7", sha(b"new"))


def test_the_file_is_fetched_as_it_was_registered_and_another_is_refused(
    registry: Registry, tmp_path: Path
) -> None:
    registry.put(b"one", "champion")
    found = registry.lookup.find("champion", sha(b"new"))
    assert found is not None
    registry.lookup.fetch(found, tmp_path / "first")
    assert (tmp_path / "first" / "model.tflite").read_bytes() == b"one"
    client = registry.run.client
    stored = client.get_model_version_download_uri(registry.name, "1").removeprefix("file://")
    (kept,) = Path(stored).rglob("model.tflite")
    kept.write_bytes(b"onf")
    with pytest.raises(ArtifactError, match="does not hold the file that was registered"):
        registry.lookup.fetch(found, tmp_path / "second")
    assert not (tmp_path / "second" / "model.tflite").exists()


def test_the_same_file_with_the_same_verdict_is_one_version_however_often_it_is_registered(
    registry: Registry,
) -> None:
    first, second = registry.put(b"one", "champion"), registry.put(b"one", "champion")
    assert (first.version, first.created) == ("1", True)
    assert (second.version, second.created) == ("1", False)
    assert registry.put(b"one", "candidate", outcome="fail").version == "2"


def test_what_was_broken_off_after_the_model_was_logged_logs_no_second_one(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = registry.run.client
    with monkeypatch.context() as patch:

        def broken(*_: object, **__: object) -> None:
            raise ConnectionError("[Errno 104] Connection reset by peer")

        patch.setattr(client, "create_model_version", broken)
        with pytest.raises(ConnectionError):
            registry.put(b"one", "champion")
    assert registry.put(b"one", "champion").version == "1"
    found = client.search_logged_models([registry.run.experiment_id])
    assert sum(model.source_run_id == registry.run.run_id for model in found) == 1


def test_a_file_that_changed_since_it_was_judged_is_not_registered(registry: Registry) -> None:
    judged = registry.judged(b"one")
    judged.tflite.write_bytes(b"two")
    with pytest.raises(PredictionsError, match="changed since it was evaluated"):
        register(registry.run, registry.name, ["champion"], judged, EXAMPLE)


def test_a_version_of_another_tool_is_refused_in_one_line(registry: Registry) -> None:
    client = registry.run.client
    client.create_registered_model(registry.name)
    client.create_model_version(registry.name, source=registry.folder.as_uri())
    with pytest.raises(UserError, match="was not registered by tinygate"):
        registry.lookup.find("1", sha(b"new"))


def test_a_description_longer_than_the_database_takes_is_cut(registry: Registry) -> None:
    judged = replace(registry.judged(b"one"), description="x" * 9000)
    register(registry.run, registry.name, ["champion"], judged, EXAMPLE)
    found = registry.run.client.get_model_version(registry.name, "1")
    assert len(found.description or "") == 4900
