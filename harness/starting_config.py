"""The commented config that `tinygate init` writes, for the data, network and device at hand."""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from pathlib import Path

from harness.config_schema import SCHEMA_NAME

_WIDTHS = {"mobilenet_v2": (0.1, 0.25)}
_CNN_WIDTHS = (4, 8)
_MOST_CALIBRATION = 128
_SHARE_OF_CALIBRATION = 8
_COMMENTS_AT = 30


@dataclass(frozen=True)
class Start:
    """What a config starts from.

    Attributes:
        data: an `.npz` with images and labels, or a folder of pictures, one below it for each
            class; None takes handwritten digits, which need no file.
        samples: how many samples `data` has.
        pictures: whether `data` is such a folder.
        family: a known family or a class of the user's own, `package.module:Class`.
        device: URL of the board, or emulated board, that must pass; None stays on the host.

    """

    data: Path | None = None
    samples: int = 0
    pictures: bool = False
    family: str = "scale_cnn"
    device: str | None = None

    @property
    def name(self) -> str:
        """Name of the pipeline: that of the data."""
        stem = self.data.resolve().stem if self.data else "digits"
        return re.sub(r"[^A-Za-z0-9._-]+", "-", stem).strip("._-") or "model"

    @property
    def widths(self) -> tuple[float, ...]:
        """Two sizes to start with: a small one, and one to compare it with."""
        return _WIDTHS.get(self.family, _CNN_WIDTHS)


def starting_config(start: Start, folder: Path) -> str:
    """Return a config as TOML text, its paths relative to `folder`; `load_config` accepts it."""
    data = _PICTURES if start.pictures else _OWN_DATA if start.data else _DIGITS
    evaluate = _ON_A_DEVICE if start.device else _ON_THE_HOST
    checks = _DEVICE_CHECKS + _CHECKS if start.device else _CHECKS
    parts = (_HEAD, data, _MODELS, _TRAIN, evaluate, _GATE, checks)
    return "\n".join(parts).format_map(_values(start, folder))


def _values(start: Start, folder: Path) -> dict[str, str]:
    path = os.path.relpath(start.data, folder) if start.data else ""
    calibration = max(1, min(_MOST_CALIBRATION, start.samples // _SHARE_OF_CALIBRATION))
    target = f"{{ family = {_toml(start.family)}, width = {_toml(start.widths[0])} }}"
    return {
        "schema": SCHEMA_NAME,
        "name": _toml(start.name),
        "path": _toml(path),
        "calibration": _padded("calibration_samples", _toml(calibration)),
        "family": _padded("family", _toml(start.family)),
        "widths": _padded("widths", _toml(start.widths)),
        "devices": _toml([start.device]),
        "runtime": _padded("runtime", _toml("device" if start.device else "tflm")),
        "target": _padded("target", target),
    }


def _padded(key: str, value: str) -> str:
    return f"{key} = {value}".ljust(_COMMENTS_AT)


def _toml(value: object) -> str:
    """Return a value as TOML; a text's control characters are escaped as JSON escapes them."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


_HEAD = """\
#:schema ./{schema}
# A tinygate pipeline. The line above is for editors that know TOML schemas.
# Keys that stand behind a # show the default, or what else there is.

# Names the folder under runs/, the MLflow experiment and the registered model.
name = {name}
"""

_DIGITS = """\
[data]
source = "digits"              # handwritten digits, 8x8; your own: "npz" and a path
# path = "images.npz"          # images (N, H, W, C), labels (N,); relative to this file
test_fraction = 0.3            # of every class; the gate decides on these
calibration_samples = 128      # held out of training, to set the ranges of the int8 model
"""

_OWN_DATA = """\
[data]
source = "npz"                 # images (N, H, W, C) or (N, F), labels (N,), class_names, ids
path = {path}
# test_path = "test.npz"       # a test split of your own, in place of test_fraction
test_fraction = 0.3            # of every class; the gate decides on these
{calibration} # held out of training, to set the ranges of the int8 model
"""

_PICTURES = """\
[data]
source = "image-folder"        # one folder for each class, as in pictures/cat/1.png
path = {path}
# test_path = "test"           # a test split of your own, in place of test_fraction
# image_size = [32, 32]        # height and width, where the pictures differ in size
test_fraction = 0.3            # of every class; the gate decides on these
{calibration} # held out of training, to set the ranges of the int8 model
"""

_MODELS = """\
[[models]]
{family} # "scale_cnn", "mobilenet_v2", or your own "package.module:Class"
{widths} # the sizes to train; the largest is a reference of the gate
seeds = [0]                    # more seeds show how far chance moves the figures
"""

_TRAIN = """\
[train]                        # SGD, cosine annealing
epochs = 30
learning_rate = 0.05
# batch_size = 128
# together = 1                 # seeds of one size that are trained as one network: faster
# device = "auto"              # "cpu", "cuda"

[train.augment]                # choose what leaves a label true: a mirrored 2 is no 2
crop_padding = 1
flip = false
cutout = 0
"""

_ON_THE_HOST = """\
[evaluate]                     # where every model answers the test samples
runtimes = ["torch", "onnxruntime", "litert", "litert-ref", "tflm"]
# With a board, or an emulated one, add "device" above, name it, and gate on it:
# devices = ["qemu://mps2-an386"]
"""

_ON_A_DEVICE = """\
[evaluate]                     # where every model answers the test samples
runtimes = ["torch", "onnxruntime", "litert", "litert-ref", "tflm", "device"]
devices = {devices}
# board = "nucleo_f446re"      # the board that must answer
# device_samples = 1000        # for a slow board, see docs/reference/checks.md, "Evidence"
"""

_GATE = """\
[gate]
{runtime} # "tflm" computes what a microcontroller computes
{target} # the model that is to ship
# confidence = 0.95            # of every pass and every fail
# inconclusive = "hold"        # too few samples to tell: "hold" exits with 3
"""

_DEVICE_CHECKS = """\
# Every output byte of the device equals TensorFlow Lite Micro's.
[[gate.checks]]
metric = "parity"
limit = 0

# Working memory of an inference: what your board can spare.
[[gate.checks]]
metric = "ram_bytes"
limit = 65536

"""

_CHECKS = """\
# What your product needs.
[[gate.checks]]
metric = "accuracy"
limit = 0.9

# Against the float model of the same size: what int8 may cost.
[[gate.checks]]
metric = "accuracy_drop"
limit = 0.02

# The class that lost most. "regression" fails only on evidence of a violation.
[[gate.checks]]
metric = "class_accuracy_drop"
limit = 0.06
decision = "regression"

# Share of the errors that the two have in common.
[[gate.checks]]
metric = "jaccard"
limit = 0.5

# Whether its confidence can be believed.
[[gate.checks]]
metric = "ece"
limit = 0.1

# Against the largest model of the family: right there, wrong here.
[[gate.checks]]
metric = "negative_flip_rate"
reference = "largest"
limit = 0.15

[register]                     # a model that passes becomes a version of the MLflow registry
alias = "champion"
"""
