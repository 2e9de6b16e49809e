"""Checks from a file, and the Predictions files they name."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pydantic import ValidationError

from harness.config import load_config, read_toml
from harness.errors import ConfigError
from harness.gate.checks import Check, ChecksFile, GateRules
from harness.predictions import Predictions
from harness.problems import first_problem


def load_checks(path: Path) -> GateRules:
    """Return what a TOML file of `[[checks]]`, or a pipeline config's `[gate]`, demands.

    Relative reference paths are relative to the file.

    Raises:
        ConfigError: one line with the file, the key, what was expected and what came.

    """
    content = read_toml(path)
    if "checks" not in content and {"gate", "models"} & content.keys():
        return _pipeline_checks(path)
    try:
        return ChecksFile.model_validate(content, context={"folder": path.parent})
    except ValidationError as error:
        raise ConfigError(f"{path}: {first_problem(error)}") from error


def _pipeline_checks(path: Path) -> GateRules:
    gate = load_config(path).gate
    if gate is None:
        raise ConfigError(f"{path}: has no [gate]; add one, or give a file of [[checks]]")
    return gate


def load_references(checks: Sequence[Check]) -> dict[str, Predictions]:
    """Return the Predictions files that the checks name as references, by `Check.reference`.

    Raises:
        PredictionsError: a file is missing or refused.

    """
    paths = {check.reference: check.reference_file for check in checks}
    return {name: Predictions.load(path) for name, path in paths.items() if name and path}
