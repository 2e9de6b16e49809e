"""The README's picture is drawn from Predictions, and says what the text beside it says."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

from harness.predictions import ModelRecord
from tests.docs.page import DOCS, ROOT
from tests.harness.made import answers


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("error_sets", DOCS / "figures" / "error_sets.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def save(run: Path, name: str, wrong: set[int], parameters: int) -> None:
    labels = [index % 4 for index in range(20)]
    predicted = [(one + (at in wrong)) % 4 for at, one in enumerate(labels)]
    model = ModelRecord(family="scale_cnn", width=4, seed=0, parameters=parameters)
    folder = run / "evaluate" / f"{name}-0123456789ab"
    folder.mkdir(parents=True)
    answers(labels, predicted, 4, model=model).save(folder / "predictions.npz")


def test_the_picture_counts_errors_of_its_own_in_common_and_of_the_other(
    script: ModuleType, tmp_path: Path
) -> None:
    save(tmp_path, "scale_cnn-4-s0-tflm", {0, 1, 2, 3}, 100)
    save(tmp_path, "scale_cnn-4-s0-torch", {0, 1, 2, 3}, 100)
    save(tmp_path, "scale_cnn-4-s1-tflm", {2, 3, 4, 5, 6}, 100)
    save(tmp_path, "scale_cnn-16-s0-tflm", {7}, 900)
    drawn = script.svg(script.error_sets(tmp_path))
    assert re.findall(r"J = \d\.\d\d", drawn) == ["J = 1.00", "J = 0.29", "J = 0.00"]
    for text in ("100 weights (80.0 %)", "the 9 times", "75.0 %", "95.0 %"):
        assert text in drawn


def test_the_readme_says_what_its_picture_shows() -> None:
    picture = (DOCS / "figures" / "error-sets.svg").read_text(encoding="utf-8")
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    shown = re.findall(r"J = (\d\.\d\d)", picture)
    assert shown == re.findall(r"\((?:Jaccard )?(0\.\d\d)\)", readme)
    for text in ("94.1 %", "93.3 %", "18,894 weights"):
        assert text in picture and text in readme
