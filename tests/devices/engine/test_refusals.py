"""What cannot run is refused before anything runs, with a code and a line that says why."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest

from . import native
from .graph import Graph, Quantization, affine

Q = affine(0.05, 0)


@pytest.fixture(scope="module")
def runner() -> Iterator[native.Runner]:
    """The sanitized build."""
    opened = native.Runner(native.build("runner-sanitized"))
    yield opened
    opened.close()


def _unary(name: str, source: Quantization = Q, target: Quantization = Q) -> bytes:
    graph = Graph()
    x, y = graph.tensor([1, 4], quantization=source), graph.tensor([1, 4], quantization=target)
    graph.add(name, [x], [y])
    return graph.build([x], [y])


def _second_is_missing() -> bytes:
    graph = Graph()
    x, z, y = (graph.tensor([1, 4], quantization=Q) for _ in range(3))
    graph.add("RELU", [x], [z])
    graph.add("BATCH_MATMUL", [z, z], [y])
    return graph.build([x], [y])


def _conv(stride: int = 1, dilation: int = 1, size: int = 4, bias: bool = False) -> bytes:
    graph = Graph()
    x = graph.tensor([1, 4, 4, 1], quantization=Q)
    w = graph.constant(np.ones((1, 3, 3, 1)), "int8", affine(0.01))
    extra = [graph.constant([1, 2], "int32", affine(0.0005))] if bias else []
    y = graph.tensor([1, size, size, 1], quantization=Q)
    graph.add("CONV_2D", [x, w, *extra], [y], padding=0, strideH=stride, strideW=stride,
              dilationHFactor=dilation, dilationWFactor=dilation)  # fmt: skip
    return graph.build([x], [y])


def _depthwise(multiplier: int) -> bytes:
    graph = Graph()
    x = graph.tensor([1, 4, 4, 2], quantization=Q)
    w = graph.constant(np.ones((1, 3, 3, 4)), "int8", affine(0.01))
    y = graph.tensor([1, 4, 4, 4], quantization=Q)
    graph.add("DEPTHWISE_CONV_2D", [x, w], [y], padding=0, strideH=1, strideW=1,
              depthMultiplier=multiplier)  # fmt: skip
    return graph.build([x], [y])


def _pad(amounts: list[list[int]], size: int) -> bytes:
    graph = Graph()
    x, y = graph.tensor([4], quantization=Q), graph.tensor([size], quantization=Q)
    graph.add("PAD", [x, graph.constant(amounts, "int32")], [y])
    return graph.build([x], [y])


def _mean(axis: int) -> bytes:
    graph = Graph()
    x, y = graph.tensor([4, 3], quantization=Q), graph.tensor([4], quantization=Q)
    graph.add("MEAN", [x, graph.constant([axis], "int32")], [y])
    return graph.build([x], [y])


def _order() -> bytes:
    graph = Graph()
    x, z, y = (graph.tensor([1, 4], quantization=Q) for _ in range(3))
    graph.add("RELU", [z], [y])
    graph.add("RELU", [x], [z])
    return graph.build([x], [y])


def _two_inputs() -> bytes:
    graph = Graph()
    x, z, y = (graph.tensor([1, 4], quantization=Q) for _ in range(3))
    graph.add("ADD", [x, z], [y])
    return graph.build([x, z], [y])


def _outside() -> bytes:
    graph = Graph()
    x, y = (graph.tensor([1, 4], quantization=Q) for _ in range(2))
    w = graph.constant(np.ones((4, 4)), "int8", affine(0.01))
    graph.model.buffers[1].data, graph.model.buffers[1].offset = None, 4096
    graph.add("FULLY_CONNECTED", [x, w], [y])
    return graph.build([x], [y])


def _type() -> bytes:
    graph = Graph()
    x, y = graph.tensor([1, 4], "uint8", Q), graph.tensor([1, 4], "uint8", Q)
    graph.add("RELU", [x], [y])
    return graph.build([x], [y])


REFUSALS: list[tuple[Callable[[], bytes], int, str]] = [
    (lambda: b"", native.MALFORMED, "not a .tflite file: bytes 4..7 are not TFL3"),
    (lambda: b"\0" * 64, native.MALFORMED, "not a .tflite file: bytes 4..7 are not TFL3"),
    (lambda: _unary("RELU")[:200], native.MALFORMED, "an offset leaves the file"),
    (_second_is_missing, native.UNSUPPORTED,
     "operator 1 BATCH_MATMUL: this operator is not in the engine"),
    (_outside, native.REFUSED,
     "operator 0 FULLY_CONNECTED: tensor 2 has its data behind the flatbuffer, unread by TFLM"),
    (_type, native.UNSUPPORTED, "operator 0 RELU: tensor 0 has type 3, not int8"),
    (_two_inputs, native.UNSUPPORTED, "the model has 2 inputs, not 1"),
    (_order, native.MALFORMED, "operator 0 RELU: reads tensor 1 before it is written"),
    (lambda: _conv(stride=0), native.REFUSED,
     "operator 0 CONV_2D: stride 0 or dilation 1 is out of range"),
    (lambda: _conv(dilation=0), native.REFUSED,
     "operator 0 CONV_2D: stride 1 or dilation 0 is out of range"),
    (lambda: _conv(size=5), native.MALFORMED,
     "operator 0 CONV_2D: the output has 5 cells on an axis that gives 4"),
    (lambda: _conv(bias=True), native.REFUSED, "operator 0 CONV_2D: the bias is not int32[1]"),
    (lambda: _depthwise(0), native.REFUSED,
     "operator 0 DEPTHWISE_CONV_2D: depth multiplier 0 does not give 4 channels"),
    (lambda: _pad([[-1, 1]], 4), native.REFUSED,
     "operator 0 PAD: paddings -1 and 1: one is negative"),
    (lambda: _pad([[1, 1]], 5), native.REFUSED,
     "operator 0 PAD: the output has 5 cells on dimension 0"),
    (lambda: _mean(2), native.REFUSED, "operator 0 MEAN: axis 2 of 2 dimensions"),
    (lambda: _unary("SOFTMAX"), native.REFUSED,
     "operator 0 SOFTMAX: the output's quantization is not 1/256, -128"),
    (lambda: _unary("LOGISTIC"), native.REFUSED,
     "operator 0 LOGISTIC: the output's zero point is not -128"),
    (lambda: _unary("RELU", target=affine(0.0)), native.REFUSED,
     "operator 0 RELU: tensor 1 has no usable scale"),
]  # fmt: skip


@pytest.mark.parametrize("make, status, detail", REFUSALS, ids=[d for _, _, d in REFUSALS])
def test_refused_with_code_and_reason(
    runner: native.Runner, make: Callable[[], bytes], status: int, detail: str
) -> None:
    """Code and whole line."""
    answer = runner.run(make(), b"")
    assert (answer.status, answer.detail) == (status, detail)


def test_every_prefix_of_a_file_is_refused(runner: native.Runner) -> None:
    """No cut is taken for a model."""
    model = _conv()
    codes = {runner.run(model[:size], b"").status for size in range(len(model) - 1)}
    assert native.OK not in codes
    assert codes <= {native.MALFORMED, native.UNSUPPORTED, native.REFUSED}


def test_the_missing_bytes_of_a_small_arena_are_named(runner: native.Runner) -> None:
    """An arena with exactly the named bytes more is enough, 16 fewer are not."""
    graph = Graph()
    x, y = graph.tensor([1, 600], quantization=Q), graph.tensor([1, 600], quantization=affine(1))
    graph.add("QUANTIZE", [x], [y])
    model = graph.build([x], [y])
    answer = runner.run(model, b"", arena_limit=512)
    assert answer.status == native.ARENA_TOO_SMALL
    missing = int(answer.detail.split()[3])
    assert answer.detail == f"the arena is {missing} bytes too small"
    assert runner.run(model, b"", arena_limit=512 + missing).status == native.OK
    assert runner.run(model, b"", arena_limit=512 + missing - 16).status == native.ARENA_TOO_SMALL


def test_softmax_of_512_equal_logits_is_all_minimum(runner: native.Runner) -> None:
    """TFLM aborts here while it runs; the engine gives the limit of what it computes below."""
    graph = Graph()
    x = graph.tensor([1, 512], quantization=Q)
    y = graph.tensor([1, 512], quantization=affine(1 / 256, -128))
    graph.add("SOFTMAX", [x], [y], beta=1.0)
    answer = runner.run(graph.build([x], [y]), bytes(512))
    assert answer.outputs == b"\x80" * 512


def test_reshape_finds_its_open_dimension(runner: native.Runner) -> None:
    """A stored -1 becomes what is left, also for the operator that reads it."""
    graph = Graph()
    x, z = graph.tensor([2, 6], quantization=Q), graph.tensor([-1, 4], quantization=Q)
    y = graph.tensor([3, 4], quantization=affine(1 / 256, -128))
    graph.add("RESHAPE", [x], [z])
    graph.add("SOFTMAX", [z], [y], beta=1.0)
    answer = runner.run(graph.build([x], [y]), bytes(12))
    assert (answer.status, answer.outputs) == (native.OK, b"\xc0" * 12)
