"""What changed from the reference: classes with intervals, overlap of errors, confidences."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from harness.predictions import Predictions
from reports.class_changes import ClassChange, extremes
from reports.compared import Compared
from reports.drawing import BLUE, GREEN, INK, ORANGE, Drawing, blank, styled
from reports.text import shortened

MOST_EITHER_WAY = 10
_NAME_LENGTH = 22
_BINS = 30


def change_chart(changes: Sequence[ClassChange], reference: str) -> Drawing | None:
    """Return the classes that lost and gained most, with intervals; None where none changed."""
    shown = extremes(changes, MOST_EITHER_WAY)
    if not shown:
        return None
    with styled():
        figure = blank(4.9, 1.0 + 0.24 * len(shown))
        axes = figure.add_subplot()
        for place, one in enumerate(shown):
            _draw_change(axes, place, one)
        axes.axvline(0, color=INK, lw=0.8)
        names = [f"{shortened(one.name, _NAME_LENGTH)} ({one.samples:,})" for one in shown]
        axes.set_yticks(range(len(shown)), names)
        axes.set_ylim(len(shown) - 0.4, -0.6)
        axes.set_xlabel("change in accuracy of the class, points")
        axes.grid(axis="x", color=INK, alpha=0.12)
        _change_key(axes)
    return Drawing(figure, f"Classes that changed most against {reference}", _said(shown))


def _draw_change(axes: Axes, place: int, one: ClassChange) -> None:
    colour, marker = (ORANGE, "v") if one.change < 0 else (BLUE, "^")
    if one.interval is not None:
        ends = [100 * end for end in one.interval]
        axes.plot(ends, [place, place], "-", color=colour, lw=1.6, alpha=0.7)
    face = colour if one.shown else "none"
    axes.plot([100 * one.change], [place], marker, color=colour, mfc=face, mew=1.5, ms=7)


def _change_key(axes: Axes) -> None:
    axes.plot([], [], "v", color=ORANGE, mfc="none", mew=1.5, ms=7, label="lost")
    axes.plot([], [], "^", color=BLUE, mfc="none", mew=1.5, ms=7, label="gained")
    axes.plot([], [], "s", color=INK, ms=6, label="filled: shown at 95 %")
    axes.figure.legend(loc="outside upper left", ncols=3, frameon=False, columnspacing=1)


def _said(shown: Sequence[ClassChange]) -> str:
    facts = [f"{shortened(one.name, _NAME_LENGTH)} {100 * one.change:+.1f}" for one in shown]
    return f"Change in accuracy by class, in points: {', '.join(facts)}."


def overlap_chart(compared: Sequence[Compared]) -> Drawing | None:
    """Return the Jaccard index of errors between independence and containment, a bar each."""
    if not compared:
        return None
    with styled():
        figure = blank(4.9, 0.95 + 0.45 * len(compared))
        axes = figure.add_subplot()
        for place, one in enumerate(compared):
            _draw_overlap(axes, place, one)
        axes.set_yticks(range(len(compared)), [shortened(o.name, _NAME_LENGTH) for o in compared])
        axes.set_ylim(len(compared) - 0.5, -0.5)
        axes.set_xlim(-0.02, 1.02)
        axes.set_xlabel("Jaccard index of the two error sets")
        axes.grid(axis="x", color=INK, alpha=0.12)
        handles, labels = axes.get_legend_handles_labels()
        unique = dict(zip(labels, handles, strict=True))
        figure.legend(
            unique.values(), unique.keys(), loc="outside upper left", ncols=2, frameon=False
        )
    said = " ".join(_overlap_words(one) for one in compared)
    return Drawing(figure, "Overlap of the errors", said)


def _draw_overlap(axes: Axes, place: int, one: Compared) -> None:
    index = one.jaccard
    low, high = sorted((index.independent, index.containment))
    label = "from independent errors to containment"
    axes.barh(place, high - low, 0.5, low, color=GREEN, alpha=0.3, label=label)
    axes.plot([low, low], [place - 0.25, place + 0.25], color=GREEN, lw=1.4)
    axes.plot([high, high], [place - 0.25, place + 0.25], color=GREEN, lw=1.4)
    if one.jaccard_interval is not None:
        axes.plot(one.jaccard_interval, [place, place], color=INK, lw=1.4, label="95 % interval")
    axes.plot([index.value], [place], "D", color=BLUE, ms=7, label="measured")


def _overlap_words(one: Compared) -> str:
    index = one.jaccard
    return (
        f"Against {shortened(one.words, 40)}: Jaccard index {index.value:.3f}; "
        f"{index.independent:.3f} if errors were independent within each class, "
        f"{index.containment:.3f} if one error set held the other."
    )


def confidence_chart(candidate: Predictions, reference: Predictions | None, name: str) -> Drawing:
    """Return how confident right and wrong answers are, of the reference and the candidate."""
    panels = [("candidate", candidate)]
    if reference is not None:
        panels.insert(0, (f"reference {shortened(name, _NAME_LENGTH)}", reference))
    with styled():
        figure = blank(4.9, 0.9 + 1.35 * len(panels))
        rows = figure.subplots(len(panels), 1, sharex=True, sharey=True, squeeze=False)
        for axes, (title, answered) in zip(rows.flat, panels, strict=True):
            _draw_confidences(axes, answered)
            axes.set_title(title, fontsize=9, loc="left", pad=3)
        rows.flat[-1].set_xlabel("confidence")
        handles, labels = rows.flat[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside upper left", ncols=2, frameon=False)
    said = " ".join(_confidence_words(title, one) for title, one in panels)
    return Drawing(figure, "Confidence of right and wrong answers", said)


def _draw_confidences(axes: Axes, answered: Predictions) -> None:
    edges = np.linspace(0, 1, _BINS + 1).tolist()
    right = answered.confidence[answered.correct]
    wrong = answered.confidence[~answered.correct]
    axes.hist(right, edges, color=BLUE, alpha=0.5, label=f"right ({len(right):,})")
    label = f"wrong ({len(wrong):,})"
    axes.hist(wrong, edges, histtype="step", color=ORANGE, hatch="////", lw=1.2, label=label)
    axes.set_yscale("symlog", linthresh=1)
    axes.set_yticks([0, 1, 10, 100, 1000, 10_000], ["0", "1", "10", "100", "1 k", "10 k"])
    axes.minorticks_off()
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1.6 * max(1, np.histogram(answered.confidence, edges)[0].max()))
    axes.set_ylabel("samples")
    axes.grid(axis="y", color=INK, alpha=0.12)


def _confidence_words(title: str, answered: Predictions) -> str:
    means = []
    for word, chosen in (("right", answered.correct), ("wrong", ~answered.correct)):
        if chosen.any():
            means.append(f"{word} answers {answered.confidence[chosen].mean():.3f}")
    return f"Mean confidence of the {title}: {', '.join(means)}."
