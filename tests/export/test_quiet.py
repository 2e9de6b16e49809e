"""Converters are silent while they succeed; what they said is shown when they fail."""

from __future__ import annotations

import logging
import os
import sys
import warnings
from typing import Never

import pytest

from export.quiet import quiet


def noise() -> None:
    print("from print")
    sys.stderr.write("from stderr\n")
    os.write(1, b"from native stdout\n")
    os.write(2, b"from native stderr\n")
    logging.getLogger().warning("from logging")
    warnings.warn("from warnings", stacklevel=2)


def test_success_is_silent(capfd: pytest.CaptureFixture[str]) -> None:
    with quiet():
        noise()
    assert capfd.readouterr() == ("", "")


def test_failure_shows_what_was_said_and_passes_the_error_on(
    capfd: pytest.CaptureFixture[str],
) -> Never:
    with pytest.raises(KeyError, match="reason"), quiet():
        noise()
        raise KeyError("reason")
    shown = capfd.readouterr().err
    for source in ("print", "stderr", "native stdout", "native stderr"):
        assert f"from {source}" in shown


def test_the_terminal_is_back_afterwards(capfd: pytest.CaptureFixture[str]) -> None:
    with quiet():
        noise()
    print("python")
    os.write(1, b"native\n")
    assert sorted(capfd.readouterr().out.split()) == ["native", "python"]


def test_handlers_left_on_the_root_logger_are_taken_off() -> None:
    before = list(logging.getLogger().handlers)
    with quiet():
        logging.getLogger().addHandler(logging.StreamHandler())
    assert logging.getLogger().handlers == before
