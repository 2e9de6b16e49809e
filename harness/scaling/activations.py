"""Stable rank of what each layer of a trained network is given: how many directions it uses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from torch import Tensor, nn

SAMPLES = 1000
"""Test images the ranks are measured on, or all where there are fewer."""
SAMPLE_SEED = 0
_CHUNK_SAMPLES = 100
_MATRIX_RANK = 2


@dataclass(frozen=True)
class LayerRank:
    """The activations A that one layer is given: rows are images, and positions of feature maps.

    Stable rank, ||A||_F^2 / ||A||_2^2 = sum of squared singular values over the largest (Rudelson
    and Vershynin 2007): at least 1, at most the number of channels.

    Attributes:
        layer: dotted name of the layer in the module.
        channels: columns of A.
        stable_rank: of A as it is. After ReLU the mean activation is its largest direction by far.
        centred: of A less its column means: of how images differ.

    """

    layer: str
    channels: int
    stable_rank: float
    centred: float | None


def sample_indices(count: int) -> NDArray[np.int64]:
    """Return which of `count` test images are measured: at most 1000, seeded, in order."""
    if count <= SAMPLES:
        return np.arange(count)
    chosen = np.random.default_rng(SAMPLE_SEED).choice(count, SAMPLES, replace=False)
    return np.sort(chosen)


def layer_ranks(module: nn.Module, inputs: NDArray[np.float32]) -> tuple[LayerRank, ...]:
    """Return the ranks of the inputs of every convolution and linear layer but the first.

    The last is that of the features the classifier sees. `inputs` are normalised images
    (N, C, H, W) or vectors (N, F); the module is in evaluation mode, on the CPU.
    """
    import torch

    kinds = (torch.nn.Conv1d, torch.nn.Conv2d, torch.nn.Linear)
    layers = {name: one for name, one in module.named_modules() if isinstance(one, kinds)}
    sums: dict[str, _Gram] = {}
    hooks = [one.register_forward_pre_hook(_adder(name, sums)) for name, one in layers.items()]
    try:
        with torch.inference_mode():
            for start in range(0, len(inputs), _CHUNK_SAMPLES):
                module(torch.from_numpy(inputs[start : start + _CHUNK_SAMPLES]))
    finally:
        for hook in hooks:
            hook.remove()
    return tuple(gram.rank(name) for name, gram in list(sums.items())[1:])


def _adder(name: str, sums: dict[str, _Gram]) -> Callable[[Any, tuple[Any, ...]], None]:
    def add(_layer: Any, given: tuple[Any, ...]) -> None:
        rows = _rows(given[0])
        sums.setdefault(name, _Gram(rows.shape[1])).add(rows)

    return add


def _rows(activations: Tensor) -> NDArray[np.float64]:
    """Return (rows, channels): channels are axis 1 of feature maps, else the last axis."""
    values = activations.detach().double()
    if values.dim() > _MATRIX_RANK + 1:
        values = values.movedim(1, -1)
    return np.asarray(values.reshape(-1, values.shape[-1]).numpy())


class _Gram:
    """A^T A and the column sums, summed over chunks: all that the ranks need."""

    def __init__(self, channels: int) -> None:
        self._products = np.zeros((channels, channels))
        self._sums = np.zeros(channels)
        self._rows = 0

    def add(self, rows: NDArray[np.float64]) -> None:
        self._products += rows.T @ rows
        self._sums += rows.sum(axis=0)
        self._rows += len(rows)

    def rank(self, layer: str) -> LayerRank:
        mean = self._sums / self._rows
        centred = self._products - self._rows * np.outer(mean, mean)
        scale = float(np.trace(self._products))
        whole = _stable_rank(self._products, scale)
        return LayerRank(layer, len(mean), whole or 0.0, _stable_rank(centred, scale))


def _stable_rank(gram: NDArray[np.float64], scale: float) -> float | None:
    """Return trace / largest eigenvalue; None where the matrix is 0 but for rounding."""
    largest = float(np.linalg.eigvalsh(gram)[-1])
    return float(np.trace(gram)) / largest if largest > 1e-12 * scale else None
