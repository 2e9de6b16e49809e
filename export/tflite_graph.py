"""The checks that make a list of operators a graph an interpreter can run."""

from __future__ import annotations

from collections.abc import Sequence

from export.errors import InvalidModelFileError
from export.tflite_model import Operator, Tensor

_ABSENT = -1


def check_graph(
    tensors: Sequence[Tensor],
    operators: Sequence[Operator],
    inputs: Sequence[int],
    outputs: Sequence[int],
) -> None:
    """Check that there is one input and one output and that every tensor is written before use.

    Raises:
        InvalidModelFileError: otherwise, or an index is out of range, a tensor is written twice, a
            constant is written, or nothing computes the output.

    """
    for what, indices in (("input", inputs), ("output", outputs)):
        if len(indices) != 1:
            raise InvalidModelFileError(f"has {len(indices)} {what}s; one is supported")
        _check_indices(what, indices, len(tensors))
    if tensors[inputs[0]].is_constant:
        raise InvalidModelFileError("its input is a constant")
    ready = {tensor.index for tensor in tensors if tensor.is_constant or tensor.is_variable}
    ready.update(tensor.index for tensor in tensors if tensor.elements == 0)
    ready.add(inputs[0])
    written = set(inputs)
    for operator in operators:
        _check_operator(operator, tensors, ready, written)
    if outputs[0] not in written - set(inputs):
        raise InvalidModelFileError("no operator computes its output")


def _check_operator(
    operator: Operator, tensors: Sequence[Tensor], ready: set[int], written: set[int]
) -> None:
    present = [index for index in operator.inputs if index != _ABSENT]
    _check_indices(operator.label, [*present, *operator.outputs], len(tensors))
    if not present or operator.inputs[0] == _ABSENT or not operator.outputs:
        raise InvalidModelFileError(f"{operator.label} has no input or no output")
    if _has_weights(operator) and (len(operator.inputs) < 2 or operator.inputs[1] == _ABSENT):  # noqa: PLR2004  data and weights
        raise InvalidModelFileError(f"{operator.label} has no weights")
    early = [index for index in present if index not in ready]
    if early:
        raise InvalidModelFileError(
            f"{operator.label} reads tensor {early[0]} before it is written"
        )
    for index in operator.outputs:
        if index in written or tensors[index].is_constant:
            raise InvalidModelFileError(f"{operator.label} overwrites tensor {index}")
        written.add(index)
        ready.add(index)


def _has_weights(operator: Operator) -> bool:
    return operator.name in {"CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED"}


def _check_indices(what: str, indices: Sequence[int], count: int) -> None:
    for index in indices:
        if not 0 <= index < count:
            raise InvalidModelFileError(f"{what} names tensor {index} of {count}")
