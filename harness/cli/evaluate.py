"""`tinygate evaluate --model ...`: one model file over one data file on one runtime."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from harness.cli.console import console
from harness.data.npz import load_npz_split
from harness.errors import EXIT_PASS, ArtifactError, UserError
from harness.evaluation import evaluate
from harness.gate.verdict import Evidence
from harness.metrics import summarize
from harness.progress import Reporter
from harness.runtimes import find_runtime


@dataclasses.dataclass(frozen=True)
class DeviceOptions:
    """Which devices answer, over which protocol, and which board they must be."""

    devices: tuple[str, ...] = ()
    board: str | None = None
    protocol: str = "tinygate"


def evaluate_file(model: Path, data: Path, runtime: str, out: Path, device: DeviceOptions) -> int:
    """Write the Predictions of `model` on `data` to `out` and print the headline figures.

    What devices answer is kept in `<out>.partial` until all is there.
    """
    if runtime != "device" and device != DeviceOptions():
        raise UserError(
            f"--device, --board and --protocol go with --runtime device, not with {runtime}"
        )
    runner = find_runtime(runtime, dataclasses.asdict(device) if runtime == "device" else {})
    if model.suffix != runner.suffix:
        raise ArtifactError(f"{model}: runtime {runtime} takes {runner.suffix} files")
    split = load_npz_split(data)
    reporter = Reporter(console())
    title, keep = f"{model.name} on {runtime}", out.with_name(out.name + ".partial")
    with runner.load(model) as session, reporter.task(title, len(split)) as advance:
        predictions = evaluate(session, split, progress=advance, keep=keep)
    predictions.save(out)
    keep.unlink(missing_ok=True)
    summary = summarize(predictions)
    reporter.line(
        f"{out}: {len(predictions)} samples, accuracy {summary.accuracy:.4f}, ECE {summary.ece:.4f}"
    )
    if predictions.meta.device is not None:
        for name, value in predictions.meta.device.figures().items():
            reporter.line(f"  {name:<24}{value:>16,.10g}")
        if caveat := Evidence.of(predictions).caveat:
            reporter.line(f"  artifact {caveat}")
    return EXIT_PASS
