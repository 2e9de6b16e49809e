"""Predictions: what one artifact answered, sample by sample, on one runtime.

The file is an `.npz` that loads with `allow_pickle=False`:

| array    | shape  | dtype           | content                                              |
|----------|--------|-----------------|------------------------------------------------------|
| `scores` | (N, C) | float32         | as the runtime produced them, dequantized            |
| `labels` | (N,)   | integer         | the true class of each sample                        |
| `ids`    | (N,)   | integer or text | stable, unique sample ids                            |
| `meta`   | ()     | text            | JSON; only `kind` (logits, probabilities) is required |

Anyone can write one with numpy, so models trained or run elsewhere can be gated.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, ValidationError

from harness.data.split import as_ids, as_labels
from harness.errors import PredictionsError
from harness.files import atomic_path
from harness.model_record import ModelIdentity, ModelRecord
from harness.npz import read_arrays
from harness.problems import first_problem
from harness.table import Table

__all__ = [
    "DeviceRecord",
    "HostRecord",
    "Meta",
    "ModelIdentity",
    "ModelRecord",
    "Predictions",
    "RuntimeRecord",
    "ScoreKind",
]

ScoreKind = Literal["logits", "probabilities"]
_MIN_CLASSES = 2
_CHUNK_SAMPLES = 16384
_MICROSECONDS = 1_000_000
_QUANTIZATION_SLACK = 1.0 / 256  # an int8 softmax output is a multiple of 1/256


class RuntimeRecord(Table):
    """Which runtime answered: its name in the registry, its version, and how it was set up."""

    name: str
    version: str = ""
    options: dict[str, str | int | float | bool] = Field(default_factory=dict)


class HostRecord(Table):
    """The machine that computed: operating system, architecture, CPU model and its features."""

    system: str
    machine: str
    cpu: str = ""
    features: tuple[str, ...] = ()


class DeviceRecord(Table):
    """Which device answered, and what one inference took on it.

    An emulator counts instructions: they are never a time. Silicon counts cycles of `core_hz`, or
    microseconds of a timer.
    """

    board: str
    core: str
    emulated: bool
    firmware: str = ""
    engine: str = ""
    unique_ids: tuple[str, ...] = ()
    count_unit: Literal["cycles", "instructions", "microseconds"] | None = None
    count_per_sample: float | None = Field(default=None, ge=0)
    """Median over the samples."""
    core_hz: int | None = Field(default=None, ge=1)
    arena_bytes: int | None = Field(default=None, ge=0)
    """Working memory of the inference, all of it but code and model."""
    planned_bytes: int | None = Field(default=None, ge=0)
    """The activations alone, comparable with the head of TFLM's arena."""
    model_bytes: int | None = Field(default=None, ge=0)
    stack_used_bytes: int | None = Field(default=None, ge=0)
    """High-water mark."""
    flash_bytes: int | None = Field(default=None, ge=0)
    """Of the firmware, without the model."""
    ram_bytes: int | None = Field(default=None, ge=0)
    """Static memory of the firmware."""
    artifact_verified: bool | None = None
    """Whether the device named the sha256 of the model it ran. False where firmware cannot: that
    it was this artifact is then the word of whoever evaluated."""

    @property
    def latency_s(self) -> float | None:
        """Seconds an inference takes on silicon; None where that is not known."""
        if self.count_per_sample is None:
            return None
        if self.count_unit == "microseconds":
            return self.count_per_sample / _MICROSECONDS
        if self.count_unit != "cycles" or self.core_hz is None:
            return None
        return self.count_per_sample / self.core_hz

    def figures(self) -> dict[str, float]:
        """Return every known figure by a stable flat name, as a tracker logs it."""
        known: dict[str, float | None] = {
            name: getattr(self, name)
            for name in (
                "arena_bytes",
                "planned_bytes",
                "model_bytes",
                "stack_used_bytes",
                "flash_bytes",
                "ram_bytes",
                "latency_s",
            )
        }
        if self.count_unit is not None:
            known[f"{self.count_unit}_per_sample"] = self.count_per_sample
        return {name: float(value) for name, value in known.items() if value is not None}


