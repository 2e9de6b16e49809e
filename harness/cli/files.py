"""The commands that work on files of any origin: evaluate, compare, gate, analyze."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, TypeVar

import typer

from harness.cli.pipeline import CLUSTER, DEFAULT_RUNS, RUNS, opened
from harness.errors import EXIT_PASS

T = TypeVar("T")

OPTIONAL_CONFIG = Annotated[
    Path | None,
    typer.Argument(help="A pipeline's TOML file, to run this stage of it.", metavar="CONFIG.toml"),
]


def add_commands(app: typer.Typer) -> None:
    """Register this group's commands."""
    for command in (evaluate, compare, gate, analyze):
        app.command()(command)


def evaluate(
    config: OPTIONAL_CONFIG = None,
    model: Annotated[
        Path | None, typer.Option(help="A .tflite, .onnx or .safetensors file.")
    ] = None,
    data: Annotated[Path | None, typer.Option(help="An .npz with images and labels.")] = None,
    runtime: Annotated[str | None, typer.Option(help="See tinygate doctor.")] = None,
    out: Annotated[Path | None, typer.Option(help="The Predictions file to write.")] = None,
    device: Annotated[
        list[str] | None,
        typer.Option(help="URL of a device, for --runtime device; repeat for several of a kind."),
    ] = None,
    board: Annotated[
        str | None, typer.Option(help="The board that must answer, for --runtime device.")
    ] = None,
    protocol: Annotated[
        str | None,
        typer.Option(help="tinygate, or mlperf-tiny for boards that carry that firmware."),
    ] = None,
    runs: RUNS = DEFAULT_RUNS,
    cluster: CLUSTER = None,
) -> int:
    """Run a model over a data set and write its Predictions: a file of yours, or a whole config."""
    if config is not None:
        given = {"device": device, "board": board, "protocol": protocol}
        _refuse_both(model=model, data=data, runtime=runtime, out=out, **given)
        with opened(config, runs, cluster) as pipeline:
            pipeline.evaluate()
        return EXIT_PASS
    from harness.cli.evaluate import DeviceOptions, evaluate_file

    return evaluate_file(
        _required("--model", model),
        _required("--data", data),
        _required("--runtime", runtime),
        _required("--out", out),
        DeviceOptions(tuple(device or ()), board, protocol or "tinygate"),
    )


def compare(
    reference: Annotated[Path, typer.Argument(metavar="REFERENCE.npz")],
    candidate: Annotated[Path, typer.Argument(metavar="CANDIDATE.npz")],
    json: Annotated[Path | None, typer.Option(help="Write the figures as JSON.")] = None,
) -> int:
    """Print every paired figure of two Predictions files over the same samples."""
    from harness.cli.compare import compare_files

    return compare_files(reference, candidate, json)


def gate(
    config: OPTIONAL_CONFIG = None,
    checks: Annotated[Path | None, typer.Option(help="A TOML file with [[checks]].")] = None,
    reference: Annotated[
        list[Path] | None,
        typer.Option(help="Predictions to compare with; repeat for other seeds of that model."),
    ] = None,
    candidate: Annotated[
        list[Path] | None,
        typer.Option(help="Predictions to judge; repeat for other seeds of the recipe."),
    ] = None,
    device_sample: Annotated[
        Path | None,
        typer.Option(help="What the device answered on a part, where the candidate is its twin."),
    ] = None,
    json: Annotated[Path | None, typer.Option(help="Write the verdict as JSON.")] = None,
    junit: Annotated[Path | None, typer.Option(help="Write the verdict as JUnit XML.")] = None,
    markdown: Annotated[Path | None, typer.Option(help="Write the verdict as Markdown.")] = None,
    html: Annotated[
        Path | None, typer.Option(help="Write the whole report as one HTML page.")
    ] = None,
    runs: RUNS = DEFAULT_RUNS,
) -> int:
    """Judge a candidate: exit code 0 pass, 1 fail, 3 inconclusive."""
    from harness.cli.gate import GateInputs, GateOutputs, gate_config, gate_files

    outputs = GateOutputs(json, junit, markdown, html)
    if config is not None:
        _refuse_both(
            checks=checks, reference=reference, candidate=candidate, device_sample=device_sample
        )
        return gate_config(config, runs, outputs)
    candidates = tuple(_required("--candidate", candidate or None))
    inputs = GateInputs(candidates, tuple(reference or ()), device_sample)
    return gate_files(_required("--checks", checks), inputs, outputs)


def analyze(
    runs: Annotated[
        list[Path] | None,
        typer.Argument(
            help="Folders of finished pipelines, runs/<name>: one sweep.", metavar="RUN..."
        ),
    ] = None,
    table: Annotated[
        Path | None,
        typer.Option(
            help="A CSV of accuracies instead: family, width, params, accuracy_percent_mean."
        ),
    ] = None,
    runtime: Annotated[
        str | None, typer.Option(help="Whose answers; torch where it has answered.")
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option(help="The sweep's config, for what takes the images: spectrum and ranks."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder for the results; by default RUN/analysis.")
    ] = None,
    saturated_below: Annotated[
        float,
        typer.Option(min=0, max=1, help="Share of the errors that a doubling must take away."),
    ] = 0.02,
    classes: Annotated[
        int | None, typer.Option(min=2, help="With --table: of the test set.")
    ] = None,
    samples_per_class: Annotated[
        int | None, typer.Option(min=1, help="With --table: test images of each class.")
    ] = None,
) -> int:
    """Write scaling laws, error overlaps, class spread and calibration of a finished sweep."""
    from harness.cli.analyze import SweepOptions, analyze_sweep, analyze_table
    from harness.scaling.analysis import Shape

    if (table is None) == (not runs):
        raise typer.BadParameter("give either RUN folders or --table T.csv")
    if table is None:
        if classes is not None or samples_per_class is not None:
            raise typer.BadParameter("--classes and --samples-per-class go with --table")
        return analyze_sweep(SweepOptions(tuple(runs or ()), runtime, config, saturated_below), out)
    if runtime is not None or config is not None:
        raise typer.BadParameter("--runtime and --config go with RUN folders")
    if (classes is None) != (samples_per_class is None):
        raise typer.BadParameter("--classes and --samples-per-class go together")
    shape = Shape(classes, samples_per_class) if classes and samples_per_class else None
    return analyze_table(table, shape, saturated_below, out)


def _required(name: str, value: T | None) -> T:
    if value is None:
        raise typer.BadParameter(f"{name} is required where no CONFIG.toml is given")
    return value


def _refuse_both(**given: object) -> None:
    for name, value in given.items():
        if value is not None:
            option = name.replace("_", "-")
            raise typer.BadParameter(f"--{option} does not go with a CONFIG.toml")
