"""Formulas that look alike and are not: the cases in traps.json tell them apart byte by byte."""

from __future__ import annotations

import json
from collections.abc import Iterator

import numpy as np
import pytest

from . import native
from .oracle import Oracle
from .traps import CASES, TRAPS

PARAMETERS = json.loads(CASES.read_text())


@pytest.fixture(scope="module")
def sides() -> Iterator[tuple[native.Runner, Oracle]]:
    """Engine and oracle."""
    oracle, runner = Oracle(), native.Runner(native.build("runner-dsp-sanitized"))
    yield runner, oracle
    oracle.close()
    runner.close()


@pytest.mark.parametrize("name", TRAPS)
def test_engine_and_tflm_take_the_right_formula(
    sides: tuple[native.Runner, Oracle], name: str
) -> None:
    """The right formula gives the bytes of both, the wrong one does not."""
    trap, (runner, oracle) = TRAPS[name], sides
    assert len(PARAMETERS[name]) >= 3
    for row in PARAMETERS[name]:
        p = np.array(row, np.float32)
        right, wrong = (f(p).astype(np.int8).tobytes() for f in (trap.right, trap.wrong))
        model, inputs = trap.build(p), trap.inputs(p)
        assert oracle.run(model, inputs) == right != wrong
        assert runner.run(model, inputs).outputs == right
