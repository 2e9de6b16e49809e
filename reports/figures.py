"""The figures of a report, drawn once and reused: accuracy by class, and reliability."""

from __future__ import annotations

from matplotlib.axes import Axes

from harness.metrics import BINS, ReliabilityBin, Summary
from reports.drawing import BLUE, INK, ORANGE, Drawing, blank, styled
from reports.text import shortened

MOST_CLASSES = 40
_NAME_LENGTH = 22


def class_chart(candidate: Summary, reference: Summary | None = None) -> Drawing:
    """Return the accuracy of each class, lowest first, beside that of the reference.

    Of more than 40 classes the 40 lowest are drawn. Classes without samples have no accuracy and
    are not drawn.
    """
    present = [i for i, value in enumerate(candidate.class_accuracy) if value is not None]
    ordered = sorted(present, key=lambda i: (candidate.class_accuracy[i] or 0.0, i))
    shown = ordered[:MOST_CLASSES]
    with styled():
        figure = blank(5.3, 1.1 + 0.21 * len(shown))
        axes = figure.add_subplot()
        _draw_classes(axes, shown, candidate, reference)
    title = "Accuracy by class"
    if len(shown) < len(present):
        title += f": the {len(shown)} lowest of {len(present)}"
    lowest = ", ".join(
        f"{candidate.class_names[i]} {100 * (candidate.class_accuracy[i] or 0.0):.1f} %"
        for i in shown[:3]
    )
    return Drawing(figure, title, f"Dot plot of class accuracies. Lowest: {lowest}.")


def _draw_classes(
    axes: Axes, shown: list[int], candidate: Summary, reference: Summary | None
) -> None:
    places = list(range(len(shown)))
    values = [100 * (candidate.class_accuracy[i] or 0.0) for i in shown]
    if reference is not None:
        others = [100 * (reference.class_accuracy[i] or 0.0) for i in shown]
        axes.hlines(places, values, others, color=INK, alpha=0.45, linewidth=1)
        axes.plot(others, places, "D", mfc="none", mec=ORANGE, ms=5, label="reference")
    axes.plot(values, places, "o", color=BLUE, ms=5, label="candidate")
    axes.axvline(100 * candidate.accuracy, color=BLUE, lw=1, ls=":", label="candidate, all classes")
    names = [shortened(candidate.class_names[i], _NAME_LENGTH) for i in shown]
    axes.set_yticks(places, names)
    axes.set_ylim(len(shown) - 0.4, -0.6)
    axes.set_xlim(-2, 102)
    axes.set_xlabel("accuracy of the class, %")
    axes.grid(axis="both", color=INK, alpha=0.12)
    axes.figure.legend(loc="outside upper left", ncols=3, frameon=False)


def reliability_diagram(summary: Summary, title: str) -> Drawing:
    """Return accuracy against confidence over the 15 bins, above the number of samples in each."""
    with styled():
        figure = blank(4.4, 4.8)
        upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(3.2, 1))
        _draw_reliability(upper, summary.bins)
        _draw_counts(lower, summary.bins)
        figure.legend(loc="outside upper center", ncols=3, frameon=False)
    description = (
        f"Reliability diagram of {title}: expected calibration error {summary.ece:.4f}, "
        f"mean confidence minus accuracy {100 * summary.global_gap:+.2f} points, "
        f"{summary.samples:,} samples."
    )
    return Drawing(figure, f"Reliability: {title}", description)


def _draw_reliability(axes: Axes, bins: tuple[ReliabilityBin, ...]) -> None:
    filled = [one for one in bins if one.count]
    lefts = [one.lower for one in filled]
    heights = [one.accuracy or 0.0 for one in filled]
    means = [one.confidence or 0.0 for one in filled]
    centres = [left + 0.5 / BINS for left in lefts]
    axes.bar(lefts, heights, 1 / BINS, align="edge", color=BLUE, alpha=0.75, label="accuracy")
    axes.plot(centres, means, "D", mfc="none", mec=ORANGE, mew=1.4, ms=5, label="mean confidence")
    axes.plot([0, 1], [0, 1], color=INK, lw=0.8, ls="--", alpha=0.7, label="calibrated")
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1.02)
    axes.set_ylabel("accuracy in the bin")
    axes.grid(color=INK, alpha=0.12)


def _draw_counts(axes: Axes, bins: tuple[ReliabilityBin, ...]) -> None:
    counts = [one.count for one in bins]
    axes.bar([one.lower for one in bins], counts, 1 / BINS, align="edge", color=INK, alpha=0.35)
    axes.set_ylabel("samples")
    axes.set_xlabel("confidence")
    axes.grid(axis="y", color=INK, alpha=0.12)
