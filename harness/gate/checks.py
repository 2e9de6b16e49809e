"""The checks of a gate as a config writes them."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from harness.table import Table


class Target(Table):
    """`[gate.target]`: the model that is to ship."""

    family: str
    width: float
    seed: int | None = None
    """Which of the trained seeds ships; by default the first of the family's `seeds`."""


class Check(Table):
    """One `[[gate.checks]]` table: a metric, its limit, and what it is compared with."""

    metric: str
    limit: float
    reference: str = "float"
    decision: Literal["estimate"] = "estimate"


class GateConfig(Table):
    """`[gate]`: which model on which runtime must pass which checks."""

    target: Target
    runtime: str
    checks: tuple[Check, ...] = Field(min_length=1)
