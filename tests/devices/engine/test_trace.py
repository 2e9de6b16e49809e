"""The trace gives each operator's output checksum, and a wrong kernel shows in it by its place."""

from __future__ import annotations

import zlib

import numpy as np

from . import native
from .graph import BUILTINS, Graph, affine


def _model() -> tuple[bytes, bytes]:
    """RELU, MAX_POOL_2D, RELU6 of one quantization."""
    graph, q = Graph(), affine(0.05, 3)
    x = graph.tensor([1, 4, 4, 2], quantization=q)
    a = graph.tensor([1, 4, 4, 2], quantization=q)
    b = graph.tensor([1, 2, 2, 2], quantization=q)
    y = graph.tensor([1, 2, 2, 2], quantization=q)
    graph.add("RELU", [x], [a])
    graph.add("MAX_POOL_2D", [a], [b], padding=1, strideH=2, strideW=2, filterHeight=2,
              filterWidth=2)  # fmt: skip
    graph.add("RELU6", [b], [y])
    image = np.random.default_rng(5).integers(-128, 128, (1, 4, 4, 2)).astype(np.int8)
    return graph.build([x], [y]), image.tobytes()


def _trace(program: str) -> native.Answer:
    model, image = _model()
    runner = native.Runner(native.build(program))
    try:
        return runner.run(model, image, traced=True)
    finally:
        runner.close()


def test_trace_lists_every_operator_with_the_crc_of_its_output() -> None:
    """Index, builtin code, output bytes and zlib's CRC-32, in order."""
    answer = _trace("runner")
    operators = [(index, code, size) for index, code, size, _ in answer.trace]
    assert operators == [
        (0, BUILTINS["RELU"], 32),
        (1, BUILTINS["MAX_POOL_2D"], 8),
        (2, BUILTINS["RELU6"], 8),
    ]
    assert answer.trace[-1][3] == zlib.crc32(answer.outputs)


def test_a_broken_kernel_is_the_first_operator_that_differs() -> None:
    """The build with a broken MAX_POOL_2D differs first at MAX_POOL_2D, which is operator 1."""
    right, wrong = _trace("runner").trace, _trace("runner-broken").trace
    first = next(b for a, b in zip(right, wrong, strict=True) if a != b)
    assert first[:2] == (1, BUILTINS["MAX_POOL_2D"])
