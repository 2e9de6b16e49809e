from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from harness.errors import ConfigError
from harness.gate.checks import Check, GateConfig, references_of
from harness.gate.checks_file import load_checks, load_references
from harness.gate.metric import METRICS
from harness.problems import first_problem
from tests.harness.made import drawn


def check(**content: Any) -> Check:
    return Check.model_validate(content)


def problem_of(**content: Any) -> str:
    with pytest.raises(ValidationError) as caught:
        check(**content)
    return first_problem(caught.value)


@pytest.mark.parametrize("name", METRICS)
def test_every_metric_a_check_may_name_has_its_measurement(name: str) -> None:
    module, _, function = METRICS[name].measure.partition(":")
    assert function == name
    assert callable(getattr(import_module(f"harness.gate.measures.{module}"), function))


@pytest.mark.parametrize("name", METRICS)
def test_every_metric_takes_limits_up_to_the_ends_of_its_range_and_no_further(name: str) -> None:
    rule = METRICS[name]
    options = dict.fromkeys(rule.required, 3)
    for limit in (rule.lowest, rule.highest):
        assert check(metric=name, limit=limit, **options).limit == limit
    for limit in (rule.lowest - 0.01, 1.01 * rule.highest):
        assert f"of {name} is outside" in problem_of(metric=name, limit=limit, **options)


def test_a_percentage_as_a_limit_is_refused_with_what_to_write() -> None:
    assert "write 90 % as 0.9" in problem_of(metric="accuracy", limit=90)


def test_an_unknown_metric_is_refused_with_the_known_ones() -> None:
    said = problem_of(metric="acuracy", limit=0.5)
    assert said.startswith("metric: unknown metric; did you mean 'accuracy'?")
    assert all(name in said for name in METRICS)
    assert "acuracy" in said


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({"metric": "accuracy", "limit": 0.5, "k": 3}, "accuracy takes no 'k'"),
        ({"metric": "accuracy", "limit": 0.5, "classes": [1]}, "accuracy takes no 'classes'"),
        ({"metric": "ece", "limit": 0.5, "reference": "float"}, "ece takes no 'reference'"),
        ({"metric": "bottom_k_accuracy", "limit": 0.5}, "bottom_k_accuracy needs 'k'"),
        ({"metric": "bottom_k_accuracy", "limit": 0.5, "k": 0}, "k: "),
        ({"metric": "bottom_k_accuracy", "limit": 0.5, "k": True}, "k: "),
        ({"metric": "class_accuracy", "limit": 0.5, "classes": []}, "classes: "),
        ({"metric": "class_accuracy", "limit": 0.5, "classes": [1, 1]}, "named twice"),
        ({"metric": "class_accuracy", "limit": 0.5, "classes": [True]}, "classes"),
        (
            {"metric": "jaccard", "limit": 0.5, "reference": "flaot"},
            "expected float, largest, tflm, device, registry:ALIAS or the path",
        ),
        ({"metric": "accuracy", "limit": float("nan")}, "limit: "),
        ({"metric": "accuracy"}, "limit: "),
        ({"metric": "accuracy", "limit": 0.5, "decision": "vote"}, "decision: "),
        ({"metric": "accuracy", "limit": 0.5, "name": ""}, "name: "),
        ({"metric": "accuracy", "limit": 0.5, "limits": 1}, "did you mean 'limit'"),
    ],
)
def test_a_check_that_could_not_be_judged_is_refused(content: dict[str, Any], said: str) -> None:
    found = problem_of(**content)
    assert said in found
    assert "\n" not in found


def test_a_metric_that_compares_has_the_float_model_as_its_default_reference() -> None:
    assert check(metric="accuracy_drop", limit=0.01).reference == "float"
    assert check(metric="accuracy", limit=0.9).reference is None


def test_checks_name_themselves_by_metric_options_and_reference() -> None:
    named = [
        check(metric="accuracy", limit=0.9),
        check(metric="bottom_k_accuracy", limit=0.5, k=5),
        check(metric="class_accuracy", limit=0.5, classes=["cat", 3]),
        check(metric="jaccard", limit=0.5, reference="somewhere/old.npz"),
        check(metric="ece", limit=0.1, name="calibrated"),
    ]
    assert [one.title for one in named] == [
        "accuracy",
        "bottom_5_accuracy",
        "class_accuracy[cat, 3]",
        "jaccard vs old.npz",
        "calibrated",
    ]


def test_two_checks_of_one_name_are_refused() -> None:
    twins = [{"metric": "accuracy", "limit": 0.5}, {"metric": "accuracy", "limit": 0.6}]
    content = {"target": {"family": "f", "width": 1}, "runtime": "tflm", "checks": twins}
    with pytest.raises(ValidationError, match="two checks are called 'accuracy'"):
        GateConfig.model_validate(content)


CHECKS = """
[[checks]]
metric = "accuracy"
limit = 0.9

[[checks]]
metric = "accuracy_drop"
limit = 0.01
reference = "old.npz"
"""

PIPELINE = """
name = "demo"
[data]
source = "digits"
[[models]]
family = "scale_cnn"
widths = [4]
[gate]
runtime = "tflm"
target = { family = "scale_cnn", width = 4 }
[[gate.checks]]
metric = "class_accuracy"
limit = 0.8
classes = ["3", 5]
"""


def test_checks_load_from_a_file_of_their_own_with_paths_relative_to_it(tmp_path: Path) -> None:
    path = tmp_path / "gate.toml"
    path.write_text(CHECKS)
    found = load_checks(path)
    assert [one.metric for one in found.checks] == ["accuracy", "accuracy_drop"]
    assert found.checks[1].reference_file == tmp_path / "old.npz"
    assert references_of(found.checks) == (str(tmp_path / "old.npz"),)
    made = drawn(10, 3, seed=1)
    made.save(tmp_path / "old.npz")
    loaded = load_references(found.checks)
    assert list(loaded) == [found.checks[1].reference]
    assert loaded[found.checks[1].reference or ""].labels.tolist() == made.labels.tolist()


def test_checks_load_from_the_gate_of_a_pipeline(tmp_path: Path) -> None:
    path = tmp_path / "pipeline.toml"
    path.write_text(PIPELINE)
    assert load_checks(path).checks == (
        check(metric="class_accuracy", limit=0.8, classes=["3", 5]),
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "checks: "),
        ("checks = []", "checks: "),
        ("checks = 3", "checks: "),
        ("not toml", "not a TOML file"),
        ("[[check]]\nmetric = 'ece'\nlimit = 0.1", "unknown key 'check'; did you mean 'checks'"),
        ("[[checks]]\nmetric = 'ecee'\nlimit = 0.1", "unknown metric; did you mean 'ece'?"),
        (PIPELINE.partition("[gate]")[0], "has no [gate]"),
        (PIPELINE.replace("0.8", "8.0"), "outside 0 to 1"),
    ],
)
def test_a_file_without_usable_checks_is_refused_in_one_line(
    tmp_path: Path, text: str, said: str
) -> None:
    path = tmp_path / "gate.toml"
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        load_checks(path)
    assert str(caught.value).startswith(str(path))
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)
