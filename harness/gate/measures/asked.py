"""What a check asks of the Predictions, and what a measure answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module

from harness.comparison import Pair
from harness.gate.checks import Check
from harness.gate.methods.method import Method
from harness.predictions import Predictions


@dataclass(frozen=True)
class Asked:
    """A check, the candidate it is about, and the pair with its reference where it compares.

    A check about the recipe is asked with the Predictions of every seed of both.
    """

    check: Check
    candidate: Predictions
    compared: Pair | None
    seeds: tuple[Predictions, ...] = ()
    reference_seeds: tuple[Predictions, ...] = ()

    @property
    def pair(self) -> Pair:
        """The candidate with the reference; a metric that compares is never asked without."""
        if self.compared is None:
            raise ValueError(f"{self.check.metric} was asked without a reference")
        return self.compared

    @property
    def class_names(self) -> tuple[str, ...]:
        """The names by which a check may call a class."""
        return self.compared.class_names if self.compared else self.candidate.class_names


@dataclass(frozen=True)
class Measured:
    """A metric's value, the samples it rests on, and words for the sentence of the result."""

    value: float | None
    samples: int
    detail: str = ""
    """Follows the metric's phrase, such as the name of the worst class."""
    gap: str = ""
    """Why the value is undefined, or why it is not the whole answer."""
    method: Method | None = None
    """What can be said of it against the limit; None where the value is undefined."""
    certain: bool = False
    """Whether chance plays no part, since everything the limit is about was measured."""
    baselines: Mapping[str, float] = field(default_factory=dict)
    """Values to read it beside, by name."""
    warning: str = ""
    """Why this limit can hardly be shown to be kept on so many samples."""


def measure(asked: Asked) -> Measured:
    """Return the value of the check's metric.

    Raises:
        ConfigError: the check names a class that the data do not have.

    """
    module, _, name = asked.check.rule.measure.partition(":")
    if asked.check.claim == "recipe":
        module = "recipe"
    function: Callable[[Asked], Measured] = getattr(import_module(f"{__package__}.{module}"), name)
    return function(asked)
