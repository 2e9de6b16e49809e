"""Answers models on stdin with what TensorFlow Lite Micro computes; run as a program.

TensorFlow Lite Micro may abort the process on a model, which is why it has one of its own.
Request: model bytes, inputs bytes (two u32), the model, the inputs back to back.
Answer: 0 and the outputs of all samples, or 1 and nothing where it refused (u32 code, u32 bytes).
"""

from __future__ import annotations

import os
import struct
import sys
from typing import Any, BinaryIO

import numpy as np
from tflite_micro.python.tflite_micro import runtime

ARENA_BYTES = 4 << 20


def outputs_of(model: bytes, inputs: bytes) -> bytes:
    """Outputs of every sample, back to back; RuntimeError or ValueError where it refuses."""
    interpreter: Any = runtime.Interpreter.from_bytes(model, arena_size=ARENA_BYTES)
    details = interpreter.get_input_details(0)
    shape, dtype = details["shape"], np.dtype(details["dtype"])
    size = int(np.prod(shape)) * dtype.itemsize
    outputs = []
    for at in range(0, len(inputs), size):
        sample = np.frombuffer(inputs[at : at + size], dtype).reshape(shape)
        interpreter.set_input(sample, 0)
        interpreter.invoke()
        outputs.append(interpreter.get_output(0).tobytes())
    return b"".join(outputs)


def serve(source: BinaryIO, sink: BinaryIO) -> None:
    """Answer requests until the source ends."""
    while header := source.read(8):
        model_bytes, inputs_bytes = struct.unpack("<II", header)
        model, inputs = source.read(model_bytes), source.read(inputs_bytes)
        try:
            outputs = outputs_of(model, inputs)
            sink.write(struct.pack("<II", 0, len(outputs)) + outputs)
        except (RuntimeError, ValueError):
            sink.write(struct.pack("<II", 1, 0))
        sink.flush()


if __name__ == "__main__":
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    serve(sys.stdin.buffer, answers)
