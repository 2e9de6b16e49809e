"""What the analysis takes from trainings and images: losses, the spectrum, ranks of activations."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from harness.data.split import Dataset
from harness.errors import ArtifactError
from harness.pipeline.finished import Training
from harness.scaling.activations import LayerRank, layer_ranks, sample_indices
from harness.scaling.analysis import Measured
from harness.scaling.rank_efficiency import SizeRank, size_rank
from harness.scaling.spectrum import Spectrum, spectrum
from harness.scaling.training_loss import FinalLoss, final_loss
from harness.training import HISTORY_NAME
from models import FAMILIES

Say = Callable[[str], None]


def measure(
    trainings: Sequence[Training], models: int, dataset: Dataset | None, say: Say
) -> Measured:
    """Return what the trainings of a sweep of `models` models, and its images, tell.

    Without `dataset` there is neither spectrum nor rank; a note says how to have them.
    """
    notes = []
    if len(trainings) < models:
        notes.append(
            f"training loss and ranks of {models - len(trainings)} of {models} models: their "
            "training is not in these folders"
        )
    losses = _losses(trainings)
    if dataset is None:
        notes.append(
            "data spectrum, effective rank, gamma: they take the images; give --config CONFIG.toml"
        )
        return Measured(losses=losses, notes=tuple(notes))
    say("data spectrum")
    found, spectrum_notes = _spectrum(dataset)
    ranks, rank_notes = _ranks(trainings, dataset, say)
    return Measured(losses, found, ranks, (*notes, *spectrum_notes, *rank_notes))


def _losses(trainings: Sequence[Training]) -> tuple[FinalLoss, ...]:
    from harness.training.history import read_history

    found = []
    for some in _by_size(trainings):
        histories = [read_history(one.folder / HISTORY_NAME) for one in some]
        model = some[0].model
        found.append(
            final_loss(
                model.family,
                model.width,
                model.parameters or 0,
                [history[-1].loss for history in histories],
                min(len(history) for history in histories),
            )
        )
    return tuple(found)


def _by_size(trainings: Sequence[Training]) -> list[list[Training]]:
    found: dict[tuple[str, int, float], list[Training]] = {}
    for one in trainings:
        key = (one.model.family, one.model.parameters or 0, one.model.width)
        found.setdefault(key, []).append(one)
    return [sorted(found[key], key=lambda one: one.model.seed) for key in sorted(found)]


def _spectrum(dataset: Dataset) -> tuple[Spectrum | None, list[str]]:
    try:
        found = spectrum(dataset.train.images)
    except ValueError as error:
        return None, [f"data spectrum: {error}"]
    if found is None:
        return None, ["data spectrum: the training images have too few ranks from 10 on"]
    return found, []


def _ranks(
    trainings: Sequence[Training], dataset: Dataset, say: Say
) -> tuple[tuple[SizeRank, ...], list[str]]:
    ours = [one for one in trainings if one.model.family in FAMILIES]
    others = sorted({one.model.family for one in trainings if one not in ours})
    notes = []
    if others:
        notes.append(
            f"effective rank of {', '.join(others)}: a checkpoint of a class of your own is not "
            "loaded here, since loading it would run that class"
        )
    images = dataset.test.images[sample_indices(len(dataset.test))]
    found = []
    for some in _by_size(ours):
        model = some[0].model
        name = f"{model.family}-{model.width:g}"
        say(f"effective rank of {name}")
        by_seed = [_layers(one, images) for one in some]
        found.append(size_rank(name, model.family, model.parameters or 0, by_seed))
    return tuple(one for one in found if one is not None), notes


def _layers(training: Training, images: np.ndarray) -> tuple[LayerRank, ...]:
    from harness.training.checkpoint import load_model

    loaded = load_model(training.checkpoint)
    try:
        inputs = loaded.preprocessing.apply(images)
    except ValueError as error:
        raise ArtifactError(f"{training.checkpoint}: {error}") from error
    if inputs.ndim == 4:  # noqa: PLR2004  (N, H, W, C)
        inputs = np.ascontiguousarray(inputs.transpose(0, 3, 1, 2))
    return layer_ranks(loaded.module, inputs)
