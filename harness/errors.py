"""Every error tinygate raises on purpose, and the exit code each ends with.

TinygateError                 an error with a sentence for its reader
├── UserError            (2)  the command, a config or an input file is wrong
│   ├── ConfigError           a config file: which file, which key, what was expected
│   ├── DataError             a data set: folder, archive, images or labels
│   ├── ArtifactError         a model file: checkpoint, ONNX, TFLite
│   ├── PredictionsError      a Predictions file, or two that do not belong together
│   ├── BenchError            the devices attached are not those asked for
│   └── MissingExtraError     a part that is not installed, and the command that installs it
├── GateFailed           (1)  the gate was computed and says no
├── GateInconclusive     (3)  the gate was computed and cannot say yes or no
└── InfrastructureError  (4)  a device, a worker process, a disk or a server failed

Anything else that reaches the command line is a bug and ends with 70.
"""

from __future__ import annotations

from typing import ClassVar

EXIT_PASS = 0
EXIT_FAIL = 1
EXIT_USER = 2
EXIT_INCONCLUSIVE = 3
EXIT_INFRASTRUCTURE = 4
EXIT_BUG = 70


class TinygateError(Exception):
    """An error whose message is one line for the person who can act on it."""

    exit_code: ClassVar[int] = EXIT_BUG


class UserError(TinygateError):
    """The command, a config or an input file is wrong."""

    exit_code = EXIT_USER


class ConfigError(UserError):
    """A config file is wrong: the message names the file, the key and what was expected."""


class DataError(UserError):
    """A data set is missing, damaged or not what it claims to be."""


class ArtifactError(UserError):
    """A model file is missing, damaged or of the wrong kind."""


class PredictionsError(UserError):
    """A Predictions file is malformed, or two of them do not belong together."""


class BenchError(UserError):
    """The devices attached are not those asked for; what a stopped run kept is not to blame."""


class MissingExtraError(UserError):
    """An optional part is not installed."""

    def __init__(self, package: str, extra: str) -> None:
        super().__init__(package, extra)
        self.package, self.extra = package, extra

    def __str__(self) -> str:
        return (
            f"{self.package} is not installed; "
            f"install it with: pip install 'tinygate[{self.extra}]'"
        )


class GateFailed(TinygateError):
    """The gate was computed and at least one check failed."""

    exit_code = EXIT_FAIL


class GateInconclusive(TinygateError):
    """The gate was computed, nothing failed, and at least one check cannot decide."""

    exit_code = EXIT_INCONCLUSIVE


class InfrastructureError(TinygateError):
    """A device, a worker process, a disk or a server failed: the gate has no answer."""

    exit_code = EXIT_INFRASTRUCTURE
