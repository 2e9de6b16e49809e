"""Measures over several seeds: what training anew by the same recipe would do."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from harness.comparison import match
from harness.errors import UserError
from harness.gate.measures.asked import Asked, Measured
from harness.gate.methods.method import Method
from harness.gate.methods.recipe import FEWEST_SEEDS, RecipeMean
from harness.gate.methods.recipe_pairs import RecipeFlips, RecipeOverlap
from harness.predictions import Predictions


def accuracy(asked: Asked) -> Measured:
    """Mean accuracy over the seeds."""
    right = _right(asked, asked.seeds, "candidate").astype(np.float64)
    return _measured(asked, RecipeMean(right, None, asked.check.limit, ">="))


def accuracy_drop(asked: Asked) -> Measured:
    """Mean accuracy of the reference's seeds minus that of the candidate's."""
    reference, candidate = _both(asked)
    wrong = (~candidate).astype(np.float64), (~reference).astype(np.float64)
    return _measured(asked, RecipeMean(*wrong, asked.check.limit, "<="))


def negative_flip_rate(asked: Asked) -> Measured:
    """Mean share of samples that turn from right to wrong, over all pairs of seeds."""
    return _measured(asked, RecipeFlips(*_both(asked), asked.check.limit))


def jaccard(asked: Asked) -> Measured:
    """Mean Jaccard index of the error sets, over all pairs of seeds."""
    reference, candidate = _both(asked)
    return _measured(asked, RecipeOverlap(~reference, ~candidate, asked.check.limit))


def _measured(asked: Asked, method: Method) -> Measured:
    seeds = f"{len(asked.seeds)} seeds"
    if asked.check.rule.compares:
        seeds += f" against {len(asked.reference_seeds)}"
    return Measured(method.estimate, method.n, f" of the recipe ({seeds})", method=method)


def _both(asked: Asked) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    return (
        _right(asked, asked.reference_seeds, "reference"),
        _right(asked, asked.seeds, "candidate"),
    )


def _right(asked: Asked, seeds: Sequence[Predictions], who: str) -> NDArray[np.bool_]:
    """Return (S, N) which answers of each seed are right, in the order of the candidate."""
    if len(seeds) < FEWEST_SEEDS:
        raise UserError(
            f"check {asked.check.title!r} is about the recipe, which takes {FEWEST_SEEDS} seeds of "
            f"the {who} or more; {len(seeds)} given"
        )
    pairs = [match(one, asked.candidate) for one in seeds]
    return np.stack([pair.reference_correct for pair in pairs])
