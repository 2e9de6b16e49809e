from __future__ import annotations

import os
from pathlib import Path

import pytest

from harness.errors import PredictionsError, UserError
from harness.pipeline.finished import find_results, find_trainings, select
from harness.pipeline.store import Store, Unit
from tests.harness.scaling.made import folder, model, sweep, variant


def models(root: Path, runtime: str | None = None) -> tuple[str, list[tuple[str, float, int]], str]:
    found = select(find_results([root]), runtime)
    names = [result.model[:3] for result in found.results if result.model is not None]
    return found.runtime, sorted(names), " | ".join(found.notes)


def age(root: Path, pattern: str, seconds: int) -> None:
    for path in root.glob(pattern):
        when = path.stat().st_mtime - seconds
        os.utime(path, (when, when))


def test_one_result_of_every_model_on_torch(tmp_path: Path) -> None:
    root = folder(tmp_path / "r", sweep(widths=(1, 2), seeds=(0, 1)))
    runtime, found, notes = models(root)
    assert (runtime, len(found), notes) == ("torch", 8, "")


def test_another_runtime_is_taken_by_name_and_by_default_that_of_most_models(
    tmp_path: Path,
) -> None:
    some = [model("net", w, 0, runtime="tflm") for w in (1, 2)]
    root = folder(tmp_path / "r", [*some, model("net", 1, 0, runtime="litert")])
    assert models(root)[0] == "tflm"
    runtime, found, notes = models(root, "litert")
    assert (runtime, found) == ("litert", [("net", 1, 0)])
    assert notes == (
        "1 models have no result on litert for these data: left out (net-2 seed 0); evaluate them "
        "there"
    )
    with pytest.raises(UserError, match="no result of the runtime 'onnx'; there are: litert, tflm"):
        models(root, "onnx")


def test_of_several_results_of_a_model_the_newest_is_taken_and_said_so(tmp_path: Path) -> None:
    root = folder(tmp_path / "r", [model("net", 1, 0, alpha=0.4)], version="old")
    age(root, "evaluate/*/record.json", 100)
    folder(root, [model("net", 1, 0, alpha=0.3), model("net", 2, 0)], version="new")
    chosen = select(find_results([root]))
    assert len(chosen.results) == 2
    assert "1 models have several results" in chosen.notes[0]
    newest = next(r for r in chosen.results if r.model == ("net", 1, 0, "")).load()
    assert (newest.correct == model("net", 1, 0, alpha=0.3).correct).all()


def test_results_on_other_data_are_left_out_and_counted(tmp_path: Path) -> None:
    same = [model("net", w, 0) for w in (1, 2)]
    root = folder(tmp_path / "r", [*same, model("net", 4, 0, digest="e" * 64)])
    _, found, notes = models(root)
    assert found == [("net", 1, 0), ("net", 2, 0)]
    assert "1 results are left out: they are of another test set" in notes


def test_a_unit_that_is_not_finished_is_no_result(tmp_path: Path) -> None:
    root = folder(tmp_path / "r", [model("net", 1, 0)])
    partial = root / "evaluate" / ".net-2.partial"
    partial.mkdir()
    model("net", 2, 0).save(partial / "predictions.npz")
    assert models(root)[1] == [("net", 1, 0)]


def test_a_folder_of_predictions_files_is_a_sweep_too(tmp_path: Path) -> None:
    model("net", 1, 0).save(tmp_path / "a.npz")
    model("net", 2, 0).save(tmp_path / "b.npz")
    assert models(tmp_path)[1] == [("net", 1, 0), ("net", 2, 0)]


def test_folders_without_results_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no finished evaluation"):
        find_results([tmp_path])
    with pytest.raises(UserError, match="no such folder"):
        find_results([tmp_path / "none"])
    (tmp_path / "bad.npz").write_bytes(b"nothing")
    with pytest.raises(PredictionsError, match=r"bad\.npz"):
        find_results([tmp_path])


def test_answers_changed_after_they_were_recorded_are_refused(tmp_path: Path) -> None:
    root = folder(tmp_path / "r", [model("net", 1, 0)])
    (path,) = root.glob("evaluate/*/predictions.npz")
    model("net", 1, 0, alpha=0.5).save(path)
    (result,) = select(find_results([root])).results
    with pytest.raises(UserError, match="changed since it was made"):
        result.load()


def test_a_training_is_found_through_the_artifact_exported_from_it(tmp_path: Path) -> None:
    store = Store(tmp_path)

    def unit(stage: str, inputs: dict[str, str], name: str) -> str:
        made = store.build(Unit(stage, "net", inputs), lambda f: (f / name).write_text(stage))
        return store.digest(made / name)

    checkpoint = unit("train", {"data": "t" * 64}, "checkpoint.safetensors")
    tflite = unit("export", {"checkpoint": checkpoint}, "model.tflite")
    for digest in (checkpoint, tflite):
        one = model("net", 1, 0)
        meta = one.meta.model_copy(update={"artifact_sha256": digest})
        type(one)(one.scores, one.labels, one.ids, meta).save(tmp_path / "p.npz")
        (training,) = find_trainings([tmp_path], find_results([tmp_path]))
        assert (training.checkpoint.read_text(), training.data_digest) == ("train", "t" * 64)
    model("net", 1, 0).save(tmp_path / "p.npz")
    assert find_trainings([tmp_path], find_results([tmp_path])) == ()


def test_models_made_in_another_way_are_no_part_of_the_sweep_and_repeat_none(
    tmp_path: Path,
) -> None:
    plain = [model("net", w, 0) for w in (1, 2)]
    root = folder(tmp_path / "r", [*plain, variant(model("net", 1, 0), pruned_from=2)])
    assert models(root) == ("torch", [("net", 1, 0), ("net", 2, 0)], "")
    alone = folder(tmp_path / "p", [variant(model("net", 1, 0), quantization="float")])
    with pytest.raises(UserError, match="every model here is pruned, or converted in another way"):
        models(alone)
