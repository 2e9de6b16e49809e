"""The size of a network: its parameters, and its multiply-accumulates for one image."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.conv import _ConvNd, _ConvTransposeNd

from models.spec import ModelSpec


def count_parameters(module: nn.Module) -> int:
    """Return the number of trainable scalars; batch-norm statistics are not among them."""
    return sum(parameter.numel() for parameter in module.parameters() if parameter.requires_grad)


def count_macs(module: nn.Module, spec: ModelSpec) -> int:
    """Return the multiply-accumulates of one image; one multiplication with its addition is one.

    Convolutions and linear layers count, as layers (`nn.Conv*`, `nn.Linear`); additions of biases,
    normalisation, activations and pooling do not. The module's mode and weights stay as they are.
    """
    counts: list[int] = []
    handles = [
        layer.register_forward_hook(_counter(counts))
        for layer in module.modules()
        if isinstance(layer, _ConvNd | nn.Linear)
    ]
    was_training = {layer: layer.training for layer in module.modules()}
    try:
        _run_one_image(module, spec)
    finally:
        for handle in handles:
            handle.remove()
        for layer, mode in was_training.items():
            layer.training = mode
    return sum(counts)


def _run_one_image(module: nn.Module, spec: ModelSpec) -> None:
    device = next((tensor.device for tensor in module.parameters()), torch.device("cpu"))
    module.eval()
    with torch.no_grad():
        module(torch.zeros(1, spec.in_channels, *spec.image_size, device=device))


def _counter(counts: list[int]) -> Callable[[nn.Module, tuple[Any, ...], Tensor], None]:
    def count(layer: nn.Module, inputs: tuple[Any, ...], output: Tensor) -> None:
        counts.append(_layer_macs(layer, inputs[0], output))

    return count


def _layer_macs(layer: nn.Module, inputs: Tensor, output: Tensor) -> int:
    if isinstance(layer, nn.Linear):
        return output.numel() * layer.in_features
    assert isinstance(layer, _ConvNd)  # noqa: S101  (narrows the type; hooks sit on these only)
    kernel = math.prod(layer.kernel_size)
    if isinstance(layer, _ConvTransposeNd):
        return inputs.numel() * kernel * layer.out_channels // layer.groups
    return output.numel() * kernel * layer.in_channels // layer.groups
