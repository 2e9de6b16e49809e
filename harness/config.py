"""The configuration of a pipeline: one frozen type per table of the TOML file, read strictly."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from harness.compression_config import (
    FLOAT_TFLITE_RUNTIMES,
    ExportConfig,
    PruneConfig,
    check_form,
)
from harness.errors import ConfigError
from harness.gate.checks import DEVICE, TFLM, GateConfig
from harness.problems import first_problem
from harness.table import Table
from harness.tracking.config import RegisterConfig, TrackConfig
from harness.training.config import TrainConfig
from models import FAMILIES

_MAX_CONFIG_BYTES = 1 << 20
_MAX_DRAWN = 1_000_000  # 3 GB of 32x32 colour images


Fraction = Annotated[float, Field(gt=0, lt=1)]
Side = Annotated[int, Field(ge=1, le=4096)]


class DataConfig(Table):
    """`[data]`: which images, and how they are split."""

    source: str
    """`digits`, `glyphs100`, `npz`, `image-folder`, `cifar10`, `cifar100`, `cifar100-c`,
    `tiny-imagenet` or `speech-commands`."""
    path: Path | None = None
    """Folder, archive or `.npz`; relative to the config file. glyphs100: where its images are kept,
    by default the user's folder for caches."""
    test_path: Path | None = None
    """npz, image-folder: a second file or folder that holds the test split. cifar100-c: where
    CIFAR-100-C is; by default in `path`, beside CIFAR-100."""
    download: bool = False
    """Published archives only: fetch the archive into `path` when it is not there."""
    image_size: tuple[Side, Side] | None = None
    """image-folder only: height and width that every image is resized to."""
    corruption: str | None = None
    """cifar100-c only: the corruption of the test images, such as `fog`."""
    severity: int | None = Field(default=None, ge=1, le=5)
    """cifar100-c only: how strong the corruption is."""
    classes: Literal[12, 35] | None = None
    """speech-commands only: 12 (ten words, silence, unknown; the default) or all 35 words."""
    train_samples: int = Field(default=50_000, ge=1, le=_MAX_DRAWN)
    """glyphs100 only: how many images are drawn to train and calibrate with."""
    test_samples: int = Field(default=10_000, ge=1, le=_MAX_DRAWN)
    """glyphs100 only: how many images are drawn for the test split."""
    test_fraction: Fraction = 0.25
    """Where the source has no test split of its own."""
    calibration_samples: int = Field(default=256, ge=1)
    """Held out of the training images, to set the ranges of the int8 model."""
    seed: int = Field(default=0, ge=0)
    """Draws the splits."""
    normalize: Literal["train", "none"] = "train"
    """`train`: subtract the mean and divide by the deviation of the training split, by channel."""

    @field_validator("path", "test_path")
    @classmethod
    def _relative_to_config(cls, path: Path | None, info: ValidationInfo) -> Path | None:
        if path is None:
            return None
        base = (info.context or {}).get("folder", Path())
        return Path(base) / path.expanduser()


class FamilyConfig(Table):
    """One `[[models]]` table: a family at several widths and seeds."""

    family: str
    """`scale_cnn`, `mobilenet_v2`, or a class of your own as `package.module:Class`."""
    widths: tuple[float, ...] = Field(min_length=1)
    """Sizes to train; what a width is, the family says."""
    seeds: tuple[int, ...] = Field(default=(0,), min_length=1)
    """Each size is trained once from every seed."""
    pruned_from: float | None = Field(default=None, gt=0)
    """Cut these widths out of the trained model of this width and the same seed, instead of
    training them from the start: its most important channels, then fine-tuned as `[prune]` says.
    Another table trains that model."""

    @model_validator(mode="after")
    def _pruned_are_narrower(self) -> FamilyConfig:
        if self.pruned_from is not None and max(self.widths) >= self.pruned_from:
            raise ValueError(
                f"width {max(self.widths):g} cannot be cut out of width {self.pruned_from:g}; give "
                "widths below it"
            )
        return self

    @field_validator("family")
    @classmethod
    def _known(cls, family: str) -> str:
        if ":" not in family and family not in FAMILIES:
            raise ValueError(
                f"unknown family; known: {', '.join(FAMILIES)}, or a class of your own as "
                "package.module:Class"
            )
        return family

    @field_validator("widths", "seeds")
    @classmethod
    def _no_twins(cls, values: tuple[float, ...]) -> tuple[float, ...]:
        if len(set(values)) != len(values):
            raise ValueError("values must not repeat")
        if min(values) < 0:
            raise ValueError("values must not be negative")
        return values


class EvaluateConfig(Table):
    """`[evaluate]`: where every model is run on the test split."""

    runtimes: tuple[str, ...] = Field(
        default=("torch", "onnxruntime", "litert", "litert-ref", "tflm"), min_length=1
    )
    """What computes the answers; `torch` is the float reference, `tflm` what a device computes."""
    devices: tuple[str, ...] = ()
    """URLs of the devices that the runtime `device` uses, all of one kind: `qemu://mps2-an386`,
    `/dev/ttyACM0`, `socket://host:port`. A lone emulator is started once per core."""
    board: str | None = None
    """Name of the board that must answer; an emulator's URL names it already."""
    device_samples: int | None = Field(default=None, ge=1)
    """How many test samples, drawn at random by `data.seed`, the device answers; by default all.
    The gate's runtime is then the device's bit-exact twin, `tflm`, for all of them."""
    protocol: str = "tinygate"
    """What the devices speak: `tinygate`, or `mlperf-tiny` for boards with MLPerf Tiny firmware."""


