"""What the tests of the second converter need: TensorFlow, which is an optional extra."""

from __future__ import annotations

import os

import pytest

from export.tf.process import is_installed


def need_tensorflow() -> None:
    """Skip where TensorFlow is not installed; fail instead in CI."""
    if is_installed():
        return
    message = "tensorflow is not installed: pip install 'tinygate[tensorflow]'"
    if os.environ.get("CI"):
        pytest.fail(message)
    pytest.skip(message)
