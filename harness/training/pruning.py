"""A narrow network cut out of a trained wider one: its most important channels.

Structured pruning at matched size: what is left is the ordinary network of the narrow width, layer
by layer, so that it is compared with one trained at that width from the start. Which layers must
lose the same channels (residual sums, depthwise convolutions, normalisation) is found in the traced
graph by torch-pruning: Fang et al., DepGraph: Towards Any Structural Pruning, 2023.
"""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import torch
from pydantic import JsonValue
from torch import Tensor, nn

from harness.errors import MissingExtraError
from harness.record import package_version
from harness.training.checkpoint import load_model
from harness.training.task import Start
from models import ModelError, ModelSpec, build

IMPORTANCE = "group L2 norm"
_CUT = (nn.Conv2d, nn.Linear)
_TOLERANCE = 1e-4


def pruned_start(checkpoint: Path, sha256: str, spec: ModelSpec) -> Start:
    """Return the weights that the fine-tuning of a pruned network starts from.

    Args:
        checkpoint: of the trained parent; one that this pipeline wrote.
        sha256: of that file.
        spec: of the narrow network.

    Raises:
        ModelError: the narrow network is no part of the wide one.
        MissingExtraError: torch-pruning is not installed.
        ArtifactError: the checkpoint is none.

    """
    parent = load_model(checkpoint, allow_custom=True)
    cut = prune(parent.module, parent.spec, spec)
    origin: dict[str, JsonValue] = {
        "checkpoint": sha256,
        "pruned_from": parent.spec.width,
        "importance": IMPORTANCE,
        "torch-pruning": package_version("torch-pruning"),
    }
    return Start(cut.state_dict(), origin)


def prune(wide: nn.Module, wide_spec: ModelSpec, spec: ModelSpec) -> nn.Module:
    """Return the network of `spec` with the weights of the most important channels of `wide`.

    The channels that must go together are ranked by the L2 norm of all their weights, each set of
    them in `wide` as it is. `wide` stays as it is; the same arguments give the same weights.

    Raises:
        ModelError: the two networks are not one at two widths, layer by layer, or have a layer that
            cannot be cut.
        MissingExtraError: torch-pruning is not installed.

    """
    with torch.random.fork_rng([]):
        narrow = build(spec).eval()
        image = torch.randn(2, spec.in_channels, *spec.image_size)
    wide = copy.deepcopy(wide).eval()
    words = f"{spec.family}: width {spec.width:g} cannot be cut out of width {wide_spec.width:g}"
    if wide.state_dict().keys() != narrow.state_dict().keys():
        raise ModelError(f"{words}: they have other layers; train it from the start")
    try:
        _cut(wide, narrow, image)
    except (MissingExtraError, ModelError):
        raise
    except Exception as error:  # torch-pruning raises whatever a layer it does not know leads to
        reason = " ".join(f"{type(error).__name__}: {error}".split())[:200]
        raise ModelError(f"{words}: {reason}; train it from the start") from error
    _check_shapes(wide, narrow, words)
    narrow.load_state_dict(wide.state_dict())
    _check_same(wide, narrow, image, words)
    return narrow


def _cut(wide: nn.Module, narrow: nn.Module, image: Tensor) -> None:
    """Remove the channels of `wide` that `narrow` has no place for; the least important ones."""
    pruning = _torch_pruning()
    graph = pruning.DependencyGraph().build_dependency(wide, example_inputs=image)
    names = {module: name for name, module in wide.named_modules()}
    importance = pruning.importance.GroupMagnitudeImportance(p=2)
    cuts = []
    for group in graph.get_all_groups(root_module_types=_CUT):
        layer, remove = group[0].dep.target.module, group[0].dep.handler
        wanted = len(narrow.get_parameter(f"{names[layer]}.weight"))
        scores = importance(group)
        if len(layer.weight) > wanted:
            cuts.append((layer, remove, _least(scores, len(layer.weight), wanted)))
    for layer, remove, channels in cuts:
        graph.get_pruning_group(layer, remove, channels).prune()


def _least(scores: Tensor | None, channels: int, kept: int) -> list[int]:
    """Return the channels to remove; of equally important ones the later."""
    if scores is None or len(scores) != channels:
        raise ModelError("a grouped convolution, whose channels cannot be told apart")
    order = torch.argsort(scores, descending=True, stable=True)
    return sorted(order[kept:].tolist())


def _check_shapes(cut: nn.Module, narrow: nn.Module, words: str) -> None:
    found = cut.state_dict()
    for name, tensor in narrow.state_dict().items():
        if found[name].shape != tensor.shape:
            raise ModelError(
                f"{words}: {name} would be {tuple(found[name].shape)} instead of "
                f"{tuple(tensor.shape)}; train it from the start"
            )


def _check_same(cut: nn.Module, narrow: nn.Module, image: Tensor, words: str) -> None:
    """Raise ModelError where equal weights compute other things, as with a residual connection."""
    with torch.inference_mode():
        expected, found = cut(image), narrow(image)
    if float((expected - found).abs().max()) > _TOLERANCE * max(1.0, float(expected.abs().max())):
        raise ModelError(
            f"{words}: its layers are connected in another way at this width; train it from the "
            "start"
        )


def _torch_pruning() -> Any:
    try:
        import torch_pruning
    except ImportError as error:
        raise MissingExtraError("torch-pruning", "train") from error
    return torch_pruning