class Meta(Table):
    """What a Predictions file says of itself; absent facts are None, never guessed."""

    format: Literal[1] = 1
    kind: ScoreKind
    artifact_sha256: str | None = Field(default=None, pattern=r"^[0-9a-f]{64}$")
    data_digest: str | None = Field(default=None, pattern=r"^[0-9a-f]{64}$")
    data_name: str | None = None
    split: str | None = None
    class_names: tuple[str, ...] | None = None
    runtime: RuntimeRecord | None = None
    host: HostRecord | None = None
    model: ModelRecord | None = None
    device: DeviceRecord | None = None
    extra: dict[str, str | int | float | bool | None] = Field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Predictions:
    """Scores, labels and ids of N samples over C classes, checked on construction.

    Raises:
        PredictionsError: wrong shapes or dtypes, no samples, fewer than 2 classes, NaN or infinite
            scores, labels out of range, ids not unique, probabilities outside [0, 1] or whose rows
            do not sum to 1 within the slack of an int8 output, class names of another count.

    """

    scores: NDArray[np.float32]
    labels: NDArray[np.int64]
    ids: NDArray[np.generic]
    meta: Meta

    def __post_init__(self) -> None:
        try:
            scores = _checked_scores(self.scores, self.meta)
            labels = as_labels(self.labels, len(scores), scores.shape[1])
            ids = as_ids(self.ids, len(scores))
        except ValueError as error:
            raise PredictionsError(str(error)) from error
        for name, value in (("scores", scores), ("labels", labels), ("ids", ids)):
            object.__setattr__(self, name, value)

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def classes(self) -> int:
        """C, the number of classes, including those without a sample."""
        return int(self.scores.shape[1])

    @property
    def class_names(self) -> tuple[str, ...]:
        """One name per class; the class number where the file names none."""
        return self.meta.class_names or tuple(str(index) for index in range(self.classes))

    @cached_property
    def predicted(self) -> NDArray[np.int64]:
        """(N,) the class with the highest score; of equal scores the lowest class number."""
        return np.asarray(np.argmax(self.scores, axis=1), dtype=np.int64)

    @cached_property
    def correct(self) -> NDArray[np.bool_]:
        """(N,) whether the predicted class is the label."""
        return np.asarray(self.predicted == self.labels)

    @cached_property
    def confidence(self) -> NDArray[np.float64]:
        """(N,) probability of the predicted class: softmax of logits in float64, or as given."""
        if self.meta.kind == "probabilities":
            return np.asarray(np.clip(self.scores.max(axis=1), 0.0, 1.0), dtype=np.float64)
        starts = range(0, len(self), _CHUNK_SAMPLES)
        return np.concatenate([_top(self.scores[i : i + _CHUNK_SAMPLES]) for i in starts])

    @cached_property
    def brier(self) -> NDArray[np.float64]:
        """(N,) sum_c (p_c - [c is the label])^2, in [0, 2]; 0 is best.

        The multi-class form of Brier (Verification of forecasts expressed in terms of probability,
        1950): sum_c p_c^2 - 2 p_label + 1.
        """
        starts = range(0, len(self), _CHUNK_SAMPLES)
        return np.concatenate([self._brier(slice(i, i + _CHUNK_SAMPLES)) for i in starts])

    def _brier(self, part: slice) -> NDArray[np.float64]:
        shares = self.scores[part].astype(np.float64)
        if self.meta.kind == "logits":
            shares = np.exp(shares - shares.max(axis=1, keepdims=True))
            shares /= shares.sum(axis=1, keepdims=True)
        true = shares[np.arange(len(shares)), self.labels[part]]
        scores: NDArray[np.float64] = (shares**2).sum(axis=1) - 2 * true + 1
        return scores.clip(0.0, 2.0)

    def of(self, ids: NDArray[np.generic]) -> Predictions:
        """Return the answers to the samples with these ids, (k,), in their order.

        A part of the samples is not what `data_digest` names, so it loses that.

        Raises:
            PredictionsError: one of the samples was not answered.

        """
        if np.array_equal(ids, self.ids):
            return self
        if (ids.dtype.kind == "U") != (self.ids.dtype.kind == "U"):
            raise PredictionsError("one file has numbers for sample ids, the other text")
        order = np.argsort(self.ids, kind="stable")
        places = order[np.searchsorted(self.ids[order], ids).clip(max=len(order) - 1)]
        strange = ids[self.ids[places] != ids]
        if len(strange):
            raise PredictionsError(
                f"{len(strange)} of {len(ids)} samples were not answered here, such as "
                f"{str(strange[0])!r}; evaluate both on the same split"
            )
        part = Predictions(self.scores[places], self.labels[places], self.ids[places], self.meta)
        return part.with_meta(data_digest=None)

    def with_meta(self, **facts: Any) -> Predictions:
        """Return the same answers with other facts in `meta`."""
        return replace(self, meta=self.meta.model_copy(update=facts))

    def save(self, path: Path) -> None:
        """Write the `.npz`, atomically; equal content gives equal bytes."""
        with atomic_path(path) as temporary, temporary.open("wb") as handle:
            np.savez(
                handle,
                scores=self.scores,
                labels=self.labels,
                ids=self.ids,
                meta=np.array(self.meta.model_dump_json(exclude_none=True)),
            )

    @classmethod
    def load(cls, path: Path) -> Predictions:
        """Read and check a Predictions file.

        Raises:
            PredictionsError: no such file, not an `.npz`, or refused content (see the class).

        """
        try:
            arrays = read_arrays(path, ["scores", "labels", "ids", "meta"])
        except (FileNotFoundError, ValueError) as error:
            raise PredictionsError(str(error)) from error
        try:
            meta = _read_meta(arrays["meta"])
            return cls(arrays["scores"], arrays["labels"], arrays["ids"], meta)
        except PredictionsError as error:
            raise PredictionsError(f"{path}: {error}") from error


