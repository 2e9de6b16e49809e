"""What a config may say of registered versions and aliases."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from harness.errors import UserError
from harness.gate.checks import Check
from harness.gate.decide import Case, judge
from harness.gate.registered import RegisteredVersion, Skipped
from harness.tracking.config import RegisterConfig
from reports.evidence import evidence_rows
from tests.harness.made import answers

LABELS = [0, 1, 2, 0, 1, 2]
ALL_RIGHT = answers(LABELS, LABELS, 3)


def against(reference: str, metric: str = "accuracy_drop", **more: object) -> Check:
    content = {"metric": metric, "limit": 0.0, "reference": reference, "decision": "estimate"}
    return Check.model_validate(content | more)


def test_by_default_a_model_that_ships_is_champion_and_another_is_not_registered() -> None:
    assert RegisterConfig().aliases(ships=True) == ("champion",)
    assert RegisterConfig().aliases(ships=False) == ()


def test_a_candidate_alias_goes_to_every_version_and_the_alias_only_to_what_ships() -> None:
    policy = RegisterConfig(candidate_alias="candidate")
    assert policy.aliases(ships=True) == ("candidate", "champion")
    assert policy.aliases(ships=False) == ("candidate",)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({"alias": "x", "candidate_alias": "x"}, "both 'x'"),
        ({"alias": "latest"}, "MLflow keeps 'latest'"),
        ({"candidate_alias": "V2"}, "MLflow keeps 'latest'"),
        ({"name": "a/b"}, "name"),
        ({"name": "it's"}, "name"),
    ],
)
def test_an_alias_or_name_that_cannot_be_is_refused_when_the_config_is_read(
    content: dict[str, str], said: str
) -> None:
    with pytest.raises(ValidationError, match=said):
        RegisterConfig.model_validate(content)


@pytest.mark.parametrize("label", ["champion", "3", "my-best_1"])
def test_a_check_names_a_version_by_alias_or_number(label: str) -> None:
    check = against(f"registry:{label}")
    assert (check.registered, check.reference_file) == (label, None)
    assert check.title == f"accuracy_drop vs registry:{label}"


@pytest.mark.parametrize("label", ["", "0", "-1", "a b", "latest", "x/../y", "champion@3"])
def test_what_is_neither_alias_nor_number_is_refused(label: str) -> None:
    with pytest.raises(ValidationError, match="expected an alias, such as champion, or a number"):
        against(f"registry:{label}")


def test_a_registered_version_is_no_reference_for_parity_nor_for_a_recipe() -> None:
    with pytest.raises(ValidationError, match="parity is about one file on two runtimes"):
        against("registry:champion", "parity")
    with pytest.raises(ValidationError, match="is about several seeds"):
        against("registry:champion", claim="recipe")


def test_the_verdict_names_the_version_in_its_sentence_and_its_evidence() -> None:
    version = RegisteredVersion(name="digits", version="3", alias="champion")
    case = Case(
        ALL_RIGHT, {"registry:champion": ALL_RIGHT}, registered={"registry:champion": version}
    )
    verdict = judge([against("registry:champion")], case)
    assert "against version 3 of digits (champion)" in verdict.checks[0].sentence
    assert verdict.references["registry:champion"].registered == version
    _, reference = evidence_rows(verdict)
    assert ("registered", "version 3 of digits (champion)") in reference.facts


def test_a_check_that_was_not_judged_is_in_the_headline_and_the_notes_but_decides_nothing() -> None:
    left_out = Skipped(name="against the champion", metric="jaccard", reason="there is none yet.")
    check = Check(metric="accuracy", limit=0.5, decision="estimate")
    verdict = judge([check], Case(ALL_RIGHT, skipped=(left_out,)))
    assert verdict.outcome == "pass"
    assert verdict.headline.startswith("1 of 1 check passed, 1 not judged: ")
    assert "Not judged: against the champion: there is none yet." in verdict.notes
    with pytest.raises(UserError, match="no check can be judged: there is none yet"):
        judge([], Case(ALL_RIGHT, skipped=(left_out,)))
