"""The results of a sweep by how their models were made: one of each model, way and seed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from export.form import DEFAULT_FORM
from harness.pipeline.finished import Result
from harness.pipeline.store import RECORD_NAME, read_record
from harness.predictions import ModelRecord
from harness.scaling.ways import Answered, Way, Weights

_CHECKPOINT_RUNTIMES = ("torch", "onnxruntime")
_TFLITE_RUNTIMES = ("tflm", "litert-ref", "litert", "device")
"""Of several that answered for one model, the first is taken: they compute the same or nearly."""


@dataclass(frozen=True)
class Chosen:
    """One result of every model by its way and seed, and a line for what was left out."""

    results: Mapping[tuple[Way, int], Result]
    notes: tuple[str, ...]


def chosen(results: Sequence[Result]) -> Chosen:
    """Return one result of every model in every way: of several on one runtime, the newest.

    Args:
        results: over one test set; of a runtime that is not known here none is taken.

    """
    found: dict[tuple[Way, int], Result] = {}
    repeated = set()
    for result in sorted(results, key=_preference):
        model = result.meta.model
        if model is None or result.model is None or (way := _way(model, result.runtime)) is None:
            continue
        first = found.setdefault((way, model.seed), result)
        if first is not result and first.runtime == result.runtime and not way.is_plain:
            repeated.add((way, model.seed))
    return Chosen(found, _notes(len(repeated)))


def _notes(repeated: int) -> tuple[str, ...]:
    if not repeated:
        return ()
    return (
        f"ways of getting smaller: {repeated} models have several results (of another config or "
        "version); the newest of each is compared",
    )


def answered(found: Chosen, folders: Iterable[Path]) -> Iterator[Answered]:
    """Yield the answers of the results; `folders` hold the files that answered."""
    sizes = _file_sizes(folders)
    for (way, _), result in found.results.items():
        size = sizes.get(result.meta.artifact_sha256 or "")
        yield Answered(way, result.runtime, result.load(), size)


def _preference(result: Result) -> tuple[int, int, str]:
    known = (*_CHECKPOINT_RUNTIMES, *_TFLITE_RUNTIMES)
    rank = known.index(result.runtime) if result.runtime in known else len(known)
    return rank, -result.made_ns, str(result.path)


def _way(model: ModelRecord, runtime: str) -> Way | None:
    """Return how the model was made that a runtime ran; None for an unknown runtime."""
    weights: Weights
    if runtime in _CHECKPOINT_RUNTIMES:
        weights, converter = "checkpoint", ""
    elif runtime in _TFLITE_RUNTIMES:
        form = model.form
        weights = form.quantization
        converter = "" if form.converter == DEFAULT_FORM.converter else form.converter
    else:
        return None
    return Way(model.family, model.width, model.pruned_from, weights, converter)


def _file_sizes(folders: Iterable[Path]) -> dict[str, int]:
    """Return the size of every file of a training or an export, by its SHA-256."""
    sizes: dict[str, int] = {}
    for folder in folders:
        for path in sorted(folder.glob(f"*/*/{RECORD_NAME}")):
            if path.parent.parent.name not in {"train", "export"}:
                continue
            for name, digest in read_record(path.parent)["files"].items():
                file = path.with_name(name)
                if file.is_file():
                    sizes[digest] = file.stat().st_size
    return sizes
