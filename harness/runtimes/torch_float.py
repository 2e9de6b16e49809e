"""The runtime `torch`: the trained float model, the reference of every comparison."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from export.errors import in_one_line
from harness.errors import ArtifactError, InfrastructureError, MissingExtraError
from harness.files import sha256_of_file
from harness.predictions import RuntimeRecord, ScoreKind
from harness.runtimes.base import BaseSession
from harness.runtimes.model_input import ModelInput
from models import FAMILIES

if TYPE_CHECKING:
    from torch import nn
    from torch.fx import Node

    from harness.training.checkpoint import LoadedModel

_CHUNK_SAMPLES = 256
_SOFTMAX = frozenset({"aten.softmax", "aten._softmax"})
_REPACKING = frozenset(
    {"aten.view", "aten.reshape", "aten.squeeze", "aten.flatten", "aten.contiguous"}
)


class TorchRuntime:
    """Loads checkpoints, `.safetensors`, on the CPU.

    `allow_custom` lets a checkpoint name a user's own class, whose module is then imported.
    """

    suffix = ".safetensors"

    def __init__(self, *, allow_custom: bool = False) -> None:
        self._allow_custom = allow_custom

    @property
    def version(self) -> str:
        """The version of torch; MissingExtraError where it is not installed."""
        try:
            return f"torch {metadata.version('torch')}"
        except metadata.PackageNotFoundError as error:
            raise MissingExtraError("torch", "train") from error

    def load(self, artifact: Path) -> TorchSession:
        """Return a session; errors as `Runtime.load`."""
        version = self.version
        from harness.training.checkpoint import load_model

        loaded = load_model(artifact, allow_custom=self._allow_custom)
        return TorchSession(loaded, sha256_of_file(artifact), version)


class TorchSession(BaseSession):
    """One checkpoint's module on the CPU, in evaluation mode."""

    def __init__(self, loaded: LoadedModel, sha256: str, version: str) -> None:
        import torch

        spec = loaded.spec
        self._module: nn.Module | None = loaded.module.eval()
        self._input = ModelInput(
            (*spec.image_size, spec.in_channels), preprocessing=loaded.preprocessing
        )
        record = RuntimeRecord(
            name="torch",
            version=version,
            options={"device": "cpu", "threads": torch.get_num_threads()},
        )
        super().__init__(record, sha256, _kind_of(loaded))

    def predict(self, images: NDArray[np.generic]) -> NDArray[np.float32]:
        """Return the scores (N, C); see `Session.predict`."""
        if self._module is None:
            raise InfrastructureError("the torch session is closed")
        inputs = self._input.encode(images).transpose(0, 3, 1, 2)
        starts = range(0, len(inputs), _CHUNK_SAMPLES)
        return np.concatenate([self._run(inputs[at : at + _CHUNK_SAMPLES]) for at in starts])

    def close(self) -> None:
        """Drop the module."""
        self._module = None

    def _run(self, inputs: NDArray[np.generic]) -> NDArray[np.float32]:
        import torch

        assert self._module is not None  # noqa: S101  (checked by predict)
        with torch.inference_mode():
            scores = self._module(torch.from_numpy(np.ascontiguousarray(inputs)))
        return np.asarray(scores.numpy(), dtype=np.float32)


def _kind_of(loaded: LoadedModel) -> ScoreKind:
    """Return `logits` for our own families, which all end so; trace a user's, which takes long."""
    if loaded.spec.family in FAMILIES:
        return "logits"
    return score_kind(loaded.module, (loaded.spec.in_channels, *loaded.spec.image_size))


def score_kind(module: nn.Module, input_shape: tuple[int, ...]) -> ScoreKind:
    """Return `probabilities` where a softmax makes the output of the module, else `logits`.

    Read off the exported graph, so that a softmax within `forward` counts as well.

    Args:
        module: in evaluation mode.
        input_shape: (C, H, W), without the batch.

    Raises:
        ArtifactError: torch cannot trace the module.

    """
    import torch

    try:
        program = torch.export.export(module, (torch.zeros(2, *input_shape),))
    except Exception as error:
        raise ArtifactError(f"torch cannot trace the model: {in_one_line(error)}") from error
    node = next(node for node in program.graph.nodes if node.op == "output")
    while node.all_input_nodes and (node.op == "output" or _operator(node) in _REPACKING):
        node = node.all_input_nodes[0]
    return "probabilities" if _operator(node) in _SOFTMAX else "logits"


def _operator(node: Node) -> str:
    """Return the operator without its overload, such as `aten.softmax`."""
    return ".".join(str(node.target).split(".")[:2])
