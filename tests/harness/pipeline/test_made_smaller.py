"""The results that stand for each way of getting smaller."""

from __future__ import annotations

import os
from pathlib import Path

from harness.pipeline.finished import find_results
from harness.pipeline.made_smaller import answered, chosen
from harness.scaling.ways import Way
from tests.harness.scaling.made import folder, model, variant


def test_each_way_has_one_result_by_the_oracle_where_it_answered(tmp_path: Path) -> None:
    tensor = {"quantization": "int8-per-tensor"}
    root = folder(
        tmp_path / "r",
        [
            model("net", 1, 0),
            model("net", 1, 0, runtime="onnxruntime"),
            model("net", 1, 0, runtime="litert"),
            model("net", 1, 0, runtime="tflm"),
            variant(model("net", 1, 0, runtime="litert"), **tensor, converter="tensorflow"),
            variant(model("net", 1, 1, runtime="litert"), pruned_from=4.0, quantization="float"),
            model("net", 1, 1, runtime="a runtime of mine"),
        ],
    )
    found = chosen(find_results([root]))
    assert found.notes == ()
    assert {key: result.runtime for key, result in found.results.items()} == {
        (Way("net", 1), 0): "torch",
        (Way("net", 1, weights="int8"), 0): "tflm",
        (Way("net", 1, weights="int8-per-tensor", converter="tensorflow"), 0): "litert",
        (Way("net", 1, pruned_from=4, weights="float"), 1): "litert",
    }
    assert [one.file_bytes for one in answered(found, [root])] == [None] * 4


def test_of_several_results_the_newest_is_taken_and_said_so(tmp_path: Path) -> None:
    pruned = variant(model("net", 1, 0, alpha=0.4), pruned_from=4.0)
    root = folder(tmp_path / "r", [pruned], version="old")
    for path in root.glob("evaluate/*/record.json"):
        os.utime(path, (1, 1))
    folder(root, [variant(model("net", 1, 0), pruned_from=4.0)], version="new")
    found = chosen(find_results([root]))
    (result,) = found.results.values()
    assert (result.load().correct == model("net", 1, 0).correct).all()
    assert "1 models have several results" in found.notes[0]
