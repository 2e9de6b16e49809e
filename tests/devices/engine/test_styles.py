"""Networks in other people's styles: every byte equal to TFLM's."""

from __future__ import annotations

import numpy as np
import pytest

from . import native
from .compare import judge
from .oracle import Oracle
from .styles import STYLES


@pytest.mark.parametrize("floats", [False, True], ids=["int8", "float"])
@pytest.mark.parametrize("name", STYLES)
@pytest.mark.parametrize("program", ["runner-sanitized", "runner-dsp-sanitized"])
def test_network_equals_tflm(program: str, name: str, floats: bool) -> None:
    """Two samples through int8 or float32 inputs and outputs, portable and DSP kernels."""
    make, size = STYLES[name]
    model = make(3, floats)
    rng = np.random.default_rng(2)
    samples = rng.integers(-128, 128, (2, size)).astype(np.int8)
    inputs = rng.normal(0, 0.5, (2, size)).astype(np.float32) if floats else samples
    oracle, runner = Oracle(), native.Runner(native.build(program))
    try:
        expected = oracle.run(model, inputs.tobytes())
        answer = runner.run(model, inputs.tobytes())
    finally:
        oracle.close()
        runner.close()
    assert judge(answer, expected) == ("equal", "")
    assert len(set(answer.outputs)) > 1, "saturated outputs would prove little"
