"""A checkpoint: the trained weights, and in the same file all that is needed to use them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import torch
from pydantic import Field, JsonValue, ValidationError
from torch import nn

from export.preprocessing import Preprocessing
from harness.errors import ArtifactError
from harness.problems import first_problem
from harness.table import Table
from harness.training.tensors import check_tensors, read_tensors, write_tensors
from models import FAMILIES, ModelError, ModelSpec, build

_KEY = "tinygate.checkpoint"


class _PreprocessingRecord(Table):
    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()


class _Record(Table):
    """The JSON in the metadata."""

    format: Literal[1] = 1
    family: str
    width: float
    in_channels: int
    image_size: tuple[int, int]
    classes: int
    seed: int
    preprocessing: _PreprocessingRecord
    class_names: tuple[str, ...]
    extra: dict[str, JsonValue] = Field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class LoadedModel:
    """A model out of a checkpoint.

    Attributes:
        module: on the CPU, in evaluation mode; normalised images (N, C, H, W) to logits.
        spec: which network it is.
        seed: that it was trained with.
        preprocessing: from raw images to those the module takes.
        class_names: one per logit.
        extra: what else the writer recorded, such as the training config and the data digest.

    """

    module: nn.Module
    spec: ModelSpec
    seed: int
    preprocessing: Preprocessing
    class_names: tuple[str, ...]
    extra: Mapping[str, JsonValue]


def save_model(  # noqa: PLR0913, PLR0917  (the parts of the file)
    path: Path,
    module: nn.Module,
    spec: ModelSpec,
    seed: int,
    preprocessing: Preprocessing,
    class_names: Sequence[str],
    extra: Mapping[str, JsonValue] | None = None,
) -> None:
    """Write a checkpoint, atomically; equal content gives equal bytes.

    Raises:
        InfrastructureError: the disk is full or cannot be written.

    """
    record = _Record(
        family=spec.family,
        width=spec.width,
        in_channels=spec.in_channels,
        image_size=spec.image_size,
        classes=spec.classes,
        seed=seed,
        preprocessing=_PreprocessingRecord(mean=preprocessing.mean, std=preprocessing.std),
        class_names=tuple(class_names),
        extra=dict(extra or {}),
    )
    write_tensors(path, module.state_dict(), _KEY, record.model_dump_json())


def load_model(path: Path, *, allow_custom: bool = False) -> LoadedModel:
    """Return the model of a checkpoint.

    A checkpoint names its family. One that names a class outside `models.FAMILIES` would have that
    class imported, which executes its module: this happens only with `allow_custom`, for files the
    caller wrote itself.

    Raises:
        ArtifactError: no such file, not a checkpoint, metadata that makes no sense, a class of the
            user's own without `allow_custom`, missing or misshapen tensors, NaN. One line.

    """
    text, tensors = read_tensors(path, _KEY)
    try:
        record = _Record.model_validate_json(text)
        spec, preprocessing = _spec(record), _preprocessing(record)
        module = _empty(spec, allow_custom=allow_custom)
        check_tensors(module.state_dict(), tensors)
    except ValidationError as error:
        raise ArtifactError(f"{path}: metadata: {first_problem(error)}") from error
    except ValueError as error:
        raise ArtifactError(f"{path}: {error}") from error
    if spec.family in FAMILIES:
        module.to_empty(device="cpu")
    module.load_state_dict(tensors)
    return LoadedModel(
        module.eval(), spec, record.seed, preprocessing, record.class_names, record.extra
    )


def _spec(record: _Record) -> ModelSpec:
    if len(record.class_names) != record.classes:
        raise ValueError(f"{len(record.class_names)} class names for {record.classes} classes")
    return ModelSpec(
        family=record.family,
        width=record.width,
        in_channels=record.in_channels,
        image_size=record.image_size,
        classes=record.classes,
    )


def _preprocessing(record: _Record) -> Preprocessing:
    preprocessing = Preprocessing(record.preprocessing.mean, record.preprocessing.std)
    if len(preprocessing.mean) not in (0, record.in_channels):
        raise ValueError(
            f"preprocessing has {len(preprocessing.mean)} channels, the model {record.in_channels}"
        )
    return preprocessing


def _empty(spec: ModelSpec, *, allow_custom: bool) -> nn.Module:
    """Return the network of `spec` with weights yet to be loaded.

    One of ours is laid out without memory: a hostile width costs nothing until the shapes of the
    file's own tensors agree with it.
    """
    if spec.family in FAMILIES:
        with torch.device("meta"):
            return build(spec)
    if not allow_custom:
        raise ModelError(
            f"names the family {spec.family!r}, which is not one of {', '.join(FAMILIES)}; a class "
            "of your own is imported only by the pipeline that trained it"
        )
    with torch.random.fork_rng([]):
        return build(spec)
