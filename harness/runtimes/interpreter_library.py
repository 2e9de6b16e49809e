"""Which installed package brings the TFLite `Interpreter`: the same interface under three names."""

from __future__ import annotations

import importlib
import importlib.util
from dataclasses import dataclass
from importlib import metadata
from typing import Any

from export.errors import in_one_line
from export.quiet import quiet
from harness.errors import MissingExtraError

_LIBRARIES = (
    ("ai-edge-litert", "ai_edge_litert", "ai_edge_litert.interpreter"),
    ("tflite-runtime", "tflite_runtime", "tflite_runtime.interpreter"),
    ("tensorflow", "tensorflow", "tensorflow.lite.python.interpreter"),
)
"""Distribution, package and module, in order of preference."""


@dataclass(frozen=True)
class InterpreterLibrary:
    """One of the packages, found installed; imported when asked to load a model."""

    distribution: str
    module: str
    version: str

    @classmethod
    def find(cls) -> InterpreterLibrary:
        """Return the first that is installed; MissingExtraError where none is."""
        for distribution, package, module in _LIBRARIES:
            if importlib.util.find_spec(package) is not None:
                return cls(distribution, module, _version(distribution, package))
        raise MissingExtraError(_LIBRARIES[0][0], "runtimes")

    def interpreter(self, content: bytes, *, reference: bool, keep_tensors: bool = False) -> Any:
        """Return an interpreter of one thread with its tensors allocated; its own errors pass.

        `keep_tensors` keeps what every operator returned, for whoever traces an inference.
        """
        with quiet(tell=False):
            library = self._imported()
            resolver = library.OpResolverType
            interpreter = library.Interpreter(
                model_content=content,
                num_threads=1,
                experimental_op_resolver_type=(
                    resolver.BUILTIN_REF if reference else resolver.AUTO
                ),
                experimental_preserve_all_tensors=keep_tensors,
            )
            interpreter.allocate_tensors()
        return interpreter

    def _imported(self) -> Any:
        try:
            return importlib.import_module(self.module)
        except ImportError as error:
            raise MissingExtraError(
                f"{self.distribution} {self.version} is broken ({in_one_line(error)}), and "
                f"a working {_LIBRARIES[0][0]}",
                "runtimes",
            ) from error


def _version(distribution: str, package: str) -> str:
    """Return the version of the distribution, or what the package says of itself."""
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return str(getattr(importlib.import_module(package), "__version__", "of unknown version"))
