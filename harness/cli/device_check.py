"""What `device check` prints."""

from __future__ import annotations

from devices.check.bench import check_bench
from harness.cli.console import console
from harness.errors import EXIT_INFRASTRUCTURE, EXIT_PASS
from harness.progress import Reporter


def show_check(url: str, board: str | None) -> int:
    """Print one line a step; exit code 4 unless every step passed."""
    line = Reporter(console()).line
    failed = []
    for step in check_bench(url, board):
        line(f"{'ok' if step.passed else 'FAILED':<6}  {step.name:<10}  {step.found}")
        if step.advice:
            line(f"{'':<20}{step.advice}")
        if not step.passed:
            failed.append(step.name)
    if failed:
        line(f"not sound: {', '.join(failed)}")
        return EXIT_INFRASTRUCTURE
    line("sound: this bench may be trusted")
    return EXIT_PASS
