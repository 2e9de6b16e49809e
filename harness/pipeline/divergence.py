"""Where the runtimes of a model's int8 file begin to differ from the oracle, by operator."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np

from export.tflite_file import Tensor
from harness.comparison import Pair, match
from harness.errors import TinygateError, UserError
from harness.files import write_json
from harness.gate.checks import DEVICE
from harness.pipeline.candidate import Candidate
from harness.pipeline.stages import ORACLE, Stages
from harness.pipeline.store import Unit
from harness.predictions import Predictions
from harness.runtimes.tflite import TFLiteArtifact
from reports.divergence import FirstDifference

_FOUND = "first_difference.json"
_FUSED = "which operator is not known: XNNPACK fuses operators, so their results cannot be seen"


def first_differences(
    stages: Stages, candidate: Candidate, answers: Mapping[str, Predictions]
) -> tuple[FirstDifference, ...]:
    """Return one finding for each runtime of the oracle's file whose scores are not the oracle's.

    A sample is traced, the one that differs most; what was found is kept with the results. Where
    tracing fails, the finding says so.
    """
    oracle = answers.get(ORACLE)
    if oracle is None:
        return ()
    others = {
        name: one
        for name, one in answers.items()
        if name != ORACLE and one.meta.artifact_sha256 == oracle.meta.artifact_sha256
    }
    pairs = {name: match(oracle.of(one.ids), one) for name, one in others.items()}
    return tuple(
        _Search(stages, candidate, name, pair).finding()
        for name, pair in pairs.items()
        if not np.array_equal(pair.of_reference(pair.reference.scores), pair.candidate.scores)
    )


@dataclass(frozen=True, eq=False)
class _Search:
    """One runtime that differs from the oracle."""

    stages: Stages
    candidate: Candidate
    runtime: str
    pair: Pair

    def finding(self) -> FirstDifference:
        """Return what is known, tracing it unless it was."""
        tracers = {"litert-ref": self._on_reference_kernels, DEVICE: self._on_device}
        trace = tracers.get(self.runtime)
        if trace is None:
            return self._unknown(_FUSED)
        try:
            folder = self.stages.store.build(self._unit(), lambda to: self._trace(trace, to))
        except TinygateError as error:
            return self._unknown(f"which operator is not known: {error}")
        content = json.loads((folder / _FOUND).read_text(encoding="utf-8"))
        return FirstDifference(**content)

    def _trace(self, trace: Callable[[TFLiteArtifact, bytes], _Found], folder: Path) -> None:
        artifact = TFLiteArtifact.load(self._path, int8=True)
        split = self.stages.plan.dataset.test
        place = int(np.flatnonzero(split.ids == self._sample)[0])
        given = artifact.input.encode(split.images[place : place + 1]).tobytes()
        found = trace(artifact, given)
        content = dataclasses.replace(
            self._unknown(found.detail),
            operator=found.operator,
            operators=len(artifact.model.operators),
            name=found.name,
        )
        write_json(folder / _FOUND, dataclasses.asdict(content))

    def _on_reference_kernels(self, artifact: TFLiteArtifact, given: bytes) -> _Found:
        from harness.runtimes.litert_trace import reference_outputs
        from harness.runtimes.tflm import operator_outputs

        theirs = iter(reference_outputs(artifact, given))
        ours = iter(operator_outputs(artifact.content, given))
        for index, operator in enumerate(artifact.model.operators):
            count = len(operator.outputs)
            tensors = [artifact.model.tensors[i] for i in operator.outputs]
            pairs = zip(tensors, islice(theirs, count), islice(ours, count), strict=True)
            details = [_difference(*one) for one in pairs if one[1] != one[2]]
            if details:
                return _Found(index, operator.name, "; ".join(details))
        return _NONE

    def _on_device(self, artifact: TFLiteArtifact, given: bytes) -> _Found:
        from devices.client import connect
        from harness.runtimes.device import translated
        from harness.runtimes.device_protocol import TINYGATE
        from harness.trace import first_divergence

        wanted = self.stages.plan.config.evaluate
        if wanted.protocol != TINYGATE:
            raise UserError("its firmware does not trace")
        with translated(), connect(wanted.devices[0]) as device:
            device.load(artifact.content)
            found = first_divergence(device, artifact, given)
        if found is None:
            return _NONE
        return _Found(found.index, found.operator.name, "CRC-32 of its output differs")

    def _unit(self) -> Unit:
        options = self.pair.candidate.meta.runtime
        inputs = {
            "artifact": self.stages.store.digest(self._path),
            "sample": str(self._sample),
            "data": self.stages.plan.dataset.test.digest,
            "runtime": None if options is None else options.model_dump(mode="json"),
        }
        return Unit("trace", f"{self.candidate.name}-{self.runtime}", inputs)

    def _unknown(self, why: str) -> FirstDifference:
        return FirstDifference(self.runtime, ORACLE, str(self._sample), None, 0, "", why)

    @property
    def _path(self) -> Path:
        return self.stages.artifact(self.candidate, ORACLE)

    @property
    def _sample(self) -> np.generic:
        """The id of the sample whose scores differ most."""
        scores = self.pair.of_reference(self.pair.reference.scores)
        apart = np.abs(scores - self.pair.candidate.scores).max(axis=1)
        found: np.generic = self.pair.candidate.ids[int(np.argmax(apart))]
        return found


@dataclass(frozen=True)
class _Found:
    """The first operator that differs; None where none does on this sample."""

    operator: int | None
    name: str
    detail: str


_NONE = _Found(None, "", "traced, every operator agrees on it")


def _difference(tensor: Tensor, theirs: bytes, ours: bytes) -> str:
    one, other = (np.frombuffer(raw, dtype=tensor.dtype).astype(np.int64) for raw in (theirs, ours))
    apart = np.abs(one - other)
    return (
        f"{int(np.count_nonzero(apart)):,} of {apart.size:,} values of its output differ, "
        f"by at most {int(apart.max())}"
    )
