"""The engine plans no more activation memory than TensorFlow Lite Micro."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from . import native, zoo
from .graph import Graph, affine
from .styles import STYLES
from .tflm_plan import planned_bytes

MODELS = {name: make(3, False) for name, (make, _) in STYLES.items()}
MODELS |= {f"network:{seed}": zoo.make("network", seed).model for seed in range(40)}


@pytest.fixture(scope="module")
def runner() -> Iterator[native.Runner]:
    """The portable build, whose kernels need no scratch memory."""
    opened = native.Runner(native.build("runner"))
    yield opened
    opened.close()


@pytest.mark.parametrize("name", MODELS)
def test_plan_is_at_most_tflms(runner: native.Runner, name: str) -> None:
    """In place, PAD growing over its input, RESHAPE as a view, three orders: never worse."""
    answer = runner.run(MODELS[name], b"")
    assert 0 < answer.planned_bytes <= planned_bytes(MODELS[name])


def test_in_place_operators_share_one_buffer(runner: native.Runner) -> None:
    """Two RELUs and a RESHAPE hold 1024 bytes once; TFLM holds two buffers."""
    graph, q = Graph(), affine(0.05)
    a, b, c = (graph.tensor([1, 1024], quantization=q) for _ in range(3))
    y = graph.tensor([32, 32], quantization=q)
    graph.add("RELU", [a], [b])
    graph.add("RELU", [b], [c])
    graph.add("RESHAPE", [c], [y])
    model = graph.build([a], [y])
    assert (runner.run(model, b"").planned_bytes, planned_bytes(model)) == (1024, 2048)
