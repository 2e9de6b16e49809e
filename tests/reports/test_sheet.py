from __future__ import annotations

import csv
import io

from reports.sheet import Sheet, sheet


def made() -> Sheet:
    return sheet(
        "name",
        "A | title",
        "A *note*.",
        "who:t count value range_95:i",
        [
            ('a, "b" | c', 12345, 0.123456789, (-0.5, 1.0)),
            ("none", None, None, None),
        ],
    )


def test_csv_holds_figures_in_full_and_an_interval_in_two_columns() -> None:
    found = list(csv.reader(io.StringIO(made().csv())))
    assert found == [
        ["who", "count", "value", "range_95_low", "range_95_high"],
        ['a, "b" | c', "12345", "0.123456789", "-0.5", "1.0"],
        ["none", "", "", "", ""],
    ]


def test_markdown_rounds_and_escapes() -> None:
    lines = made().markdown().splitlines()
    assert lines[0] == "## A \\| title"
    assert lines[2] == "A \\*note\\*."
    assert lines[4] == "| who | count | value | range\\_95 |"
    assert lines[5] == "| --- | ---: | ---: | ---: |"
    assert lines[6] == '| a, "b" \\| c | 12,345 | 0.1235 | \u22120.5 to 1 |'
    assert lines[7] == "| none | — | — | — |"


def test_json_names_every_cell() -> None:
    rows = made().to_json()["rows"]
    assert rows[0] == {
        "who": 'a, "b" | c',
        "count": 12345,
        "value": 0.123456789,
        "range_95": [-0.5, 1.0],
    }
    assert set(rows[1].values()) == {"none", None}
