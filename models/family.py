"""A family's class: imported by `module:Class`, constructed, and checked to be a classifier."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import torch
from torch import Tensor, nn

from models.errors import ModelError
from models.spec import ModelSpec

_PROBE_SAMPLES = 2


def construct(target: str, spec: ModelSpec) -> nn.Module:
    """Return the network of `spec` from the class that `target` (`module:Class`) names.

    Raises:
        ModelError: see `models.build`.

    """
    cls = _import_class(target)
    try:
        module: nn.Module = cls(
            width=spec.width,
            in_channels=spec.in_channels,
            image_size=spec.image_size,
            classes=spec.classes,
        )
        output = _probe(module, spec)
    except ModelError:
        raise
    except Exception as error:
        raise ModelError(
            f"{target} cannot be built with width={spec.width:g}, in_channels={spec.in_channels}, "
            f"image_size={spec.image_size}, classes={spec.classes}: {_in_one_line(error)}"
        ) from error
    _check_output(target, output, spec)
    return module


def _import_class(target: str) -> type[nn.Module]:
    module_name, _, class_name = target.partition(":")
    try:
        module = import_module(module_name)
    except Exception as error:
        raise ModelError(
            f"{target}: importing {module_name!r} failed: {_in_one_line(error)}; "
            "is its folder on PYTHONPATH?"
        ) from error
    cls = getattr(module, class_name, None)
    if not (isinstance(cls, type) and issubclass(cls, nn.Module)):
        found = "nothing of that name" if cls is None else f"a {type(cls).__name__}"
        raise ModelError(f"{target} must be a torch.nn.Module class, found {found}")
    return cls


def _probe(module: nn.Module, spec: ModelSpec) -> Any:
    device = next((tensor.device for tensor in module.parameters()), torch.device("cpu"))
    images = torch.zeros(_PROBE_SAMPLES, spec.in_channels, *spec.image_size, device=device)
    module.eval()
    with torch.no_grad():
        output = module(images)
    module.train()
    return output


def _check_output(target: str, output: Any, spec: ModelSpec) -> None:
    if not isinstance(output, Tensor):
        raise ModelError(f"{target} must return a tensor of logits, got {type(output).__name__}")
    if tuple(output.shape) != (_PROBE_SAMPLES, spec.classes):
        raise ModelError(
            f"{target} must return (N, classes) = ({_PROBE_SAMPLES}, {spec.classes}) logits, got "
            f"shape {tuple(output.shape)}"
        )


def _in_one_line(error: Exception) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())
