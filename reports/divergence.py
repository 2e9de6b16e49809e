"""Where a runtime of the int8 model first computes something else than the oracle."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class FirstDifference:
    """One runtime against the oracle, operator by operator, on the sample that differs most.

    Attributes:
        runtime: that was looked into.
        oracle: what it was held against.
        sample: id of the sample.
        operator: place of the first operator whose output differs, from 0; None where that is not
            known, or where none does.
        operators: how many the model has.
        name: of that operator.
        detail: how its outputs differ, or why the operator is not known.

    """

    runtime: str
    oracle: str
    sample: str
    operator: int | None
    operators: int
    name: str
    detail: str

    @property
    def sentence(self) -> str:
        """The finding in one line."""
        on = f"on sample {self.sample}"
        if self.operator is None:
            return f"{self.runtime} differs from {self.oracle} {on}; {self.detail}."
        return (
            f"{self.runtime} first differs from {self.oracle} in operator {self.operator + 1} of "
            f"{self.operators}, {self.name} ({self.detail}), {on}."
        )
