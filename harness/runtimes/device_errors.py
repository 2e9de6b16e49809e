"""The errors of `devices` in words of this package."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from devices.errors import BoardError, DeviceError, Refused
from harness.errors import ArtifactError, BenchError, InfrastructureError

_OF_THE_MODEL = range(32, 64)
"""Codes by which a device refuses a model: the model's fault, not the device's."""


@contextlib.contextmanager
def translated() -> Iterator[None]:
    """Turn the errors of `devices` into ours."""
    try:
        yield
    except BoardError as error:
        raise BenchError(str(error)) from error
    except Refused as error:
        kind = ArtifactError if error.code in _OF_THE_MODEL else InfrastructureError
        raise kind(str(error)) from error
    except DeviceError as error:
        raise InfrastructureError(str(error)) from error
