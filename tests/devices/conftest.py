"""Devices that the contract tests run against."""

from collections.abc import Callable
from pathlib import Path

import pytest

from devices.fake import FakeLink
from devices.links import Link, open_link
from tests.devices import firmware, native


@pytest.fixture(scope="session")
def pipe_device() -> Path:
    """The session on the host with the checksum engine, under the sanitizers."""
    return native.build("pipe_device")


@pytest.fixture(scope="session")
def an386() -> Path:
    """The image of mps2-an386 with the checksum engine."""
    return firmware.checksum_image("mps2-an386")


@pytest.fixture(params=["fake", "native", "semihosting", "uart"])
def any_link(request: pytest.FixtureRequest) -> Callable[[], Link]:
    """A fresh link to a device that runs the checksum engine."""
    if request.param == "fake":
        return FakeLink
    if request.param == "native":
        program = request.getfixturevalue("pipe_device")
        return lambda: native.ProcessLink(program)
    image = request.getfixturevalue("an386")
    return lambda: open_link(f"qemu://mps2-an386?firmware={image}&link={request.param}")