def _top(logits: NDArray[np.float32]) -> NDArray[np.float64]:
    shifted = logits.astype(np.float64) - logits.max(axis=1, keepdims=True)
    return np.asarray(1.0 / np.exp(shifted).sum(axis=1))


def _read_meta(meta: NDArray[np.generic]) -> Meta:
    if meta.dtype.kind != "U" or meta.size != 1:
        raise PredictionsError(
            f"meta must be one JSON text, got shape {meta.shape} of {meta.dtype}"
        )
    try:
        return Meta.model_validate_json(str(meta.reshape(())))
    except ValidationError as error:
        raise PredictionsError(f"meta: {first_problem(error)}") from error


def _checked_scores(scores: NDArray[np.generic], meta: Meta) -> NDArray[np.float32]:
    if scores.ndim != 2 or scores.shape[1] < _MIN_CLASSES:  # noqa: PLR2004  (N, C)
        raise ValueError(f"scores must be (N, C) with C >= 2, got shape {scores.shape}")
    if len(scores) == 0:
        raise ValueError("scores hold no samples")
    if scores.dtype.kind not in "fiu":
        raise ValueError(f"scores must be numbers, got dtype {scores.dtype}")
    with np.errstate(over="ignore"):  # a score beyond float32 is refused below as infinite
        converted = scores.astype(np.float32, copy=False)
    if not np.isfinite(converted).all():
        row = int(np.flatnonzero(~np.isfinite(converted).all(axis=1))[0])
        raise ValueError(f"scores of sample {row} hold NaN or infinity")
    if meta.kind == "probabilities":
        _check_probabilities(converted)
    if meta.class_names is not None and len(meta.class_names) != scores.shape[1]:
        raise ValueError(f"{len(meta.class_names)} class names for {scores.shape[1]} classes")
    return converted


def _check_probabilities(scores: NDArray[np.float32]) -> None:
    lowest, highest = float(scores.min()), float(scores.max())
    if lowest < -_QUANTIZATION_SLACK or highest > 1 + _QUANTIZATION_SLACK:
        raise ValueError(
            f"meta says probabilities, but scores range from {lowest:.4g} to {highest:.4g}; "
            "declare kind = logits if they are"
        )
    sums = scores.sum(axis=1, dtype=np.float64)
    slack = max(0.01, scores.shape[1] * _QUANTIZATION_SLACK)
    worst = int(np.argmax(np.abs(sums - 1)))
    if abs(sums[worst] - 1) > slack:
        raise ValueError(
            f"meta says probabilities, but those of sample {worst} sum to {sums[worst]:.4g}, "
            f"more than {slack:.3g} from 1"
        )
