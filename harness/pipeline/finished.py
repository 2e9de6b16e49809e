"""What a finished sweep left on disk, found by what the files themselves say.

A folder of a pipeline may hold results of several configs and versions side by side. One sweep is
picked from them: one runtime, one test set, one result of each family, width and seed, of models
that were trained at their width and converted as every model is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from pydantic import ValidationError

from harness.errors import PredictionsError, UserError
from harness.files import sha256_of_file
from harness.npz import read_arrays
from harness.pipeline.store import RECORD_NAME, read_record
from harness.predictions import Meta, ModelIdentity, ModelRecord, Predictions
from harness.problems import first_problem
from harness.training import CHECKPOINT_NAME

PREDICTIONS = "predictions.npz"
_PREFERRED = "torch"


@dataclass(frozen=True)
class Result:
    """One Predictions file of a sweep, known by its meta; the answers are not yet read."""

    path: Path
    meta: Meta

    @property
    def runtime(self) -> str:
        """The runtime that answered; empty where the file does not say."""
        return "" if self.meta.runtime is None else self.meta.runtime.name

    @property
    def model(self) -> ModelIdentity | None:
        """Which model answered; None where the file does not say, or has no parameter count."""
        model = self.meta.model
        return None if model is None or model.parameters is None else model.identity

    @property
    def variant(self) -> str:
        """How its model was made, where not as every model is; empty for a plain one."""
        return "" if self.meta.model is None else self.meta.model.variant

    @cached_property
    def made_ns(self) -> int:
        """When it was made: the time of its record, else of the file."""
        record = self.path.with_name(RECORD_NAME)
        return (record if record.is_file() else self.path).stat().st_mtime_ns

    def load(self) -> Predictions:
        """Return the answers; UserError where the file is not the one its record names."""
        folder = self.path.parent
        if (folder / RECORD_NAME).is_file():
            expected = read_record(folder)["files"].get(self.path.name)
            if expected != sha256_of_file(self.path):
                raise UserError(f"{self.path}: changed since it was made; evaluate again")
        return Predictions.load(self.path)


@dataclass(frozen=True)
class Selection:
    """The results of one sweep, and a line for each that was left out."""

    runtime: str
    results: tuple[Result, ...]
    notes: tuple[str, ...]


def find_results(folders: Iterable[Path]) -> tuple[Result, ...]:
    """Return every finished result of these pipelines' folders.

    A folder without `evaluate/` may hold Predictions files themselves.

    Raises:
        UserError: no such folder, or no Predictions in it.
        PredictionsError: a file that is none.

    """
    return tuple(result for folder in folders for result in _results(folder))


def _results(folder: Path) -> list[Result]:
    if not folder.is_dir():
        raise UserError(f"{folder}: no such folder; give the runs/<name> of a pipeline")
    units = sorted((folder / "evaluate").glob(f"*/{PREDICTIONS}"))
    paths = [path for path in units if path.with_name(RECORD_NAME).is_file()]
    paths = paths or sorted(folder.glob("*.npz"))
    if not paths:
        raise UserError(
            f"{folder}: no finished evaluation in it; run tinygate evaluate CONFIG.toml first"
        )
    return [Result(path, _meta(path)) for path in paths]


def _meta(path: Path) -> Meta:
    try:
        text = read_arrays(path, ["meta"])["meta"]
        if text.dtype.kind != "U" or text.size != 1:
            raise PredictionsError(f"{path}: meta must be one JSON text")
        return Meta.model_validate_json(str(text.reshape(())))
    except ValidationError as error:
        raise PredictionsError(f"{path}: meta: {first_problem(error)}") from error
    except (FileNotFoundError, ValueError) as error:
        raise PredictionsError(str(error)) from error


def select(results: Sequence[Result], runtime: str | None = None) -> Selection:
    """Return one sweep: that of `runtime`; by default torch, else the one of most models.

    Plain models alone: those made smaller or converted in another way are no points of its curves.

    Raises:
        UserError: nothing of that runtime, or no file that says which model answered.

    """
    known = [result for result in results if result.model is not None]
    notes = []
    if len(known) < len(results):
        notes.append(
            f"{len(results) - len(known)} of {len(results)} Predictions files are left out: their "
            "meta does not say which model answered and how many parameters it has"
        )
    if not known:
        raise UserError(f"nothing to analyse: {notes[0]}")
    plain = [result for result in known if not result.variant]
    if not plain:
        raise UserError(
            "nothing to analyse: every model here is pruned, or converted in another way than the "
            "default; give the folder of the models they come from too"
        )
    known = plain
    chosen = _runtime(known, runtime)
    of_runtime = [result for result in known if result.runtime == chosen]
    same_data, left_out = _same_data(of_runtime)
    newest, repeats = _newest(same_data)
    notes += left_out + repeats + _absent(known, newest, chosen)
    return Selection(chosen, tuple(newest), tuple(notes))


def _runtime(results: Sequence[Result], wanted: str | None) -> str:
    models = {r: len({x.model for x in results if x.runtime == r}) for r in _names(results)}
    if wanted is not None and wanted not in models:
        raise UserError(f"no result of the runtime {wanted!r}; there are: {', '.join(models)}")
    if wanted is not None:
        return wanted
    return _PREFERRED if _PREFERRED in models else max(models, key=lambda name: models[name])


def _names(results: Sequence[Result]) -> list[str]:
    return sorted({result.runtime for result in results})


def _same_data(results: Sequence[Result]) -> tuple[list[Result], list[str]]:
    counts = Counter(result.meta.data_digest for result in results)
    if len(counts) == 1:
        return list(results), []
    newest = max(results, key=lambda result: (result.made_ns, str(result.path)))
    most = max(counts, key=lambda digest: (counts[digest], digest == newest.meta.data_digest))
    kept = [result for result in results if result.meta.data_digest == most]
    line = (
        f"{len(results) - len(kept)} results are left out: they are of another test set than the "
        f"{len(kept)} analysed (data digest {(most or 'unknown')[:12]})"
    )
    return kept, [line]


def _newest(results: Sequence[Result]) -> tuple[list[Result], list[str]]:
    by_model: dict[ModelIdentity | None, list[Result]] = {}
    for result in results:
        by_model.setdefault(result.model, []).append(result)
    newest = [max(some, key=lambda r: (r.made_ns, str(r.path))) for some in by_model.values()]
    repeated = sum(len(some) > 1 for some in by_model.values())
    if not repeated:
        return newest, []
    return newest, [
        f"{repeated} models have several results on this runtime (of another config or version); "
        "the newest of each is analysed"
    ]


def _absent(known: Sequence[Result], chosen: Sequence[Result], runtime: str) -> list[str]:
    """Return a line for models that only other runtimes have answered for."""
    models = {result.model for result in known} - {result.model for result in chosen}
    if not models:
        return []
    names = sorted(
        f"{family}-{width:g} seed {seed}" for family, width, seed, _ in filter(None, models)
    )
    shown = ", ".join(names[:3]) + (", ..." if len(names) > 3 else "")  # noqa: PLR2004
    return [
        f"{len(models)} models have no result on {runtime or 'this runtime'} for these data: left "
        f"out ({shown}); evaluate them there"
    ]


@dataclass(frozen=True)
class Training:
    """The training that a result's model comes from: its folder, and the digest of its data."""

    model: ModelRecord
    folder: Path
    data_digest: str | None

    @property
    def checkpoint(self) -> Path:
        """The weights."""
        return self.folder / CHECKPOINT_NAME


