"""Sweeps drawn at random with a known power law, and pipelines' folders that hold them."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from harness.pipeline.store import Store, Unit
from harness.predictions import ModelRecord, Predictions, RuntimeRecord
from harness.scaling.size import Size, size_of
from tests.harness.made import answers

SAMPLES, CLASSES = 4000, 8
WIDTHS = (1, 2, 4, 8, 16)


def power_law_sizes(
    alpha: float, *, noise: float = 0.0, seed: int = 0, count: int = 8, family: str = "net"
) -> tuple[Size, ...]:
    """Return one-seed sizes of 10^4 to 10^7 parameters whose ln(error) has Gaussian noise."""
    rng = np.random.default_rng(seed)
    parameters = np.geomspace(1e4, 1e7, count).astype(int)
    errors = 3 * parameters**-alpha * np.exp(noise * rng.standard_normal(count))
    return tuple(
        size_of(family, float(i + 1), int(n), [(0, float(e))])
        for i, (n, e) in enumerate(zip(parameters, errors, strict=True))
    )


def model(
    family: str,
    width: float,
    seed: int,
    *,
    alpha: float = 0.3,
    classes: int = CLASSES,
    runtime: str = "torch",
    digest: str = "d" * 64,
) -> Predictions:
    """Return answers of a model of 1000 width^2 parameters and error 4 N^-alpha, near enough.

    A sample is wrong where the mean of its own difficulty, which all models share, and of the
    model's luck is lowest: error sets of any two overlap more than by chance.
    """
    parameters = int(1000 * width**2)
    rng = np.random.default_rng([int(10 * width), seed, len(family)])
    difficulty = np.random.default_rng(7).random(SAMPLES)
    error = 4 * parameters**-alpha * np.exp(0.02 * rng.standard_normal())
    order = np.argsort(difficulty + rng.random(SAMPLES))
    labels = np.arange(SAMPLES) % classes
    predicted = labels.copy()
    wrong = order[: round(error * SAMPLES)]
    predicted[wrong] = (predicted[wrong] + 1) % classes
    confidence = np.clip(0.6 + 0.3 * rng.random(SAMPLES), 0, 1)
    return answers(
        labels,
        predicted,
        classes,
        confidence,
        model=ModelRecord(family=family, width=width, seed=seed, parameters=parameters),
        runtime=RuntimeRecord(name=runtime),
        data_digest=digest,
        class_names=tuple(f"class {i}" for i in range(classes)),
    )


def variant(predictions: Predictions, **facts: object) -> Predictions:
    """Return the same answers, of a model made in another way."""
    assert predictions.meta.model is not None
    return predictions.with_meta(model=predictions.meta.model.model_copy(update=facts))


def sweep(
    families: Sequence[str] = ("first", "second"),
    widths: Sequence[float] = WIDTHS,
    seeds: Sequence[int] = (0, 1, 2),
    **options: object,
) -> list[Predictions]:
    """Return one model for each family, width and seed; the second family has a lower alpha."""
    alphas = {name: 0.3 - 0.08 * i for i, name in enumerate(families)}
    return [
        model(family, width, seed, alpha=alphas[family], **options)  # type: ignore[arg-type]
        for family, width, seed in itertools.product(families, widths, seeds)
    ]


def folder(root: Path, predictions: Iterable[Predictions], version: str = "1") -> Path:
    """Save Predictions as the evaluate stage of a pipeline does; return the pipeline's folder."""
    store = Store(root)
    for one in predictions:
        assert one.meta.model is not None
        assert one.meta.runtime is not None
        about = one.meta.model
        name = (
            f"{about.family.replace(':', '.').replace('/', '_')[:20]}-{about.width:g}-s{about.seed}"
        )
        inputs = {"model": about.model_dump(), "version": version, "data": one.meta.data_digest}
        unit = Unit("evaluate", f"{name}-{one.meta.runtime.name}", inputs)
        store.build(unit, lambda path, one=one: one.save(path / "predictions.npz"))
    return root
