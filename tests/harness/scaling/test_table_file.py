from __future__ import annotations

from pathlib import Path

import pytest

from harness.errors import DataError
from harness.scaling.table_file import read_table

HEAD = "family,width,params,accuracy_percent_mean"


def written(folder: Path, text: str) -> Path:
    path = folder / "t.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_one_row_a_size_gives_means_and_what_is_known_of_their_spread(tmp_path: Path) -> None:
    table = f"{HEAD},accuracy_percent_std,seeds,remark\nnet,4,1000,60,0.5,5,x\nnet,8,4000,70,,,\n"
    found = read_table(written(tmp_path, table))
    first, second = found.sizes
    assert (first.name, first.parameters, first.models) == ("net-4", 1000, 5)
    assert (first.error, first.error_std) == pytest.approx((0.4, 0.005))
    assert (second.error_std, second.models, second.seed_errors) == (None, None, ())
    assert found.unused == ("remark",)


def test_one_row_a_model_gives_seeds(tmp_path: Path) -> None:
    rows = "family,width,params,seed,accuracy_percent\nnet,4,1000,1,60\nnet,4,1000,0,62\n"
    (size,) = read_table(written(tmp_path, rows)).sizes
    assert dict(size.seed_errors) == pytest.approx({0: 0.38, 1: 0.4})
    assert (size.error, size.models) == (pytest.approx(0.39), 2)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "column 'family' is missing"),
        ("family,width,params\nnet,4,1000\n", "column 'accuracy_percent_mean' is missing"),
        ("family,width,params,seed\nnet,4,1000,0\n", "column 'accuracy_percent' is missing"),
        (f"{HEAD}\n", "no rows"),
        (f"{HEAD}\nnet,4,1000\n", "line 2: not as many values as columns"),
        (f"{HEAD}\nnet,4,1000,60,7\n", "line 2: not as many values as columns"),
        (f"{HEAD}\nnet,4,1000,160\n", "line 2: accuracy_percent_mean must be a number from 0"),
        (f"{HEAD}\nnet,4,1000,nan\n", "got 'nan'"),
        (f"{HEAD}\nnet,4,1.5,60\n", "line 2: params must be a whole number"),
        (f"{HEAD}\nnet,4,0,60\n", "line 2: params must be a number from 1"),
        (f"{HEAD}\nnet,wide,10,60\n", "line 2: width must be a number"),
        (f"{HEAD}\n ,4,10,60\n", "line 2: family is empty"),
        (f"{HEAD}\nnet,4,10,60\nnet,4,10,61\n", "line 3: a second row of net-4"),
        (
            "family,width,params,seed,accuracy_percent\nnet,4,10,0,60\nnet,4,11,1,60\n",
            "line 3: params 11, but 10 in a row before",
        ),
        (
            "family,width,params,seed,accuracy_percent\nnet,4,10,0,60\nnet,4,10,0,60\n",
            "line 3: a second row of net-4, seed 0",
        ),
    ],
)
def test_a_table_that_makes_no_sense_is_refused_by_line_and_column(
    tmp_path: Path, text: str, said: str
) -> None:
    with pytest.raises(DataError, match=r"t\.csv") as caught:
        read_table(written(tmp_path, text))
    assert said in str(caught.value)


def test_bytes_that_are_no_table_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(b"\xff\xfe\x00family")
    with pytest.raises(DataError, match="not a CSV table"):
        read_table(path)
    with pytest.raises(DataError, match="no such file"):
        read_table(tmp_path / "none.csv")
    with pytest.raises(DataError, match="not a CSV table"):
        read_table(tmp_path)
