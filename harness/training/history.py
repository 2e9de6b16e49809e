"""The history of a training: one record per epoch, as `history.json` holds them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pydantic import Field, ValidationError

from harness.errors import ArtifactError
from harness.files import write_json
from harness.problems import first_problem
from harness.table import Table


class EpochRecord(Table):
    """What one epoch measured, on the augmented training images, while the weights changed."""

    epoch: int = Field(ge=1)
    """Counts from 1."""
    learning_rate: float = Field(ge=0)
    """Of every step of this epoch."""
    loss: float
    """Mean cross-entropy over the images, in nats."""
    accuracy: float = Field(ge=0, le=1)
    """Share of the images that were classified correctly."""


class _History(Table):
    epochs: tuple[EpochRecord, ...]


def write_history(path: Path, history: Sequence[EpochRecord]) -> None:
    """Write `history.json`, atomically."""
    write_json(path, _History(epochs=tuple(history)).model_dump(mode="json"))


def read_history(path: Path) -> tuple[EpochRecord, ...]:
    """Return the records of a `history.json`, in order.

    Raises:
        ArtifactError: no such file, or not a history.

    """
    try:
        return _History.model_validate_json(path.read_bytes()).epochs
    except OSError as error:
        raise ArtifactError(f"{path}: cannot be read ({error.strerror})") from error
    except ValidationError as error:
        raise ArtifactError(f"{path}: not a training history: {first_problem(error)}") from error
