"""The study of the gate's error rates as Markdown tables."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from harness.gate.study.rates import (
    GATE,
    Measured,
    Rate,
    Rates,
    highest,
    of_metric,
    pooled,
    undecided,
)
from harness.gate.study.record import CellCounts, CheckCounts
from harness.gate.study.scenarios import SCENARIOS


def render_summary(rates: Rates) -> str:
    """Return the errors of each check and of the gate, and those above nominal."""
    return _titled(
        ("Error rates by check", f"{_by_check(rates)}\n\n{_above(rates)}"),
        ("The whole gate", _by_scenario(rates)),
    )


def render_cells(rates: Rates) -> str:
    """Return what every check said in every cell, one table per scenario."""
    return _titled(*((_capital(one), _cells(rates, one)) for one in _scenarios(rates)))


def _titled(*parts: tuple[str, str]) -> str:
    return "\n\n".join(f"## {title}\n\n{text}" for title, text in parts) + "\n"


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]


def _by_check(rates: Rates) -> str:
    """Return one row per check: each error, over all cells at the limit and in the worst cell."""
    rows = []
    for what in dict.fromkeys(one.what for one in rates.errors):
        row = [_code(what)]
        for error in ("false fail", "false pass"):
            measured = rates.of(what, error)
            row += [_percent(pooled(measured)), _worst(measured)]
        rows.append(row)
    heads = ["", "false fail, at the limit", "worst", "false pass, at the limit", "worst"]
    return _table(heads, rows)


def _worst(measured: tuple[Measured, ...]) -> str:
    if not measured:
        return ""
    one = highest(measured)
    cell = one.cell
    where = f"{cell.scenario}, C = {cell.classes:,}, n = {cell.samples:,}"
    return f"{_with_interval(one.rate)} of {one.rate.of:,} ({where})"


def _by_scenario(rates: Rates) -> str:
    """Return one row per scenario and C: the errors of the gate, and what it said, over n."""
    rows = []
    for name in _scenarios(rates):
        cells = [cell for cell in rates.study.cells if cell.scenario == name]
        for classes in sorted({cell.classes for cell in cells}):
            chosen = [cell for cell in cells if cell.classes == classes]
            rows.append([name, f"{classes:,}", *_gate_columns(chosen)])
    heads = ["scenario", "C", "n", "test sets", "a check fails falsely", "gate passes", "fails"]
    return _table(heads, rows)


def _gate_columns(cells: Sequence[CellCounts]) -> list[str]:
    cells = sorted(cells, key=lambda cell: cell.samples)

    def listed(count: Callable[[CellCounts], int]) -> str:
        return _slashed(_plain(Rate(count(cell), cell.replicates)) for cell in cells) + " %"

    return [
        _slashed(_short(cell.samples) for cell in cells),
        _slashed(str(cell.replicates) for cell in cells),
        listed(lambda cell: cell.false_fails),
        listed(lambda cell: cell.passes),
        listed(lambda cell: cell.fails),
    ]


def _above(rates: Rates) -> str:
    found = rates.above_nominal
    expected = f"Of {len(rates.errors):,} rates, {len(found)} are above 5 % with 99.9 % confidence."
    if not found:
        return expected
    listed = (f"* {_code(one.what)}: {one.error} {_worst((one,))}" for one in found)
    return expected + "\n\n" + "\n".join(listed)


def _cells(rates: Rates, scenario: str) -> str:
    """Return the table of a scenario: of every check and C, the rates over n."""
    cells = [cell for cell in rates.study.cells if cell.scenario == scenario]
    rows = [
        _check_row([cell for cell in cells if cell.classes == classes], metric)
        for metric in (check.metric for check in cells[0].checks)
        for classes in sorted({cell.classes for cell in cells})
    ]
    words = next(one.words for one in SCENARIOS if one.name == scenario)
    sizes = _slashed(_short(n) for n in sorted({cell.samples for cell in cells}))
    heads = ["check", "C", "truth", "limit", "", "fails alone", "fails", "passes", "inconclusive"]
    note = f"{_capital(words)}. Percent at n = {sizes}."
    return f"{note}\n\n{_table(heads, rows)}"


def _check_row(cells: Sequence[CellCounts], metric: str) -> list[str]:
    cells = sorted(cells, key=lambda cell: cell.samples)
    pairs = [(cell, of_metric(cell, metric)) for cell in cells]

    def listed(value: Callable[[CellCounts, CheckCounts], Rate]) -> str:
        return _slashed(_plain(value(*pair)) for pair in pairs)

    first = pairs[0][1]
    return [
        _code(metric),
        f"{cells[0].classes:,}",
        f"{first.truth:.4f}",
        f"{first.limit:.4f}",
        first.standing,
        listed(lambda cell, check: Rate(check.fails_alone, cell.replicates)),
        listed(lambda cell, check: Rate(check.fails, cell.replicates)),
        listed(lambda cell, check: Rate(check.passes, cell.replicates)),
        listed(undecided),
    ]


def _scenarios(rates: Rates) -> list[str]:
    present = {cell.scenario for cell in rates.study.cells}
    return [one.name for one in SCENARIOS if one.name in present]


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _code(what: str) -> str:
    return f"**{what}**" if what == GATE else f"`{what}`"


def _percent(rate: Rate) -> str:
    return f"{_with_interval(rate)} of {rate.of:,}" if rate.of else ""


def _with_interval(rate: Rate) -> str:
    low, high = rate.interval
    return f"{100 * rate.value:.1f} % ({100 * low:.1f} to {100 * high:.1f})"


def _plain(rate: Rate) -> str:
    return f"{100 * rate.value:.3g}"


def _short(samples: int) -> str:
    return f"{samples:,}"


def _slashed(values: Iterable[str]) -> str:
    return " / ".join(values)
