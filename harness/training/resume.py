"""The resume file: the state between two epochs, from which a killed training goes on."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import torch
from pydantic import Field, ValidationError
from torch import Tensor, nn

from harness.errors import ArtifactError
from harness.problems import first_problem
from harness.table import Table
from harness.training.history import EpochRecord
from harness.training.tensors import check_tensors, read_tensors, write_tensors

_KEY = "tinygate.resume"
_MODEL = "model."
_MOMENTUM = "momentum."


class _Record(Table):
    format: Literal[1] = 1
    identity: str = Field(pattern=r"^[0-9a-f]{64}$")
    history: tuple[EpochRecord, ...]


def save_resume(
    path: Path,
    identity: str,
    module: nn.Module,
    optimizer: torch.optim.SGD,
    history: Sequence[EpochRecord],
) -> None:
    """Write the state after the last epoch of `history`, atomically.

    Weights, batch-norm statistics and momentum are all there is: the learning rate follows from the
    epoch, and so do the random numbers.

    Raises:
        InfrastructureError: the disk is full or cannot be written.

    """
    record = _Record(identity=identity, history=tuple(history))
    tensors = _model_tensors(module) | _momentum_tensors(module, optimizer)
    write_tensors(path, tensors, _KEY, record.model_dump_json())


def load_resume(
    path: Path, identity: str, module: nn.Module, optimizer: torch.optim.SGD
) -> list[EpochRecord]:
    """Bring `module` and `optimizer` to the state in `path`; return the history up to it.

    Raises:
        ArtifactError: damaged, or written by a training with another config, data or seed.

    """
    try:
        text, tensors = read_tensors(path, _KEY)
        record = _Record.model_validate_json(text)
        if record.identity != identity:
            raise ArtifactError(f"{path}: belongs to another config, data set or seed")
        _check_momentum(module, tensors)
    except ValidationError as error:
        raise ArtifactError(_start_anew(f"{path}: {first_problem(error)}")) from error
    except ValueError as error:
        raise ArtifactError(_start_anew(f"{path}: {error}")) from error
    except ArtifactError as error:
        raise ArtifactError(_start_anew(str(error))) from error
    _restore(module, optimizer, tensors)
    return list(record.history)


def _start_anew(problem: str) -> str:
    return f"{problem}; delete it to start this training anew"


def _model_tensors(module: nn.Module) -> dict[str, Tensor]:
    return {_MODEL + name: tensor for name, tensor in module.state_dict().items()}


def _momentum_tensors(module: nn.Module, optimizer: torch.optim.SGD) -> dict[str, Tensor]:
    buffers = {
        _MOMENTUM + name: optimizer.state[parameter].get("momentum_buffer")
        for name, parameter in module.named_parameters()
    }
    return {name: buffer for name, buffer in buffers.items() if buffer is not None}


def _check_momentum(module: nn.Module, tensors: dict[str, Tensor]) -> None:
    expected = _model_tensors(module)
    for name, parameter in module.named_parameters():
        if _MOMENTUM + name in tensors:  # absent where momentum is 0 or a parameter is unused
            expected[_MOMENTUM + name] = parameter
    check_tensors(expected, tensors)


def _restore(module: nn.Module, optimizer: torch.optim.SGD, tensors: dict[str, Tensor]) -> None:
    module.load_state_dict({name: tensors[_MODEL + name] for name in module.state_dict()})
    for name, parameter in module.named_parameters():
        if _MOMENTUM + name in tensors:
            # The memory layout is part of the state: another one can round differently.
            buffer = torch.empty_like(parameter, requires_grad=False)
            optimizer.state[parameter]["momentum_buffer"] = buffer.copy_(tensors[_MOMENTUM + name])
