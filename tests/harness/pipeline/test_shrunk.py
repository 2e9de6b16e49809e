"""A sweep whose models are pruned and quantized in several ways, from config to analysis."""

from __future__ import annotations

import csv
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

import pytest
from rich.console import Console

from export.form import DEFAULT_FORM, Form
from harness.cli.main import run
from harness.gate.decide import Case
from harness.pipeline.candidate import Candidate
from harness.pipeline.jobs import Job
from harness.pipeline.plan import load_plan
from harness.pipeline.run import Pipeline
from harness.pipeline.stages import Stages
from harness.pipeline.store import Store, read_record
from harness.pipeline.sweep import Sweep
from harness.predictions import Predictions
from harness.progress import Reporter
from tests.harness.pipeline import small

CONFIG = """
name = "small"
[data]
source = "digits"
test_fraction = 0.3
calibration_samples = 64
[[models]]
family = "mine:TwoLayers"
widths = [4]
pruned_from = 6
[[models]]
family = "mine:TwoLayers"
widths = [4, 6]
[train]
epochs = 3
learning_rate = 0.05
checkpoint_every_epochs = 1
[train.augment]
crop_padding = 0
flip = false
cutout = 0
[export]
quantize = ["int8-per-tensor", "int8", "float"]
[evaluate]
runtimes = ["torch", "litert", "tflm"]
[gate]
runtime = "tflm"
target = { family = "mine:TwoLayers", width = 4, pruned_from = 6, quantization = "int8-per-tensor" }
[[gate.checks]]
metric = "accuracy_drop"
limit = 0.3
[[gate.checks]]
metric = "negative_flip_rate"
reference = "largest"
limit = 0.99
"""
PRUNED = Candidate("mine:TwoLayers", 4, 0, pruned_from=6)
TRAINED, PARENT = Candidate("mine:TwoLayers", 4, 0), Candidate("mine:TwoLayers", 6, 0)


def stages_of(folder: Path, text: str = CONFIG) -> Stages:
    plan = load_plan(small.write(folder, text))
    return Stages(plan, Store(folder / "runs" / "small"), Reporter(Console(quiet=True)))


def test_every_model_is_a_candidate_in_every_form_the_usual_one_first(tmp_path: Path) -> None:
    plan = stages_of(tmp_path).plan
    assert plan.candidates == (PRUNED, TRAINED, PARENT)
    others = [Form("int8-per-tensor"), Form("float")]
    assert plan.converted == tuple(
        one.in_form(form) for form in (DEFAULT_FORM, *others) for one in plan.candidates
    )
    assert PRUNED.name == "mine.TwoLayers-4-from-6-s0"
    assert PRUNED.in_form(others[0]).name == "mine.TwoLayers-4-from-6-s0-int8-per-tensor"
    runtimes = [plan.runtimes(TRAINED.in_form(form)) for form in (DEFAULT_FORM, *others)]
    assert runtimes == [("torch", "litert", "tflm"), ("litert", "tflm"), ("litert",)]
    assert plan.target == PRUNED.in_form(others[0])
    assert plan.largest_like(PRUNED) == PARENT


def test_a_pruned_model_brings_its_parent_and_is_another_with_another_parent(
    tmp_path: Path,
) -> None:
    stages = stages_of(tmp_path)
    assert not stages.has("train", PRUNED)
    folder = stages.train(PRUNED)
    assert stages.has("train", PARENT)
    parent = stages.store.digest(stages.train(PARENT) / "checkpoint.safetensors")
    assert read_record(folder)["inputs"]["parent"] == parent
    other = stages_of(tmp_path, CONFIG.replace("learning_rate = 0.05", "learning_rate = 0.04"))
    assert other.training_key(PRUNED) != stages.training_key(PRUNED)
    assert not other.has("train", PRUNED)
    slower = stages_of(tmp_path, CONFIG + "[prune]\nepochs = 2\n")
    assert slower.has("train", PARENT)
    assert not slower.has("train", PRUNED)


