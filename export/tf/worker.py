"""The process that imports TensorFlow: `python -m export.tf.worker FOLDER PARENT`.

It reads `model.onnx` and `calibration.npy` of the folder and writes `float.tflite` and
`int8.tflite`, or `refused.txt` with one line and exit code 3 where the graph cannot be converted.
It ends when the process PARENT does.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from export.errors import ExportError
from export.tf.folder import CALIBRATION, EXIT_REFUSED, FLOAT, INT8, ONNX, REFUSED

_PR_SET_PDEATHSIG = 1


def main(folder: Path) -> int:
    """Convert what is in the folder; return the exit code."""
    calibration = np.load(folder / CALIBRATION, allow_pickle=False)
    try:
        float_tflite, int8_tflite = convert((folder / ONNX).read_bytes(), calibration)
    except ExportError as error:
        (folder / REFUSED).write_text(str(error), encoding="utf-8")
        return EXIT_REFUSED
    (folder / FLOAT).write_bytes(float_tflite)
    (folder / INT8).write_bytes(int8_tflite)
    return 0


def convert(content: bytes, calibration: NDArray[np.float32]) -> tuple[bytes, bytes]:
    """Return the float32 and the int8 .tflite of an ONNX file, batch 1, images channel-last.

    Args:
        content: the ONNX file.
        calibration: (N, H, W, C) or (N, F) float32; its extremes are the ranges of the activations.

    Raises:
        ExportError: the graph cannot be converted; the message names the operator.

    """
    import tensorflow as tf

    from export.onnx_graph import read_graph
    from export.tf.operators import check_operators, compute

    graph = read_graph(content)
    check_operators(graph)
    shape = (*graph.shape[1:], graph.shape[0]) if len(graph.shape) > 1 else graph.shape
    if calibration.shape[1:] != shape:
        raise ExportError(
            f"the ONNX graph takes {list(shape)}, the calibration inputs are "
            f"{list(calibration.shape[1:])}"
        )
    signature = [tf.TensorSpec((1, *shape), tf.float32, name="input")]
    scores = tf.function(
        lambda images: compute(graph, images), input_signature=signature, autograph=False
    )
    concrete = scores.get_concrete_function()
    return _converter(concrete).convert(), _int8(_converter(concrete), calibration).convert()


def _converter(concrete: Any) -> Any:
    import tensorflow as tf

    return tf.lite.TFLiteConverter.from_concrete_functions([concrete], tf.Module())


def _int8(converter: Any, calibration: NDArray[np.float32]) -> Any:
    """Ask for int8 throughout, input and output included, ranges from the calibration inputs."""
    import tensorflow as tf

    def samples() -> Iterator[list[NDArray[np.float32]]]:
        for index in range(len(calibration)):
            yield [calibration[index : index + 1]]

    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = samples
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = tf.int8
    converter.inference_output_type = tf.int8
    return converter


def _end_with(parent: int) -> None:
    """Ask Linux to end this process when the thread that started it ends."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    _end_with(int(sys.argv[2]))
    sys.exit(main(Path(sys.argv[1])))
