"""Several networks of one architecture as one: the channels of all side by side.

A convolution of n networks is one convolution in n groups, a batch normalisation one over n times
the channels, a linear layer n matrix products in one call. No number of one network meets one of
another, so each computes what it computes alone, within rounding; n small operations become one.
"""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Callable, Iterator, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from models.errors import ModelError
from models.spec import ModelSpec

_PROBE_SAMPLES = 4
_PROBE_TOLERANCE = 1e-6

_CHANNEL_COUNTS: dict[type[nn.Module], tuple[str, ...]] = {
    nn.Conv2d: ("in_channels", "out_channels", "groups"),
    nn.BatchNorm2d: ("num_features",),
}
_SAME_FOR_EVERY_CHANNEL: frozenset[type[nn.Module]] = frozenset(
    {
        nn.AdaptiveAvgPool2d,
        nn.AdaptiveMaxPool2d,
        nn.AvgPool2d,
        nn.ELU,
        nn.Flatten,
        nn.GELU,
        nn.Hardsigmoid,
        nn.Hardswish,
        nn.Identity,
        nn.LeakyReLU,
        nn.MaxPool2d,
        nn.ReLU,
        nn.ReLU6,
        nn.SiLU,
        nn.Sigmoid,
        nn.Tanh,
        nn.ZeroPad2d,
    }
)


class RandomStreams:
    """A state of torch's generator for each network, so that each draws what it draws alone."""

    def __init__(self, count: int) -> None:
        self._states: list[Tensor | None] = [None] * count

    def keep(self, index: int, device: torch.device) -> None:
        """Let network `index` go on from the present state of the generator of `device`."""
        self._states[index] = _generator_state(device)

    @contextlib.contextmanager
    def of(self, index: int, device: torch.device) -> Iterator[None]:
        """Draw from the stream of network `index`; one never kept starts where torch is."""
        state = self._states[index]
        if state is not None:
            _set_generator_state(state, device)
        yield
        self.keep(index, device)


class StackedModel(nn.Module):
    """The networks of `modules`, trained or not, as one; their weights are copied.

    Images (N, networks * C, H, W), the channels of the first network first, to logits
    (N, networks, classes). Its `state_dict` has the names of one network's; every tensor with
    dimensions holds those of the networks in order along its first one.

    Raises:
        ModelError: a layer that cannot be stacked, or a `forward` that mixes channels.

    """

    def __init__(self, modules: Sequence[nn.Module], spec: ModelSpec) -> None:
        super().__init__()
        _check_nothing_tied(modules[0], spec)
        self.count = len(modules)
        self.streams = RandomStreams(self.count)
        self.network = _stack(modules, self.streams, "")
        _check_apart(self, modules, spec)

    def forward(self, images: Tensor) -> Tensor:
        """Return logits (N, networks, classes) of images (N, networks * C, H, W)."""
        logits: Tensor = self.network(images)
        return logits.reshape(len(logits), self.count, -1)

    def state_of(self, index: int) -> dict[str, Tensor]:
        """Return the `state_dict` of one network; its tensors are views."""
        return {
            name: tensor.chunk(self.count)[index] if tensor.ndim else tensor
            for name, tensor in self.network.state_dict().items()
        }


class _StackedLinear(nn.Module):
    """Linear layers side by side: (N, networks * inputs) to (N, networks * outputs)."""

    def __init__(self, layers: Sequence[nn.Linear]) -> None:
        super().__init__()
        self._count = len(layers)
        self.weight = _joined([layer.weight for layer in layers])
        biases = [layer.bias for layer in layers if layer.bias is not None]
        self.bias = _joined(biases) if biases else None

    def forward(self, inputs: Tensor) -> Tensor:
        apart = inputs.view(len(inputs), self._count, -1).transpose(0, 1)
        weights = self.weight.view(self._count, -1, self.weight.shape[1]).mT
        outputs = torch.bmm(apart, weights).transpose(0, 1).flatten(1)
        return outputs if self.bias is None else outputs + self.bias


class _StackedDropout(nn.Module):
    """Dropout of each network from its own stream, by the very operation it uses alone."""

    def __init__(self, p: float, streams: RandomStreams, count: int) -> None:
        super().__init__()
        self._p, self._streams, self._count = p, streams, count

    def forward(self, inputs: Tensor) -> Tensor:
        if not self.training:
            return inputs
        parts = inputs.chunk(self._count, dim=1)
        return torch.cat([self._one(index, part) for index, part in enumerate(parts)], dim=1)

    def _one(self, index: int, inputs: Tensor) -> Tensor:
        with self._streams.of(index, inputs.device):
            return F.dropout(inputs.contiguous(), self._p)


