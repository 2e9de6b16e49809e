"""The engine as a shared library, called through runtime.h's two functions."""

from __future__ import annotations

import ctypes
import zlib

import numpy as np

from . import native
from .graph import BUILTINS, Graph, affine

ENGINE_BYTES = 256  # more than sizeof(tg_engine)
DONE = ctypes.CFUNCTYPE(None, ctypes.c_void_p, *[ctypes.c_uint32] * 4)
LOAD = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.c_void_p, ctypes.c_char_p, ctypes.c_uint32, ctypes.c_void_p
)
INFER = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.c_void_p, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_void_p
)


class Info(ctypes.Structure):
    """tg_model_info."""

    _fields_ = (
        *(
            (name, ctypes.c_uint32)
            for name in ("input_bytes", "output_bytes", "arena_bytes", "planned", "operators")
        ),
        ("output_scale", ctypes.c_float),
        ("output_zero_point", ctypes.c_int32),
        ("detail", ctypes.c_char * 96),
    )


class Observer(ctypes.Structure):
    """tg_observer."""

    _fields_ = (("operator_done", DONE), ("context", ctypes.c_void_p))


class Runtime(ctypes.Structure):
    """tg_runtime."""

    _fields_ = (("load", LOAD), ("infer", INFER), ("engine", ctypes.c_void_p))


def test_library_loads_infers_and_traces() -> None:
    """Status, sizes, output bytes and one traced operator; without a model, code 38."""
    library = ctypes.CDLL(str(native.build("libtgengine.so")))
    library.tg_engine_runtime.restype = Runtime
    engine, arena = (ctypes.create_string_buffer(n) for n in (ENGINE_BYTES, 4096))
    library.tg_engine_init(engine, arena, 4096)
    runtime: Runtime = library.tg_engine_runtime(engine)
    output = ctypes.create_string_buffer(4)
    assert runtime.infer(runtime.engine, bytes(4), output, None) == 38

    graph = Graph()
    x, y = (graph.tensor([4], quantization=affine(0.1)) for _ in range(2))
    graph.add("RELU", [x], [y])
    model, info = graph.build([x], [y]), Info()
    assert runtime.load(runtime.engine, model, len(model), ctypes.byref(info)) == native.OK
    assert (info.input_bytes, info.output_bytes, info.operators, info.detail) == (4, 4, 1, b"")

    seen: list[tuple[int, ...]] = []
    observer = Observer(DONE(lambda _, *operator: seen.append(operator)), None)
    values = np.array([-3, 0, 5, 127], np.int8).tobytes()
    assert runtime.infer(runtime.engine, values, output, ctypes.byref(observer)) == native.OK
    expected = np.array([0, 0, 5, 127], np.int8).tobytes()
    assert output.raw == expected
    assert seen == [(0, BUILTINS["RELU"], 4, zlib.crc32(expected))]
