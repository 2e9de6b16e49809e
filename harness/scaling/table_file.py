"""A CSV table of a sweep whose Predictions are not at hand, such as one from a paper.

One row a size, with means, or one row a model; not both in one file:

| column                  | content                                                                |
|-------------------------|------------------------------------------------------------------------|
| `family`                | the network family; every form                                         |
| `width`                 | channels or width multiplier; every form                               |
| `params`                | trained parameters, a whole number; every form                         |
| `accuracy_percent_mean` | mean test accuracy over seeds, in percent; one row a size              |
| `accuracy_percent_std`  | its sample standard deviation over seeds, in points; optional          |
| `seeds`                 | how many seeds the mean is of; optional                                |
| `seed`                  | a whole number; one row a model                                        |
| `accuracy_percent`      | test accuracy in percent; one row a model                              |

Other columns are for their reader: they are named in a note and not used.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from harness.errors import DataError
from harness.scaling.size import Size, size_of

_COMMON = ("family", "width", "params")
_MEAN, _STD, _SEEDS = "accuracy_percent_mean", "accuracy_percent_std", "seeds"
_SEED, _ACCURACY = "seed", "accuracy_percent"
_USED = frozenset((*_COMMON, _MEAN, _STD, _SEEDS, _SEED, _ACCURACY))
_MOST_BYTES = 10_000_000
_MOST_PARAMETERS = 10**15

Row = Mapping[str, str]


@dataclass(frozen=True)
class TableFile:
    """The sizes of a table, and the columns that nothing uses."""

    sizes: tuple[Size, ...]
    unused: tuple[str, ...]


def read_table(path: Path) -> TableFile:
    """Return the sizes in `path`, in the order of their first row.

    Raises:
        DataError: no such file, not a CSV, columns missing, or a value that makes no sense: the
            line, the column, the value and what it must be.

    """
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise DataError(f"{path}: larger than {_MOST_BYTES} bytes; not a table of a sweep")
        with path.open(encoding="utf-8-sig", newline="") as handle:
            reader = csv.DictReader(handle, strict=True)
            rows: list[tuple[int, Row]] = [(reader.line_num, row) for row in reader]
            columns = list(reader.fieldnames or ())
    except FileNotFoundError as error:
        raise DataError(f"{path}: no such file") from error
    except (UnicodeDecodeError, csv.Error, IsADirectoryError) as error:
        raise DataError(f"{path}: not a CSV table ({error})") from error
    try:
        return TableFile(_sizes(columns, rows), tuple(c for c in columns if c not in _USED))
    except ValueError as error:
        raise DataError(f"{path}: {error}") from error


def _sizes(columns: list[str], rows: list[tuple[int, Row]]) -> tuple[Size, ...]:
    one_a_model = _SEED in columns
    needed = [*_COMMON, *([_SEED, _ACCURACY] if one_a_model else [_MEAN])]
    missing = [column for column in needed if column not in columns]
    if missing:
        raise ValueError(
            f"column {missing[0]!r} is missing; needed: {', '.join(needed)}; found: "
            f"{', '.join(columns) or 'none'}"
        )
    if not rows:
        raise ValueError("no rows")
    for line, row in rows:
        if None in row or None in row.values():
            raise ValueError(f"line {line}: not as many values as columns")
    return _models(rows) if one_a_model else _means(rows)


def _means(rows: list[tuple[int, Row]]) -> tuple[Size, ...]:
    sizes: dict[str, Size] = {}
    for line, row in rows:
        std = _number(line, row, _STD, 0, 100) if row.get(_STD, "").strip() else None
        seeds = _whole(line, row, _SEEDS, 1) if row.get(_SEEDS, "").strip() else None
        size = Size(
            *_key(line, row),
            parameters=_whole(line, row, "params", 1),
            error=1 - _number(line, row, _MEAN, 0, 100) / 100,
            error_std=None if std is None else std / 100,
            models=seeds,
        )
        if size.name in sizes:
            raise ValueError(f"line {line}: a second row of {size.name}")
        sizes[size.name] = size
    return tuple(sizes.values())


def _models(rows: list[tuple[int, Row]]) -> tuple[Size, ...]:
    found: dict[tuple[str, float], tuple[int, dict[int, float]]] = {}
    for line, row in rows:
        key, parameters = _key(line, row), _whole(line, row, "params", 1)
        known, errors = found.setdefault(key, (parameters, {}))
        seed = _whole(line, row, _SEED, 0)
        if known != parameters:
            raise ValueError(f"line {line}: params {parameters}, but {known} in a row before")
        if seed in errors:
            raise ValueError(f"line {line}: a second row of {key[0]}-{key[1]:g}, seed {seed}")
        errors[seed] = 1 - _number(line, row, _ACCURACY, 0, 100) / 100
    return tuple(size_of(*key, n, list(errors.items())) for key, (n, errors) in found.items())


def _key(line: int, row: Row) -> tuple[str, float]:
    family = row["family"].strip()
    if not family:
        raise ValueError(f"line {line}: family is empty")
    return family, _number(line, row, "width", 0, 1e9)


def _number(line: int, row: Row, column: str, least: float, most: float) -> float:
    try:
        value = float(row[column])
    except ValueError:
        value = float("nan")
    if not least <= value <= most:
        raise ValueError(
            f"line {line}: {column} must be a number from {least:g} to {most:g}, got "
            f"{row[column][:40]!r}"
        )
    return value


def _whole(line: int, row: Row, column: str, least: int) -> int:
    value = _number(line, row, column, least, _MOST_PARAMETERS)
    if value != int(value):
        raise ValueError(f"line {line}: {column} must be a whole number, got {row[column]!r}")
    return int(value)
