from __future__ import annotations

import pytest

from harness.gate.methods.quantity import Quantity


@pytest.mark.parametrize(
    ("value", "direction", "complies"),
    [(1023, "<=", True), (1024, "<=", True), (1025, "<=", False), (1023, ">=", False)],
)
def test_a_measured_quantity_is_decided_by_itself(
    value: int, direction: str, complies: bool
) -> None:
    found = Quantity(value, 1024, direction)  # type: ignore[arg-type]
    assert (found.complies(1e-9), found.violates(0.5)) == (complies, not complies)
    assert (found.bounds(0.05), found.n) == ((value, value), 1)
    assert found.samples_needed(0.05) is None
