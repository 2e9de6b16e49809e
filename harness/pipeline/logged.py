"""What of each stage's result is logged to its MLflow run."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from export.model import ONNX_NAME, TFLITE_NAME
from harness.gate.verdict import Verdict
from harness.pipeline.candidate import Candidate
from harness.pipeline.stages import FLOAT_RUNTIME, ORACLE, read_artifact
from harness.predictions import Predictions
from harness.tracking.figures import answer_figures, float_figures, gate_figures, twin_figures
from harness.tracking.tracker import TrackedRun
from harness.training import HISTORY_NAME
from harness.training.history import EpochRecord, read_history
from reports.columns import VERDICT_WORDS
from reports.markdown import escaped
from reports.text import printable

NOTE_TAG = "mlflow.note.content"
"""MLflow shows it as the run's description."""
_LONGEST_NOTE = 7900  # MLflow keeps 8000 characters of a tag


def identity(candidate: Candidate) -> dict[str, str]:
    """Return the parameters by which a model's runs are told apart."""
    facts = {
        "family": candidate.family,
        "width": f"{candidate.width:g}",
        "seed": str(candidate.seed),
    }
    if candidate.pruned_from is not None:
        facts["pruned_from"] = f"{candidate.pruned_from:g}"
    return facts | ({"form": candidate.form.name} if candidate.form.name else {})


def curves(folder: Path) -> list[dict[str, float]]:
    """Return the figures of every epoch of a training, as `train/...`."""
    return [_epoch_figures(epoch) for epoch in read_history(folder / HISTORY_NAME)]


def _epoch_figures(epoch: EpochRecord) -> dict[str, float]:
    return {
        "train/loss": epoch.loss,
        "train/accuracy": epoch.accuracy,
        "train/learning_rate": epoch.learning_rate,
    }


def export_figures(folder: Path) -> dict[str, float | None]:
    """Return the sizes of an export: parameters, multiply-accumulates, bytes of its files."""
    artifact = read_artifact(folder)
    return {
        "parameters": artifact.parameters,
        "macs": artifact.macs,
        "onnx_bytes": (folder / ONNX_NAME).stat().st_size,
        "tflite_bytes": (folder / TFLITE_NAME).stat().st_size,
    }


def runtime_figures(
    runtime: str, answers: Mapping[str, Path], loaded: Path, export: Path
) -> dict[str, float]:
    """Return every figure of one model on one runtime.

    Args:
        runtime: which.
        answers: the model's Predictions files by runtime; float figures need `torch` among them,
            and those of the twin `tflm`.
        loaded: the file that the runtime loaded.
        export: folder of the model's export.

    """
    answered = Predictions.load(answers[runtime])
    figures = {"file_bytes": float(loaded.stat().st_size), **answer_figures(answered)}
    if FLOAT_RUNTIME in answers and runtime != FLOAT_RUNTIME:
        figures |= float_figures(answered, Predictions.load(answers[FLOAT_RUNTIME]))
    if ORACLE in answers and runtime != ORACLE:
        oracle = Predictions.load(answers[ORACLE])
        figures |= twin_figures(answered, oracle, read_artifact(export).output.scale)
    return figures


def log_verdict(run: TrackedRun, verdict: Verdict) -> None:
    """Log the verdict to a run: its tags, its description, and a metric per check and fact."""
    run.metrics(gate_figures(verdict))
    run.tags(
        {
            "tinygate.verdict": verdict.outcome,
            "tinygate.why": printable(verdict.headline),
            NOTE_TAG: in_words(verdict)[:_LONGEST_NOTE],
        }
    )


def in_words(verdict: Verdict) -> str:
    """Return the verdict as Markdown: the outcome, a sentence per check, and the notes."""
    lines = [f"**{VERDICT_WORDS[verdict.outcome]}**: {escaped(verdict.headline)}", ""]
    lines += [f"* {one.outcome}: {escaped(one.sentence)}" for one in verdict.checks]
    lines += ["", *(f"* {escaped(note)}" for note in verdict.notes)]
    return "\n".join(lines)
