"""One TFLM interpreter in a process of its own: TFLM aborts its process on some models.

Standard input: a line of JSON (`model_bytes`, `arena_bytes`, `trace`, `die_with_parent`), the
model, then raw input tensors. Standard output: a line of JSON (`arena`), then per input the raw
output tensor, or with `trace` the outputs of every operator in running order, each preceded by its
size as 8 bytes, little-endian. End of input ends the worker. What TFLM prints goes to stderr.

Exit codes: 0 at the end of input, 3 where TFLM refuses the model (its reason on stderr), 4 where
TFLM is not installed; a signal where TFLM aborts.
"""

from __future__ import annotations

import json
import os
import re
import signal
import struct
import sys
import tempfile
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from export.tflite_file import Model, read_model
from harness.processes import die_with_parent

EXIT_REFUSED = 3
EXIT_NOT_INSTALLED = 4
_ARENA_LINE = re.compile(r"Arena allocation (total|head|tail) (\d+) bytes")


def main() -> int:
    """Serve one model until the input ends; return the exit code."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    source, sink = sys.stdin.buffer, _protected_output()
    header = json.loads(source.readline())
    if header["die_with_parent"]:
        die_with_parent()
    content = source.read(header["model_bytes"])
    if len(content) != header["model_bytes"]:
        return 0
    try:
        from tflite_micro.python.tflite_micro import runtime
    except ImportError as error:
        sys.stderr.write(f"{error}\n")
        return EXIT_NOT_INSTALLED
    try:
        interpreter = _interpreter(runtime, content, header)
        arena = {} if header["trace"] else _arena_figures(interpreter)
        sink.write(json.dumps({"arena": arena}).encode() + b"\n")
        sink.flush()
        _serve(interpreter, read_model(content), source, sink, trace=header["trace"])
    except (RuntimeError, ValueError) as error:
        sys.stderr.write(f"{error}\n")
        return EXIT_REFUSED
    return 0


def _protected_output() -> IO[bytes]:
    """Keep stdout for results and point descriptor 1, where native code prints, to stderr."""
    sink = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return sink


def _interpreter(runtime: Any, content: bytes, header: dict[str, Any]) -> Any:
    config = runtime.InterpreterConfig
    chosen = config.kPreserveAllTensors if header["trace"] else config.kAllocationRecording
    return runtime.Interpreter.from_bytes(
        content, arena_size=header["arena_bytes"], intrepreter_config=chosen
    )


def _arena_figures(interpreter: Any) -> dict[str, int]:
    """Return the bytes of the arena in use: total, head (activations), tail (persistent)."""
    saved = os.dup(2)
    with tempfile.TemporaryFile() as printed:
        try:
            os.dup2(printed.fileno(), 2)
            interpreter.print_allocations()
        finally:
            os.dup2(saved, 2)
            os.close(saved)
        printed.seek(0)
        text = printed.read().decode("utf-8", errors="replace")
    return {name: int(size) for name, size in _ARENA_LINE.findall(text)}


def _serve(
    interpreter: Any, model: Model, source: IO[bytes], sink: IO[bytes], *, trace: bool
) -> None:
    size_bytes = model.input.size_bytes
    while len(content := source.read(size_bytes)) == size_bytes:
        values = np.frombuffer(content, dtype=model.input.dtype).reshape(model.input.shape)
        interpreter.set_input(values, 0)
        interpreter.invoke()
        if trace:
            _write_trace(interpreter, model, sink)
        else:
            sink.write(_raw(interpreter.get_output(0)))
        sink.flush()


def _write_trace(interpreter: Any, model: Model, sink: IO[bytes]) -> None:
    for operator in model.operators:
        for index in operator.outputs:
            raw = _raw(interpreter.GetTensor(index, 0)["tensor_data"])
            sink.write(struct.pack("<Q", len(raw)) + raw)


def _raw(values: NDArray[np.generic]) -> bytes:
    return np.ascontiguousarray(values).tobytes()


if __name__ == "__main__":
    sys.exit(main())
