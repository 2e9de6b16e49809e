"""The end of a pipeline: the verdict and the reports, as files and on the terminal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from harness.errors import EXIT_PASS
from harness.files import write_bytes, write_text
from reports.change import change_of
from reports.drawing import Drawing
from reports.html import render_html
from reports.junit import render_junit
from reports.markdown import render_markdown
from reports.report import Report
from reports.report_figures import report_drawings

FIGURES = "figures"


@dataclass(frozen=True, eq=False)
class Outcome:
    """A report and the files it was written to."""

    report: Report
    folder: Path

    @property
    def exit_code(self) -> int:
        """The verdict's; 0 where nothing was gated."""
        return EXIT_PASS if self.report.verdict is None else self.report.verdict.exit_code

    @property
    def page(self) -> Path:
        """The HTML page."""
        return self.folder / "report.html"

    @property
    def files(self) -> tuple[Path, ...]:
        """Every file that was written, but for the figures."""
        return tuple(sorted(path for path in self.folder.iterdir() if path.is_file()))

    @property
    def images(self) -> tuple[Path, ...]:
        """The figures of the page as PNG; each stands beside its SVG."""
        return tuple(sorted((self.folder / FIGURES).glob("*.png")))


def write_outcome(report: Report, folder: Path) -> Outcome:
    """Write `report.html`, `summary.md`, figures and, where gated, verdict and JUnit XML."""
    outcome, change = Outcome(report, folder), change_of(report)
    drawings = report_drawings(report, change)
    write_text(outcome.page, render_html(report, change, drawings))
    write_text(folder / "summary.md", render_markdown(report))
    _write_figures(drawings, folder / FIGURES)
    if report.verdict is not None:
        write_text(folder / "verdict.json", report.verdict.to_json())
        write_text(folder / "junit.xml", render_junit(report.verdict))
    return outcome


def _write_figures(drawings: Mapping[str, Drawing], folder: Path) -> None:
    """Write each figure as SVG and PNG; those of a report before, with other figures, go."""
    folder.mkdir(parents=True, exist_ok=True)
    names = {f"{name}{form}" for name in drawings for form in (".svg", ".png")}
    for path in folder.iterdir():
        if path.name not in names:
            path.unlink()
    for name, drawing in drawings.items():
        write_text(folder / f"{name}.svg", drawing.svg())
        write_bytes(folder / f"{name}.png", drawing.png())
