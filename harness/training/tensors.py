"""Tensor files: safetensors with one JSON record in the metadata. Loading executes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from harness.errors import ArtifactError, InfrastructureError
from harness.files import write_bytes


def write_tensors(path: Path, tensors: Mapping[str, Tensor], key: str, record: str) -> None:
    """Write `tensors` with `record` under `key`, atomically; equal content gives equal bytes.

    There is one metadata key, because the format does not fix the order of several.

    Raises:
        InfrastructureError: the disk is full or cannot be written.

    """
    plain = {
        name: tensor.detach().cpu().clone(memory_format=torch.contiguous_format)
        for name, tensor in tensors.items()
    }
    try:
        write_bytes(path, save(plain, {key: record}))
    except OSError as error:
        raise InfrastructureError(f"{path}: cannot be written ({error.strerror})") from error


def read_tensors(path: Path, key: str) -> tuple[str, dict[str, Tensor]]:
    """Return the record under `key` and the tensors, on the CPU.

    Raises:
        ArtifactError: no such file, not a safetensors file, or without the record.

    """
    if not path.is_file():
        raise ArtifactError(f"{path}: no such file")
    try:
        with safe_open(path, framework="pt", device="cpu") as content:
            record = (content.metadata() or {}).get(key)
            tensors = {name: content.get_tensor(name) for name in content.keys()}  # noqa: SIM118
    except (SafetensorError, OSError) as error:
        raise ArtifactError(
            f"{path}: not a readable safetensors file ({' '.join(str(error).split())[:200]})"
        ) from error
    if record is None:
        raise ArtifactError(f"{path}: no {key!r} in its metadata; tinygate did not write this file")
    return record, tensors


def check_tensors(expected: Mapping[str, Tensor], found: Mapping[str, Tensor]) -> None:
    """Raise ValueError unless `found` has the names, shapes and dtypes of `expected`, all finite.

    The message is one line; it does not name the file.
    """
    missing = sorted(expected.keys() - found.keys())
    unknown = sorted(found.keys() - expected.keys())
    if missing or unknown:
        problem = f"{missing[0]!r} is missing" if missing else f"{unknown[0]!r} is unknown"
        raise ValueError(
            f"tensor {problem}; {len(missing)} are missing, {len(unknown)} unknown of "
            f"{len(expected)}"
        )
    for name, tensor in found.items():
        wanted = expected[name]
        if (tensor.shape, tensor.dtype) != (wanted.shape, wanted.dtype):
            raise ValueError(
                f"tensor {name!r} is {tuple(tensor.shape)} of {tensor.dtype}, the model needs "
                f"{tuple(wanted.shape)} of {wanted.dtype}"
            )
        if not bool(torch.isfinite(tensor).all()):
            raise ValueError(f"tensor {name!r} holds NaN or infinity")
