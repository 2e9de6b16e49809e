"""The models of a finished sweep that two converters made files of, both run on one runtime."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from export.errors import InvalidModelFileError
from export.form import DEFAULT_FORM
from harness.errors import UserError
from harness.pipeline.finished import Result
from harness.pipeline.stages import ARTIFACT, read_artifact
from harness.predictions import ModelIdentity
from harness.scaling.converters import ConvertedTwice

_PREFERRED = ("tflm", "device", "litert-ref", "litert")
"""Of several runtimes that ran both files, the first: what the microcontroller computes."""


def converted_twice(results: Sequence[Result], runtime: str) -> list[tuple[Result, Result]]:
    """Return each model's result in the default converter's file and in another's, the newest.

    Args:
        results: over one test set.
        runtime: whose answers are taken where it ran both files; else tflm's, or another's.

    """
    by_runtime: dict[str, dict[ModelIdentity, Result]] = {}
    for one in sorted(results, key=lambda r: (r.made_ns, str(r.path))):  # the newest stays
        if one.model is not None:
            by_runtime.setdefault(one.runtime, {})[one.model] = one
    found = {name: _of_runtime(models) for name, models in by_runtime.items()}
    for name in (runtime, *_PREFERRED, *sorted(found)):
        if found.get(name):
            return found[name]
    return []


def answered_twice(
    pairs: Sequence[tuple[Result, Result]], folders: Iterable[Path]
) -> Iterator[ConvertedTwice]:
    """Yield the answers of each pair, loaded one model at a time.

    Args:
        pairs: as `converted_twice` returns them.
        folders: of the pipelines, where the records of the exports are.

    Raises:
        UserError: a file that was changed since it was made.

    """
    steps = _steps(folders) if pairs else {}
    for usual, other in pairs:
        step = steps.get(usual.meta.artifact_sha256 or "")
        yield ConvertedTwice(usual.load(), other.load(), step)


def _of_runtime(models: Mapping[ModelIdentity, Result]) -> list[tuple[Result, Result]]:
    pairs = []
    for other in models.values():
        model = other.meta.model
        if model is None or model.form.converter == DEFAULT_FORM.converter:
            continue
        usual = models.get(model.model_copy(update={"converter": None}).identity)
        if usual is not None:
            pairs.append((usual, other))
    return pairs


def _steps(folders: Iterable[Path]) -> dict[str, float]:
    """Return the scale of the int8 output of every exported .tflite, by its SHA-256."""
    steps = {}
    for folder in folders:
        for path in sorted(folder.glob(f"export/*/{ARTIFACT}")):
            try:
                artifact = read_artifact(path.parent)
            except (InvalidModelFileError, ValueError, OSError) as error:
                raise UserError(f"{path}: not the record of an export; export again") from error
            if artifact.output.scale is not None:
                steps[artifact.tflite.sha256] = artifact.output.scale
    return steps
