"""Keeps what converters print off the terminal, unless they fail."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import tempfile
import threading
import warnings
from collections.abc import Iterator
from typing import IO

_SHOWN_BYTES = 4000
_descriptors = threading.RLock()


@contextlib.contextmanager
def quiet(*, tell: bool = True) -> Iterator[None]:
    """Catch what the block writes to stdout and stderr, native code included, and its warnings.

    If the block raises, the last 4000 bytes go to stderr, unless `tell` is false. Descriptors 1
    and 2 belong to the whole process, so one block runs at a time and other threads' output is
    caught as well.
    """
    with _descriptors, tempfile.TemporaryFile() as caught:
        try:
            with _redirected(caught), _logging_restored(), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                yield
        except Exception:
            if tell:
                sys.stderr.write(_tail(caught))
            raise


@contextlib.contextmanager
def _redirected(caught: IO[bytes]) -> Iterator[None]:
    _flush()
    saved = [os.dup(1), os.dup(2)]
    text = os.fdopen(os.dup(caught.fileno()), "w", encoding="utf-8", errors="replace")
    try:
        os.dup2(caught.fileno(), 1)
        os.dup2(caught.fileno(), 2)
        with contextlib.redirect_stdout(text), contextlib.redirect_stderr(text):
            yield
    finally:
        _flush()
        text.close()
        for descriptor, original in enumerate(saved, start=1):
            os.dup2(original, descriptor)
            os.close(original)


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()


@contextlib.contextmanager
def _logging_restored() -> Iterator[None]:
    """Drop the handlers that converters leave on the root logger: they write to stderr for good.

    Messages below warnings are not made at all: the tracer's are many, and slow where logged.
    """
    root = logging.getLogger()
    handlers, level, disabled = list(root.handlers), root.level, root.manager.disable
    logging.disable(max(logging.INFO, disabled))
    try:
        yield
    finally:
        logging.disable(disabled)
        root.handlers[:] = handlers
        root.setLevel(level)


def _tail(caught: IO[bytes]) -> str:
    size_bytes = caught.seek(0, os.SEEK_END)
    caught.seek(max(0, size_bytes - _SHOWN_BYTES))
    return caught.read().decode("utf-8", errors="replace")
