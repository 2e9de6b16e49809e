"""The end of a pipeline: the verdict and the reports, as files and on the terminal."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from harness.errors import EXIT_PASS
from harness.files import write_text
from reports.html import render_html
from reports.junit import render_junit
from reports.markdown import render_markdown
from reports.report import Report


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
        """Every file that was written."""
        return tuple(sorted(path for path in self.folder.iterdir() if path.is_file()))


def write_outcome(report: Report, folder: Path) -> Outcome:
    """Write `report.html`, `summary.md` and, where something was gated, verdict and JUnit XML."""
    outcome = Outcome(report, folder)
    write_text(outcome.page, render_html(report))
    write_text(folder / "summary.md", render_markdown(report))
    if report.verdict is not None:
        write_text(folder / "verdict.json", report.verdict.to_json())
        write_text(folder / "junit.xml", render_junit(report.verdict))
    return outcome
