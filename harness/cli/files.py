"""The commands that work on files of any origin, and on a config: evaluate, compare, gate."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, TypeVar

import typer

from harness.cli.pipeline import DEFAULT_RUNS, RUNS, opened
from harness.errors import EXIT_PASS

T = TypeVar("T")

OPTIONAL_CONFIG = Annotated[
    Path | None,
    typer.Argument(help="A pipeline's TOML file, to run this stage of it.", metavar="CONFIG.toml"),
]


def add_commands(app: typer.Typer) -> None:
    """Register this group's commands."""
    for command in (evaluate, compare, gate):
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
) -> int:
    """Run a model over a data set and write its Predictions: a file of yours, or a whole config."""
    if config is not None:
        given = {"device": device, "board": board, "protocol": protocol}
        _refuse_both(model=model, data=data, runtime=runtime, out=out, **given)
        with opened(config, runs) as pipeline:
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
    runs: RUNS = DEFAULT_RUNS,
) -> int:
    """Judge a candidate: exit code 0 pass, 1 fail, 3 inconclusive."""
    from harness.cli.gate import GateInputs, GateOutputs, gate_config, gate_files

    outputs = GateOutputs(json, junit, markdown)
    if config is not None:
        _refuse_both(
            checks=checks, reference=reference, candidate=candidate, device_sample=device_sample
        )
        return gate_config(config, runs, outputs)
    candidates = tuple(_required("--candidate", candidate or None))
    inputs = GateInputs(candidates, tuple(reference or ()), device_sample)
    return gate_files(_required("--checks", checks), inputs, outputs)


def _required(name: str, value: T | None) -> T:
    if value is None:
        raise typer.BadParameter(f"{name} is required where no CONFIG.toml is given")
    return value


def _refuse_both(**given: object) -> None:
    for name, value in given.items():
        if value is not None:
            option = name.replace("_", "-")
            raise typer.BadParameter(f"--{option} does not go with a CONFIG.toml")
