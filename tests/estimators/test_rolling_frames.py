"""Rolling regressions: frames of every kind give the same bits, and a frame of their kind; what is refused."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import streamreg as sr

Data: TypeAlias = Any

N = 40
RANDOM = np.random.default_rng(3)
X0, X1 = RANDOM.normal(size=N), RANDOM.integers(-9, 9, N)
Y = 2 * X0 - X1 + RANDOM.normal(size=N)
WHO = np.array(["a", "b", "b", "a", "c"] * 8)
DAYS = [date(2026, 1, 1) + timedelta(days=int(day)) for day in np.cumsum(RANDOM.integers(0, 3, N))]
GAPS: list[Any] = [None if at % 11 == 5 else int(value) for at, value in enumerate(X1)]
COLUMNS: dict[str, Any] = {"x0": X0, "x1": GAPS, "y": Y, "who": WHO, "day": DAYS}


def pandas(**types: str) -> pd.DataFrame:
    frame = pd.DataFrame({**COLUMNS, "x1": pd.array(GAPS, "Int64")})
    return frame.assign(day=pd.to_datetime(frame["day"])).astype(types)


TABLES: dict[str, Any] = {
    "pandas": pandas(),
    "pandas doubles": pandas(x1="float64"),
    "pandas by Arrow": pandas(x0="double[pyarrow]", x1="int64[pyarrow]", who="string[pyarrow]"),
    "pandas categories": pandas(who="category"),
    "polars": pl.DataFrame({**COLUMNS, "x1": pl.Series(GAPS, dtype=pl.Int64)}),
    "Arrow": pa.table(COLUMNS),
    "dict": {
        **COLUMNS,
        "x1": np.array([np.nan if gap is None else gap for gap in GAPS]),
        "day": np.array(DAYS, "M8[D]"),
    },
    "masked": {
        **COLUMNS,
        "x1": np.ma.MaskedArray(X1, [gap is None for gap in GAPS]),
        "day": np.array(DAYS, "M8[D]"),
    },
}


def rolled(frame: Data) -> Data:
    return sr.rolling_linear_regression(
        frame, "y", ["x0", "x1"], window="12d", on="day", by="who", statistics=["r2", "n"]
    )


def plain(result: Data) -> dict[str, list[Any]]:
    """Columns as lists, None where there is no result."""
    if isinstance(result, pa.Table):
        return result.to_pydict()  # type: ignore[no-any-return]
    if isinstance(result, pl.DataFrame):
        return result.to_dict(as_series=False)
    columns = {name: column.tolist() for name, column in result.items()}
    return {name: [None if v != v else v for v in column] for name, column in columns.items()}


@pytest.mark.parametrize("kind", TABLES)
def test_law_every_frame_gives_the_same(kind: str) -> None:
    """Of whatever library, with whatever stands for a missing number, and of the kind of the frame."""
    table = TABLES[kind]
    found = rolled(table)
    assert type(found) is (dict if isinstance(table, dict) else type(table))
    expected = plain(rolled(TABLES["dict"]))
    assert list(expected) == ["intercept", "x0", "x1", "r2", "n"]
    assert plain(found) == expected
    assert any(value is None for value in expected["x0"])
    assert sum(value is not None for value in expected["x0"]) > 20


def test_arrays_give_arrays() -> None:
    """The columns of an array of two dimensions are named by their numbers."""
    array = np.column_stack([Y, X0, X1])
    found = sr.rolling_linear_regression(array, 0, [1, 2], window=9, statistics=["r2"])
    by_name = sr.rolling_linear_regression(
        {"y": Y, "a": X0, "b": X1}, "y", ["a", "b"], window=9, statistics=["r2"]
    )
    assert found.shape == (N, 4)
    assert np.array_equal(found, np.column_stack(list(by_name.values())), equal_nan=True)


def test_what_is_missing_and_what_counts() -> None:
    """Null in polars and Arrow, NaN in pandas, whose index stays; counts are integers where they can be."""
    frame = pandas().set_index(pd.Index([f"row {at}" for at in range(N)]))
    found = sr.rolling_linear_regression(frame, "y", ["x0"], window=5, statistics=["n"], step=3)
    assert found.index.tolist() == frame.index[::3].tolist()
    assert found["x0"].isna().tolist()[:3] == [True, True, False]
    polars = sr.rolling_linear_regression(TABLES["polars"], "y", ["x0"], window=5, statistics=["n"])
    assert polars.schema["n"] == pl.Int64
    assert polars["n"].to_list()[:6] == [None] * 4 + [5, 5]
    arrow = sr.rolling_linear_regression(TABLES["Arrow"], "y", ["x0"], window=5, statistics=["n"])
    assert arrow.schema.field("n").type == pa.int64()
    assert arrow["x0"].null_count == 4


def test_decimals_are_exact() -> None:
    """A column of decimals counts as it is written."""
    tenths = [Decimal(at) / 10 for at in range(10)]
    table = pl.DataFrame(
        {"x": pl.Series(tenths, dtype=pl.Decimal(10, 2)), "y": [3 * float(at) for at in range(10)]}
    )
    found = sr.rolling_linear_regression(table, "y", ["x"], window=4)
    assert found["x"].to_list()[3:] == [30.0] * 7
    assert found["intercept"].to_list()[3:] == [0.0] * 7


def test_empty_frames() -> None:
    """No row gives no row."""
    table = pl.DataFrame({"x": [], "y": []}, schema={"x": pl.Float64, "y": pl.Float64})
    assert sr.rolling_linear_regression(table, "y", ["x"], window=3).shape == (0, 2)
    empty = np.empty((0, 2))
    assert sr.rolling_linear_regression(empty, 1, [0], window=3).shape == (0, 2)
    assert sr.rolling_linear_regression(pandas().head(0), "y", ["x0"], window=3, by="who").empty


FRAME = {
    "t": np.array([1, 2, 2, 1, 5]),
    "x": np.arange(5.0),
    "y": np.ones(5),
    "w": np.array(list("abcde")),
}
WRONG: list[tuple[dict[str, Any], type[Exception], str]] = [
    ({"on": "t", "window": 3}, ValueError, "row 3 lies before the row above it"),
    ({"window": "30min"}, TypeError, "name the column of times with on="),
    ({"window": "30min", "on": "x"}, TypeError, "'x' holds numbers"),
    ({"window": 2.5}, TypeError, "expected a number of rows, found 2.5"),
    ({"window": 0}, ValueError, "expected at least 1, found 0"),
    ({"window": True}, TypeError, "expected a number of rows, found True"),
    ({"window": -1.0, "on": "x"}, ValueError, "above 0"),
    ({"window": float("nan"), "on": "x"}, ValueError, "above 0"),
    ({"window": 3, "min_rows": 4}, ValueError, "never has 4"),
    ({"window": 3, "min_rows": 0}, ValueError, "min_rows"),
    ({"window": 3, "step": 0}, ValueError, "step"),
    ({"window": 3, "half_life": 0}, ValueError, "half_life"),
    ({"window": 3, "half_life": "1h"}, TypeError, "half_life"),
    ({"window": 3, "half_life": 1e-300}, ValueError, "too many digits"),
    ({"window": 3, "on": "missing"}, ValueError, "no column 'missing'"),
    ({"window": 3, "by": "missing"}, ValueError, "no column 'missing'"),
    ({"window": 3, "on": "w"}, TypeError, "must hold numbers"),
    ({"window": 3, "features": "x"}, TypeError, "a list of names"),
    ({"window": 3, "features": []}, ValueError, "one name at least"),
    ({"window": 3, "features": ["x", "x"]}, ValueError, "called 'x'"),
    ({"window": 3, "features": ["w"]}, TypeError, "number"),
    ({"window": 3, "statistics": ["r3"]}, sr.ProgramError, "no statistic"),
    ({"window": 3, "singular": "nul"}, sr.ProgramError, "singular"),
    ({"window": 3, "level": 2}, sr.ProgramError, "level"),
]


@pytest.mark.parametrize(("arguments", "error", "message"), WRONG)
def test_what_makes_no_sense(
    arguments: dict[str, Any], error: type[Exception], message: str
) -> None:
    """Each argument is refused by its name, with what was expected."""
    features = arguments.pop("features", ["x"])
    with pytest.raises(error, match=message):
        sr.rolling_linear_regression(FRAME, "y", features, **arguments)


def test_frames_that_are_none() -> None:
    """Neither lists nor series are frames, and a lazy one has no rows yet."""
    for data in ([[1.0, 2.0]], np.arange(3.0), pd.Series([1.0]), 3):
        with pytest.raises(TypeError, match="frame"):
            sr.rolling_linear_regression(data, "y", ["x"], window=3)
    with pytest.raises(TypeError, match="collect"):
        sr.rolling_linear_regression(TABLES["polars"].lazy(), "y", ["x0"], window=3)
    with pytest.raises(ValueError, match="different lengths"):
        sr.rolling_linear_regression({"x": [1.0], "y": [1.0, 2.0]}, "y", ["x"], window=3)


def test_times_in_groups_are_in_order_within_each() -> None:
    """Of all groups the first row that is not in order is named; the order of the groups does not matter."""
    frame = {"t": [5, 1, 6, 2, 4, 3], "g": list("ababab"), "x": np.arange(6.0), "y": np.ones(6)}
    with pytest.raises(ValueError, match="row 4 lies before the row above it in its group"):
        sr.rolling_linear_regression(frame, "y", ["x"], window=3, on="t", by="g")
    frame["t"] = [5, 1, 6, 2, 7, 3]
    found = sr.rolling_linear_regression(frame, "y", ["x"], window=3, on="t", by="g")
    assert np.isnan(found["x"]).tolist() == [True, True, False, False, False, False]