def find_trainings(folders: Iterable[Path], results: Sequence[Result]) -> tuple[Training, ...]:
    """Return the training of each result whose chain of hashes leads to one.

    A result names the artifact that answered; that is a checkpoint, or was exported from one.
    """
    places, origins = _index(folders)
    found = []
    for result in results:
        artifact = result.meta.artifact_sha256 or ""
        place = places.get(origins.get(artifact, artifact))
        if place is not None and result.meta.model is not None:
            digest = read_record(place).get("inputs", {}).get("data")
            found.append(Training(result.meta.model, place, digest))
    return tuple(found)


def _index(folders: Iterable[Path]) -> tuple[dict[str, Path], dict[str, str]]:
    """Return checkpoint digest -> training folder, and exported digest -> checkpoint digest."""
    places: dict[str, Path] = {}
    origins: dict[str, str] = {}
    for folder in folders:
        for path in sorted(folder.glob(f"train/*/{RECORD_NAME}")):
            digest = read_record(path.parent)["files"].get(CHECKPOINT_NAME)
            places[digest] = path.parent
        for path in sorted(folder.glob(f"export/*/{RECORD_NAME}")):
            record = read_record(path.parent)
            checkpoint = record.get("inputs", {}).get("checkpoint", "")
            origins |= dict.fromkeys(record["files"].values(), checkpoint)
    return places, origins
