"""A line that spoils text: with reading back, no wrong answer is taken, none is lost."""

import random

import pytest

from devices.client import Device
from devices.fake import fake_model
from devices.links.faulty import BYTE_FAULTS, FaultPlan, FaultyLink
from devices.mlperf_tiny.client import Care, MLPerfTinyDevice, Tensors
from tests.devices import native
from tests.devices.mlperf_tiny.test_firmware import answer

RATE = 0.006
INPUT_BYTES = 640


@pytest.mark.parametrize("fault", [*BYTE_FAULTS, "any"])
def test_the_answers_are_those_of_a_clean_line(fault: str) -> None:
    names = BYTE_FAULTS if fault == "any" else (fault,)
    rates = {name: RATE / len(names) for name in names}
    plan = FaultPlan(seed=9, to_device=rates, to_host=rates, clean_pieces=12)
    source = random.Random(4)  # noqa: S311 - seeded test data
    samples = [source.randbytes(INPUT_BYTES) for _ in range(12)]
    clean = native.ProcessLink(native.build("pipe_device"))
    try:
        Device(clean, timeout_s=2.0).load(fake_model(INPUT_BYTES, 10, 1))
        line = FaultyLink(clean, plan)
        tensors = Tensors(INPUT_BYTES, 10, 1 / 256, -128)
        device = MLPerfTinyDevice(line, tensors, Care(boot_s=0.05, timeout_s=0.3))
        got = [one.output for one in device.infer(samples)]
    finally:
        clean.close()
    assert got == [answer(sample) for sample in samples]
    assert sum(line.injected.values()) > 0
