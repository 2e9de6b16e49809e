"""What every operator returns in LiteRT's reference kernels, for one inference."""

from __future__ import annotations

import numpy as np

from export.errors import in_one_line
from harness.errors import ArtifactError
from harness.runtimes.interpreter_library import InterpreterLibrary
from harness.runtimes.tflite import TFLiteArtifact


def reference_outputs(artifact: TFLiteArtifact, model_input: bytes) -> list[bytes]:
    """Return the raw output tensors of every operator, in running order, for one raw input.

    Raises:
        ArtifactError: the interpreter refuses the model.
        MissingExtraError: no interpreter is installed.

    """
    library, model = InterpreterLibrary.find(), artifact.model
    try:
        interpreter = library.interpreter(artifact.content, reference=True, keep_tensors=True)
    except (RuntimeError, ValueError) as error:
        raise ArtifactError(f"{artifact.path}: {in_one_line(error)}") from error
    given = np.frombuffer(model_input, dtype=model.input.dtype).reshape(model.input.shape)
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], given)
    interpreter.invoke()
    return [
        np.ascontiguousarray(interpreter.get_tensor(index)).tobytes()
        for operator in model.operators
        for index in operator.outputs
    ]
