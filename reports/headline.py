"""What was gated, in one glance: model, size, target, data and evidence."""

from __future__ import annotations

from collections.abc import Iterator

from harness.gate.verdict import Evidence, Verdict
from harness.predictions import DeviceRecord
from reports.columns import inference_count, size_of_file
from reports.report import Report, RuntimeRow
from reports.text import quantity

_HASH_SHOWN = 12


def headline_facts(report: Report) -> tuple[tuple[str, str], ...]:
    """Return (name, value) for the head of the page; empty where nothing was gated."""
    if report.verdict is None:
        return ()
    subject = report.verdict.subject
    facts = {
        "Model": _model(subject),
        "Size": _size(report, subject),
        "Target": _target(report, subject),
        "Data": _data(subject),
        "Evidence": _evidence(report.verdict),
    }
    return tuple((name, value) for name, value in facts.items() if value)


def _model(subject: Evidence) -> str:
    model = subject.model
    if model is None:
        return "not stated"
    return f"{model.family}, width {model.width:g}, seed {model.seed}"


def _size(report: Report, subject: Evidence) -> str:
    row, model = _row(report, subject), subject.model
    file_bytes = row.file_bytes if row else None
    facts = [
        f"{model.parameters:,} parameters" if model and model.parameters is not None else "",
        f"{quantity(model.macs)} MACs" if model and model.macs is not None else "",
        f"{size_of_file(file_bytes)} file" if file_bytes is not None else "",
    ]
    return ", ".join(filter(None, facts)) or "not stated"


def _row(report: Report, subject: Evidence) -> RuntimeRow | None:
    model = subject.model
    for row in report.rows:
        same = model and (row.family, row.width, row.seed) == (
            model.family,
            model.width,
            model.seed,
        )
        if same and subject.runtime and row.runtime == subject.runtime.name:
            return row
    return None


def _target(report: Report, subject: Evidence) -> str:
    device = target_device(report)
    if device is None:
        return f"{subject.runtime.name} on the host" if subject.runtime else "not stated"
    kind = "emulated " if device.emulated else ""
    count = inference_count(device)
    return f"{kind}{device.board}, {device.core}" + (f", {count} an inference" if count else "")


def target_device(report: Report) -> DeviceRecord | None:
    """Return the device the verdict is about; None on the host."""
    if report.verdict is None:
        return None
    subject = report.verdict.subject
    return subject.device or (subject.twin.device if subject.twin else None)


def _data(subject: Evidence) -> str:
    named = " ".join(filter(None, (subject.data_name, subject.split)))
    return ", ".join(
        filter(None, (named, f"{subject.samples:,} samples", f"{subject.classes:,} classes"))
    )


def _evidence(verdict: Verdict) -> str:
    return ", ".join(_evidence_facts(verdict))


def _evidence_facts(verdict: Verdict) -> Iterator[str]:
    subject = verdict.subject
    if subject.runtime:
        yield f"answered on {subject.runtime.name}"
    if subject.artifact_sha256:
        verified = "verified" if "artifact_sha256" in subject.verified else "by its own word"
        yield f"artifact {subject.artifact_sha256[:_HASH_SHOWN]} ({verified})"
    confidences = {check.confidence for check in verdict.checks if check.confidence is not None}
    if confidences:
        yield f"{100 * min(confidences):.4g} % confidence"