class Config(Table):
    """A whole pipeline."""

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    """Names the folder under `runs/`, the experiment and the registered model."""
    data: DataConfig
    models: tuple[FamilyConfig, ...] = Field(min_length=1)
    train: TrainConfig = TrainConfig()
    prune: PruneConfig = PruneConfig()
    export: ExportConfig = ExportConfig()
    evaluate: EvaluateConfig = EvaluateConfig()
    gate: GateConfig | None = None
    track: TrackConfig = TrackConfig()
    register_: RegisterConfig = Field(default=RegisterConfig(), alias="register")

    @model_validator(mode="after")
    def _device_is_named(self) -> Config:
        if "device" in self.evaluate.runtimes and not self.evaluate.devices:
            raise ValueError("evaluate.runtimes has 'device', but evaluate.devices names none")
        return self

    @model_validator(mode="after")
    def _sampled_device_has_a_twin(self) -> Config:
        if self.evaluate.device_samples is None:
            return self
        if "device" not in self.evaluate.runtimes:
            raise ValueError("evaluate.device_samples needs 'device' among evaluate.runtimes")
        if self.gate is not None:
            _check_twin(self.gate)
        return self

    @model_validator(mode="after")
    def _float_files_run_somewhere(self) -> Config:
        runtimes = self.evaluate.runtimes
        if "float" in self.export.quantize and not set(runtimes) & {*FLOAT_TFLITE_RUNTIMES}:
            raise ValueError(
                "export.quantize has 'float', which runs on "
                f"{' and '.join(FLOAT_TFLITE_RUNTIMES)} alone; add one to evaluate.runtimes"
            )
        return self

    @model_validator(mode="after")
    def _parents_are_trained(self) -> Config:
        plain = [one for one in self.models if one.pruned_from is None]
        trained = {(one.family, w, seed) for one in plain for w in one.widths for seed in one.seeds}
        for one in self.models:
            needed = {(one.family, one.pruned_from, seed) for seed in one.seeds}
            missing = sorted(seed for _, _, seed in needed - trained)
            if one.pruned_from is not None and missing:
                raise ValueError(
                    f"models of {one.family} are pruned from width {one.pruned_from:g}, but no "
                    f"[[models]] table trains that width with the seeds {missing}; add it"
                )
        return self

    @model_validator(mode="after")
    def _gate_target_is_trained(self) -> Config:
        if self.gate is None:
            return self
        target = self.gate.target
        if not any(
            target.names(family.family, width, seed, family.pruned_from)
            for family in self.models
            for width in family.widths
            for seed in family.seeds
        ):
            raise ValueError(f"gate.target {target.words} is not among [[models]]")
        if target.quantization not in self.export.quantize:
            raise ValueError(
                f"gate.target.quantization {target.quantization!r} is not among export.quantize "
                f"{list(self.export.quantize)}"
            )
        if target.form not in self.export.forms:
            raise ValueError(
                f"gate.target is to be the {target.form.name} .tflite, which is not made: set "
                f"export.converter = {target.converter!r}, which makes an int8 one"
            )
        if self.gate.runtime not in self.evaluate.runtimes:
            raise ValueError(
                f"gate.runtime {self.gate.runtime!r} is not among evaluate.runtimes "
                f"{list(self.evaluate.runtimes)}"
            )
        check_form(target.form, self.gate.runtime)
        return self


def _check_twin(gate: GateConfig) -> None:
    if gate.runtime != TFLM:
        raise ValueError(
            "evaluate.device_samples leaves samples out on the device, so the gate's runtime is "
            f"its bit-exact twin: set gate.runtime = {TFLM!r}"
        )
    if not any((one.metric, one.reference) == ("parity", DEVICE) for one in gate.checks):
        raise ValueError(
            "evaluate.device_samples needs a check that the device and its twin agree: add one "
            f"with metric = 'parity', reference = {DEVICE!r} and a limit above 0"
        )


def load_config(path: Path) -> Config:
    """Read a pipeline's TOML file; its relative paths are relative to it.

    Raises:
        ConfigError: no such file, not TOML, an unknown key or a value that is not allowed; one line
            with the file, the key, what was expected and what came.

    """
    return parse_config(read_toml(path), path)


def parse_config(content: dict[str, Any], path: Path) -> Config:
    """Return the pipeline of a TOML file's content; `path` is where that stands, or will stand.

    Raises:
        ConfigError: an unknown key or a value that is not allowed.

    """
    try:
        return Config.model_validate(content, context={"folder": path.parent})
    except ValidationError as error:
        raise ConfigError(f"{path}: {first_problem(error)}") from error


def read_toml(path: Path) -> dict[str, Any]:
    """Return the content of a TOML file; ConfigError where there is none or it is not TOML."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror})") from error
    if len(content) > _MAX_CONFIG_BYTES:
        raise ConfigError(f"{path}: {len(content)} bytes, a config has at most {_MAX_CONFIG_BYTES}")
    try:
        return tomllib.loads(content.decode("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise ConfigError(f"{path}: not a TOML file ({error})") from error