def _stack(layers: Sequence[nn.Module], streams: RandomStreams, name: str) -> nn.Module:
    """Return one module for the same module of every network, its children stacked."""
    first = layers[0]
    if (widen := _STACKED.get(type(first))) is not None:
        return widen(layers, streams)
    if type(first) in _SAME_FOR_EVERY_CHANNEL:
        return copy.deepcopy(first)
    own = [*first.parameters(recurse=False), *first.buffers(recurse=False)]
    children = dict(first.named_children())
    if own or not children:
        raise ModelError(
            f"layer {name or 'itself'} ({type(first).__name__}) cannot be trained together with "
            "that of other seeds; use [train] together = 1"
        )
    stacked = copy.copy(first)
    stacked._modules = {
        key: _stack(
            [layer.get_submodule(key) for layer in layers], streams, f"{name}.{key}".lstrip(".")
        )
        for key in children
    }
    return stacked


def _widened(layers: Sequence[nn.Module], _: RandomStreams) -> nn.Module:
    """Return the layer with the channels of all, its parameters and statistics joined."""
    wide = copy.deepcopy(layers[0])
    for name in _CHANNEL_COUNTS[type(wide)]:
        setattr(wide, name, getattr(wide, name) * len(layers))
    for name, _parameter in layers[0].named_parameters(recurse=False):
        setattr(wide, name, _joined([getattr(layer, name) for layer in layers]))
    for name, buffer in layers[0].named_buffers(recurse=False):
        if buffer.ndim:
            setattr(wide, name, torch.cat([getattr(layer, name) for layer in layers]))
    return wide


def _stacked_linear(layers: Sequence[nn.Module], _: RandomStreams) -> nn.Module:
    return _StackedLinear([layer for layer in layers if isinstance(layer, nn.Linear)])


def _stacked_dropout(layers: Sequence[nn.Module], streams: RandomStreams) -> nn.Module:
    return _StackedDropout(float(getattr(layers[0], "p")), streams, len(layers))  # noqa: B009


def _joined(parameters: Sequence[Tensor]) -> nn.Parameter:
    joined = torch.cat([parameter.detach() for parameter in parameters])
    return nn.Parameter(joined, requires_grad=parameters[0].requires_grad)


_STACKED: dict[type[nn.Module], Callable[[Sequence[nn.Module], RandomStreams], nn.Module]] = {
    nn.Conv2d: _widened,
    nn.BatchNorm2d: _widened,
    nn.Linear: _stacked_linear,
    nn.Dropout: _stacked_dropout,
}


def _check_nothing_tied(module: nn.Module, spec: ModelSpec) -> None:
    """Raise ModelError where two layers share a weight: stacking would part them."""
    if len(list(module.named_parameters(remove_duplicate=False))) > len(list(module.parameters())):
        raise ModelError(
            f"{spec.family}: two of its layers share a weight, so seeds cannot be trained "
            "together; use [train] together = 1"
        )


def _check_apart(stacked: StackedModel, modules: Sequence[nn.Module], spec: ModelSpec) -> None:
    """Raise ModelError unless the stacked network answers as each of `modules` does, in training.

    What a `forward` does between the layers is any code; a sum over channels, say, or a dropout
    that is no layer would join the networks. In double precision, since a batch norm over few
    values magnifies rounding.
    """
    device = next(stacked.parameters()).device
    with torch.random.fork_rng([device] if device.type == "cuda" else []), torch.no_grad():
        torch.manual_seed(0)
        shape = (len(modules), _PROBE_SAMPLES, spec.in_channels, *spec.image_size)
        images = torch.randn(shape, dtype=torch.float64).to(device)
        answers = [_answer(one, stacked, i, images[i]) for i, one in enumerate(modules)]
        probe = copy.deepcopy(stacked).double().train()
        try:
            together = probe(torch.cat(list(images), dim=1)).unbind(1)
        except (RuntimeError, ValueError, TypeError) as error:
            raise _mixing(spec) from error
    for alone, found in zip(answers, together, strict=True):
        limit = _PROBE_TOLERANCE * max(1.0, float(alone.abs().max()))
        if alone.shape != found.shape or float((alone - found).abs().max()) > limit:
            raise _mixing(spec)


def _answer(module: nn.Module, stacked: StackedModel, index: int, images: Tensor) -> Tensor:
    torch.manual_seed(index)
    stacked.streams.keep(index, images.device)
    logits: Tensor = copy.deepcopy(module).double().train()(images)
    return logits


def _mixing(spec: ModelSpec) -> ModelError:
    return ModelError(
        f"{spec.family}: its forward does more than pass each channel through layers, so seeds "
        "cannot be trained together; use [train] together = 1"
    )


def _generator_state(device: torch.device) -> Tensor:
    return torch.cuda.get_rng_state(device) if device.type == "cuda" else torch.get_rng_state()


def _set_generator_state(state: Tensor, device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.set_rng_state(state, device)
    else:
        torch.set_rng_state(state)