def test_other_forms_do_not_change_what_names_the_usual_export(tmp_path: Path) -> None:
    one = stages_of(tmp_path, CONFIG.replace('quantize = ["int8-per-tensor", "int8", "float"]', "")
        .replace(', quantization = "int8-per-tensor"', ""))  # fmt: skip
    several = stages_of(tmp_path)
    one.train(TRAINED)
    usual = one._export_unit(TRAINED)
    assert several._export_unit(TRAINED).key == usual.key
    assert set(usual.inputs) == {"checkpoint", "calibration", "limits", "converters"}
    assert several._export_unit(TRAINED.in_form(Form("float"))).key != usual.key


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a sweep of which every model answered wherever it can."""
    folder = tmp_path_factory.mktemp("shrunk")
    stages = stages_of(folder)
    for candidate in stages.plan.converted:
        for runtime in stages.plan.runtimes(candidate):
            stages.evaluate(candidate, runtime)
    return folder


def test_a_pruned_model_in_another_form_can_be_what_ships(ran: Path) -> None:
    """Its float reference is the pruned network itself, the largest its parent."""
    pipeline = Pipeline.open(ran / "c.toml", ran / "runs", Console(quiet=True))
    references = pipeline.judging._references()
    named = {name: one.meta.model.identity for name, one in references.items() if one.meta.model}
    assert named == {
        "float": ("mine:TwoLayers", 4, 0, "pruned-6"),
        "largest": ("mine:TwoLayers", 6, 0, ""),
    }
    target = pipeline.stages.predictions(pipeline.plan.target, "tflm")
    verdict = pipeline.judging.verdict(Case(target, references))
    assert [one.outcome for one in verdict.checks] == ["pass", "pass"]
    words = "mine:TwoLayers width 4 seed 0 pruned-6+int8-per-tensor on tflm"
    assert verdict.subject.label == words


def test_jobs_of_pruned_models_come_after_those_of_their_parents(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waves: list[list[str]] = []

    def run_here(_: object, jobs: list[Job], on_done: Callable[[Job], None], **__: object) -> None:
        waves.append([job.name for job in jobs])
        for job in jobs:
            stages.train(stages.plan.converted[job.candidate])
            on_done(job)

    stages = stages_of(tmp_path)
    monkeypatch.setattr("harness.pipeline.sweep.run_jobs", run_here)
    monkeypatch.setattr(Sweep, "_executor", lambda *_: nullcontext((None, None)))
    seen: list[Candidate] = []
    sweep = Sweep(tmp_path / "c.toml", tmp_path / "runs", stages)
    sweep.bring("train", stages.plan.candidates, seen.append)
    assert waves == [[TRAINED.name, PARENT.name], [PRUNED.name]]
    assert seen == [TRAINED, PARENT, PRUNED]


def test_predictions_say_how_their_model_was_made(ran: Path) -> None:
    variants = set()
    for path in (ran / "runs/small/evaluate").glob("*/predictions.npz"):
        meta = Predictions.load(path).meta
        assert meta.model is not None
        assert meta.runtime is not None
        variants.add((meta.runtime.name, meta.model.width, meta.model.variant))
    forms = {"torch": [""], "tflm": ["", "int8-per-tensor"]}
    forms["litert"] = [*forms["tflm"], "float"]
    assert variants == {
        (runtime, width, "+".join(part for part in (cut, form) if part))
        for runtime, some in forms.items()
        for form in some
        for width, cut in ((4, ""), (6, ""), (4, "pruned-6"))
    }


def test_the_analysis_keeps_them_off_the_curves_and_compares_them(ran: Path) -> None:
    assert run(["analyze", str(ran / "runs/small"), "--out", str(ran / "out")]) == 0

    def table(name: str) -> list[dict[str, str]]:
        with (ran / "out/tables" / f"{name}.csv").open() as handle:
            return list(csv.DictReader(handle))

    assert [row["size"] for row in table("sizes")] == ["mine:TwoLayers-4", "mine:TwoLayers-6"]
    ways = {(row["size"], row["way"]): row for row in table("ways")}
    forms = ["", ", float .tflite", ", int8 per channel", ", int8 per tensor"]
    made = [
        ("mine:TwoLayers-4", "trained"),
        ("mine:TwoLayers-4", "pruned from 6"),
        ("mine:TwoLayers-6", "trained"),
    ]
    assert list(ways) == [(size, cut + form) for size, cut in made for form in forms]
    assert all(int(row["bytes"]) > 1000 for row in ways.values())
    assert float(ways["mine:TwoLayers-6", "trained"]["jaccard_largest"]) == 1
    tensor, channel = (
        ways["mine:TwoLayers-6", f"trained, int8 per {x}"] for x in ("tensor", "channel")
    )
    assert int(tensor["bytes"]) < int(channel["bytes"])
    kinds = [row["kind"] for row in table("ways_compared")]
    assert (kinds.count("pruned"), kinds.count("quantized")) == (1, 9)
    assert (ran / "out/figures/ways_errors.svg").is_file()
