"""The stages train, export and evaluate: each returns the folder or file of its result."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from export.artifact import Artifact
from export.conversion import DISTRIBUTIONS
from export.errors import ExportError, MissingConverterError
from export.form import DEFAULT_FORM
from export.model import ONNX_NAME, TFLITE_NAME, export_model
from harness.config import EvaluateConfig
from harness.errors import ArtifactError, MissingExtraError
from harness.evaluation import evaluate
from harness.files import write_json
from harness.pipeline.candidate import Candidate
from harness.pipeline.plan import Plan, load_plan, training_inputs
from harness.pipeline.store import Store, Unit
from harness.predictions import ModelRecord, Predictions
from harness.progress import Reporter
from harness.record import package_version
from harness.runtimes import Runtime, find_runtime
from harness.training import CHECKPOINT_NAME
from models import ModelError

if TYPE_CHECKING:
    from harness.training.history import EpochRecord
    from harness.training.task import Start

ARTIFACT = "artifact.json"
PREDICTIONS = "predictions.npz"
ANSWERS = "answers.partial"
"""Beside them while a device answers: what a run that is stopped keeps."""
ORACLE = "tflm"
"""The runtime that computes what the microcontroller computes."""
FLOAT_RUNTIME = "torch"
"""The runtime of the weights as they were trained."""

_CHECK_SAMPLES = 64


def open_stages(
    config_path: Path, runs: Path, reporter: Reporter, device: str | None = None
) -> Stages:
    """Return the stages of a config, training on `device` where that is given."""
    plan = load_plan(config_path)
    if device is not None:
        train = plan.config.train.model_copy(update={"device": device})
        plan = dataclasses.replace(plan, config=plan.config.model_copy(update={"train": train}))
    return Stages(plan, Store(runs / plan.config.name), reporter)


def read_artifact(folder: Path) -> Artifact:
    """Return what the export in `folder` is: shapes, quantization, operators, sizes.

    Raises:
        InvalidModelFileError, ValueError, OSError: not the record of an export.

    """
    return Artifact.from_json(json.loads((folder / ARTIFACT).read_text(encoding="utf-8")))


@contextlib.contextmanager
def _translated() -> Iterator[None]:
    """Turn the errors of `export` and `models` into ours."""
    try:
        yield
    except MissingConverterError as error:
        raise MissingExtraError(error.package, error.extra) from error
    except (ExportError, ModelError) as error:
        raise ArtifactError(str(error)) from error


@dataclasses.dataclass(frozen=True, eq=False)
class Stages:
    """The three stages over one plan and one store."""

    plan: Plan
    store: Store
    reporter: Reporter

    def has(self, stage: str, candidate: Candidate) -> bool:
        """Whether a candidate's training or export is done."""
        if candidate.parent is not None and not self.has("train", candidate.parent):
            return False
        if not self.store.has(self._train_unit(candidate)):
            return False
        return stage == "train" or self.store.has(self._export_unit(candidate))

    def train(self, candidate: Candidate) -> Path:
        """Train one candidate, or find it trained; return the folder of its checkpoint.

        Of a pruned one, the parent first.
        """
        if candidate.parent is not None:
            self.train(candidate.parent)
        unit = self._train_unit(candidate)
        return self.store.build(unit, lambda folder: self._train(candidate, folder))

    def export(self, candidate: Candidate) -> Path:
        """Export one candidate; return the folder with the ONNX, TFLite and artifact files."""
        self.train(candidate)
        unit = self._export_unit(candidate)
        return self.store.build(unit, lambda folder: self._export(candidate, folder))

    def require_converters(self) -> None:
        """Raise MissingExtraError where a converter is not installed: before hours of training."""
        from export.tf import process

        wanted = {form.converter for form in self.plan.config.export.forms}
        if "tensorflow" in wanted and not process.is_installed():
            raise MissingExtraError(process.PACKAGE, "tensorflow")

    def training_key(self, candidate: Candidate) -> str:
        """Return a key of a candidate's training: the same config and data give the same."""
        return Unit("train", candidate.trained.name, training_inputs(self.plan, candidate)).key

    def _train_unit(self, candidate: Candidate) -> Unit:
        inputs = training_inputs(self.plan, candidate)
        if candidate.parent is not None:
            inputs["parent"] = self.store.digest(self._checkpoint(candidate.parent))
        return Unit("train", candidate.trained.name, inputs)

    def _export_unit(self, candidate: Candidate) -> Unit:
        inputs = {
            "checkpoint": self.store.digest(self._checkpoint(candidate)),
            "calibration": self.plan.dataset.calibration.digest,
            "limits": self.plan.config.export.limits(),
            "converters": {
                name: package_version(name) for name in DISTRIBUTIONS[candidate.form.converter]
            },
        }
        if candidate.form.name:  # so that the results of others stay found
            inputs["form"] = dataclasses.asdict(candidate.form)
        return Unit("export", candidate.name, inputs)

    def _checkpoint(self, candidate: Candidate) -> Path:
        return self.store.folder(self._train_unit(candidate)) / CHECKPOINT_NAME

    def artifact(self, candidate: Candidate, runtime: str) -> Path:
        """Return the file that `runtime` loads for one candidate."""
        candidate, suffix = self._asked(candidate, runtime), self._runtime(runtime).suffix
        if suffix == ".safetensors":
            return self.train(candidate) / CHECKPOINT_NAME
        return self.export(candidate) / {".onnx": ONNX_NAME, ".tflite": TFLITE_NAME}[suffix]

    def evaluate(self, candidate: Candidate, runtime: str) -> Path:
        """Run one candidate on one runtime over the test split; return the Predictions file."""
        candidate = self._asked(candidate, runtime)
        artifact = self.artifact(candidate, runtime)
        unit = self._evaluate_unit(candidate, runtime, artifact)

        def work(folder: Path) -> None:
            model = self._model_record(candidate)
            self._evaluate(candidate.name, model, runtime, artifact, folder / PREDICTIONS)

        return self.store.build(unit, work) / PREDICTIONS

    def predictions(self, candidate: Candidate, runtime: str) -> Predictions:
        """Return what one candidate answered on one runtime, evaluating it if need be."""
        return Predictions.load(self.evaluate(candidate, runtime))

    def evaluate_other(self, name: str, artifact: Path, runtime: str) -> Path:
        """Run a file that is no candidate's over the test split; return the Predictions file.

        `artifact` is a file of a finished unit. The result is kept apart from those of the sweep.
        """
        unit = Unit("reference", f"{name}-{runtime}", self._evaluate_inputs(runtime, artifact))

        def work(folder: Path) -> None:
            self._evaluate(name, None, runtime, artifact, folder / PREDICTIONS)

        return self.store.build(unit, work) / PREDICTIONS

    def has_answers(self, candidate: Candidate, runtime: str) -> bool:
        """Whether an exported candidate's evaluation is done."""
        candidate = self._asked(candidate, runtime)
        artifact = self.artifact(candidate, runtime)
        return self.store.has(self._evaluate_unit(candidate, runtime, artifact))

    def _asked(self, candidate: Candidate, runtime: str) -> Candidate:
        """Return whom a runtime answers for: one that loads no .tflite knows no forms of it."""
        return candidate if self._runtime(runtime).suffix == ".tflite" else candidate.trained

    def _evaluate_unit(self, candidate: Candidate, runtime: str, artifact: Path) -> Unit:
        inputs = self._evaluate_inputs(runtime, artifact)
        return Unit("evaluate", f"{candidate.name}-{runtime}", inputs)

    def _evaluate_inputs(self, runtime: str, artifact: Path) -> dict[str, Any]:
        return {
            "artifact": self.store.digest(artifact),
            "data": self.plan.split(runtime).digest,
            "runtime": runtime,
            "version": self._runtime(runtime).version,
            "options": self._options(runtime),
        }

    def _runtime(self, name: str) -> Runtime:
        """Return a runtime; a checkpoint of this pipeline may name a class of the user's own."""
        return find_runtime(name, self._options(name))

    def _options(self, runtime: str) -> dict[str, Any]:
        if runtime == "device":
            wanted = self.plan.config.evaluate
            options = {"devices": wanted.devices, "board": wanted.board}
            other = wanted.protocol != EvaluateConfig().protocol  # results of before stay found
            return options | ({"protocol": wanted.protocol} if other else {})
        return {"allow_custom": True} if runtime == "torch" else {}

    def _train(self, candidate: Candidate, folder: Path) -> None:
        group = self.plan.trained_with(candidate)
        if len(group) == 1:
            self._train_alone(candidate, folder)
            return
        from harness.training.together import folder_of

        own = folder_of(self._trained_together(group), candidate.seed)
        for path in own.iterdir():
            shutil.copyfile(path, folder / path.name)

    def _trained_together(self, group: Sequence[Candidate]) -> Path:
        """Train these seeds as one network, or find them trained; return their common folder."""
        name = f"{group[0].size}-{len(group)}-seeds"
        unit = Unit("together", name, training_inputs(self.plan, group[0]))
        return self.store.build(unit, lambda folder: self._train_together(group, folder))

    def _train_together(self, group: Sequence[Candidate], folder: Path) -> None:
        from harness.training.task import Task
        from harness.training.together import train_together

        config, plan, first = self.plan.config.train, self.plan, group[0]
        title = f"train     {first.size}, {len(group)} seeds"
        task = Task(config, plan.spec(first), plan.dataset, plan.preprocessing)
        with self.reporter.task(title, config.epochs) as advance, _translated():
            train_together(
                task,
                [one.seed for one in group],
                folder,
                lambda epochs: advance(epochs[0].epoch, f"loss {_range(epochs)}"),
            )

    def _train_alone(self, candidate: Candidate, folder: Path) -> None:
        from harness.training.train import train_model

        config, plan = self.plan.train_config(candidate), self.plan
        pruned = candidate.pruned_from is not None
        title = f"{'fine-tune' if pruned else 'train    '} {candidate.trained.name}"
        with self.reporter.task(title, config.epochs) as advance, _translated():
            train_model(
                config,
                plan.spec(candidate),
                plan.dataset,
                plan.preprocessing,
                seed=candidate.seed,
                folder=folder,
                start=self._start(candidate),
                on_epoch=lambda epoch: advance(epoch.epoch, f"loss {epoch.loss:.3f}"),
            )

    def _start(self, candidate: Candidate) -> Start | None:
        """Return the weights that a pruned model's fine-tuning starts from."""
        if candidate.parent is None:
            return None
        from harness.training.pruning import pruned_start

        checkpoint = self._checkpoint(candidate.parent)
        return pruned_start(checkpoint, self.store.digest(checkpoint), self.plan.spec(candidate))

    def _export(self, candidate: Candidate, folder: Path) -> None:
        from harness.runtimes.tflm import run_int8
        from harness.training.checkpoint import load_model

        loaded = load_model(self._checkpoint(candidate), allow_custom=True)
        calibration = self.plan.preprocessing.apply(self.plan.dataset.calibration.images)
        with self.reporter.task(f"export    {candidate.name}", 1) as advance, _translated():
            artifact = export_model(
                loaded.module,
                loaded.spec,
                loaded.preprocessing,
                calibration,
                calibration[:_CHECK_SAMPLES],
                folder,
                self.plan.config.export,
                run_int8=run_int8,
                form=candidate.form,
            )
            advance(1, "")
        write_json(folder / ARTIFACT, artifact.to_json())

    def artifact_record(self, candidate: Candidate) -> Artifact:
        """Return what the export of a candidate is: shapes, quantization, operators, sizes."""
        return read_artifact(self.export(candidate))

    def _evaluate(
        self, name: str, model: ModelRecord | None, runtime: str, artifact: Path, out: Path
    ) -> None:
        test = self.plan.split(runtime)
        title = f"evaluate  {name} on {runtime}"
        with (
            self.reporter.task(title, len(test)) as advance,
            self._runtime(runtime).load(artifact) as session,
        ):
            predictions = evaluate(
                session,
                test,
                data_name=self.plan.dataset.name,
                model=model,
                progress=advance,
                keep=out.with_name(ANSWERS),
            )
        predictions.save(out)
        out.with_name(ANSWERS).unlink(missing_ok=True)

    def _model_record(self, candidate: Candidate) -> ModelRecord:
        artifact, form = self.artifact_record(candidate), candidate.form
        usual = DEFAULT_FORM
        return ModelRecord(
            family=candidate.family,
            width=candidate.width,
            seed=candidate.seed,
            parameters=artifact.parameters,
            macs=artifact.macs,
            pruned_from=candidate.pruned_from,
            quantization=None if form.quantization == usual.quantization else form.quantization,
            converter=None if form.converter == usual.converter else form.converter,
        )


def _range(epochs: Sequence[EpochRecord]) -> str:
    losses = [epoch.loss for epoch in epochs]
    return f"{min(losses):.3f} to {max(losses):.3f}"
