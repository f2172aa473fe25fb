"""What the estimator takes: arrays and tables of any library, exactly or not at all."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import streamreg as sr
from streamreg._estimators.inputs import matrix
from streamreg._estimators.numbers import column

Data: TypeAlias = Any

X = {"a": [1, 2, 2**60 + 1, 5], "b": [0.5, 1.5, -2.5, 4.0]}
Y = [1.0, 2.0, 3.0, 5.0]


def nullable() -> pd.DataFrame:
    return pd.DataFrame({"a": pd.array(X["a"], "Int64"), "b": pd.array(X["b"], "Float64")})


@pytest.mark.parametrize(
    "table",
    [pd.DataFrame(X), nullable(), pl.DataFrame(X), pa.table(X)],
    ids=["pandas", "nullable", "polars", "Arrow"],
)
def test_law_every_table_gives_the_same_bytes(table: Data) -> None:
    """Integers beyond 2^53 included, which a detour by doubles would round; names are kept."""
    model = sr.LinearRegression().fit(table, Y)
    assert model.feature_names_in_.tolist() == ["a", "b"]
    by_hand = sr.LinearRegression().fit(np.array(list(zip(*X.values(), strict=True)), object), Y)
    assert model._exact == by_hand._exact


TENTHS = [Decimal("0.1"), Decimal("0.25"), Decimal("-1.75"), Decimal("3.3")]
SHORT = np.array([0.1, 0.2, -3.7, 1e30], "f4")
WIDE = [2**60 + 1, -5, 7, 2**53 + 1]
COLUMNS: dict[str, tuple[Data, list[Any]]] = {
    "pandas, 32 bits": (pd.Series(SHORT), SHORT.tolist()),
    "pandas nullable, 32 bits": (pd.Series(SHORT, dtype="Float32"), SHORT.tolist()),
    "polars, 32 bits": (pl.Series(SHORT), SHORT.tolist()),
    "Arrow, 32 bits": (pa.array(SHORT), SHORT.tolist()),
    "pandas by Arrow": (pd.Series(WIDE, dtype="int64[pyarrow]"), WIDE),
    "polars, unsigned": (pl.Series([1, 2, 2**63 - 1, 0], dtype=pl.UInt64), [1, 2, 2**63 - 1, 0]),
    "polars, 128 bits": (pl.Series(WIDE, dtype=pl.Int128), WIDE),
    "Arrow in pieces": (pa.chunked_array([WIDE[:1], WIDE[1:]]), WIDE),
    "pandas nullable, bool": (pd.Series([True, False, True, True], dtype="boolean"), [1, 0, 1, 1]),
    "pandas objects": (pd.Series(TENTHS), TENTHS),
    "polars decimals": (pl.Series(TENTHS, dtype=pl.Decimal(10, 2)), TENTHS),
    "Arrow decimals": (pa.array(TENTHS, pa.decimal128(10, 2)), TENTHS),
    "Arrow decimals, 256 bits": (pa.array(TENTHS, pa.decimal256(50, 2)), TENTHS),
}


@pytest.mark.parametrize(("series", "values"), COLUMNS.values(), ids=COLUMNS)
def test_law_every_type_of_column_is_exact(series: Data, values: list[Any]) -> None:
    """Feature, target or weight: as if the very numbers had come as Python's own."""
    make = {pd: pd.DataFrame, pl: pl.DataFrame, pa: pa.table}
    (table,) = (
        m for library, m in make.items() if type(series).__module__.startswith(library.__name__)
    )
    features = np.array([[1], [2], [3], [4]])
    weights = [abs(value) for value in values]
    pairs: list[tuple[tuple[Data, ...], tuple[Data, ...]]] = [
        ((table({"a": series}), Y), (np.array([[value] for value in values], object), Y)),
        ((features, series), (features, values)),
    ]
    if weights == values:
        pairs.append(((features, Y, series), (features, Y, values)))
    for given, by_hand in pairs:
        found = sr.LinearRegression().fit(*given)
        assert found._exact == sr.LinearRegression().fit(*by_hand)._exact


def test_a_record_batch_is_a_table() -> None:
    """Its names are kept too."""
    model = sr.LinearRegression().fit(pa.record_batch(X), Y)
    assert model.to_bytes() == sr.LinearRegression().fit(pa.table(X), Y).to_bytes()


def test_a_lazy_table_has_no_rows() -> None:
    """The error says what to do."""
    with pytest.raises(TypeError, match=r"X is a LazyFrame.*use X\.collect\(\)"):
        sr.LinearRegression().fit(pl.DataFrame(X).lazy(), Y)


@pytest.mark.parametrize(
    "table",
    [
        pl.DataFrame({"a": [1, None, 3, 4]}),
        pa.table({"a": [1.5, None, 3, 4]}),
        pd.DataFrame({"a": [Decimal(1), None, Decimal(3), Decimal(4)]}),
        pd.DataFrame({"a": [1, np.nan, 3, 4]}),
    ],
    ids=["polars", "Arrow", "decimals", "NaN"],
)
def test_a_missing_value_of_any_table_is_named(table: Data) -> None:
    """Nothing is filled in."""
    with pytest.raises(ValueError, match=r"X\['a'\] contains NaN"):
        sr.LinearRegression().fit(table, Y)


@pytest.mark.parametrize(
    "target", [pd.Series(Y), pl.Series(Y), pa.chunked_array([Y]), np.array(Y), tuple(Y)]
)
def test_every_kind_of_target(target: Data) -> None:
    """A column of a table, a list, an array of one dimension."""
    model = sr.LinearRegression().fit([[1], [2], [3], [4]], target)
    assert model._exact == sr.LinearRegression().fit([[1], [2], [3], [4]], Y)._exact


def test_columns_are_not_copied_where_the_layout_allows() -> None:
    """A column that lies in one piece as doubles or 64-bit integers is used where it is."""
    frame = pd.DataFrame({"a": np.arange(9.0)})
    assert np.shares_memory(matrix(frame, "test").columns[0], frame["a"].to_numpy())
    by_column = np.asfortranarray(np.arange(12.0).reshape(6, 2))
    assert np.shares_memory(matrix(by_column, "test").columns[1], by_column)
    arrow = pa.array(np.arange(9))
    found = matrix(pa.table({"a": arrow}), "test").columns[0]
    assert np.shares_memory(found, arrow.to_numpy())


@pytest.mark.parametrize("dtype", ["f2", "f4", "i1", "i4", "u1", "u4", "u8", "?"])
def test_small_types_are_exact(dtype: str) -> None:
    """Every type whose values are doubles or 64-bit integers is taken as it is."""
    values = np.array([0, 1, 1, 0], dtype)
    assert column(values, "x").tolist() == [0, 1, 1, 0]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (np.array([2**64 - 1], "u8"), "18446744073709551615, beyond 64-bit"),
        (np.array([2**70], object), "too large|too big"),
        (np.array([1 + 2j]), "Complex data not supported: x"),
        (np.array([1.0, np.nan]), "x contains NaN"),
        (np.array([np.inf]), "x contains infinity"),
        (np.array([1], np.longdouble) / 3, "are no doubles"),
    ],
)
def test_what_would_be_rounded_is_refused(values: np.ndarray, message: str) -> None:
    """The message names the column."""
    with pytest.raises(ValueError, match=message):
        column(values, "x")


def test_missing_values_are_named() -> None:
    """A missing cell of a nullable column is an error that says where."""
    frame = pd.DataFrame({"a": pd.array([1, None], "Int64")})
    with pytest.raises(ValueError, match=r"X\['a'\] contains NaN"):
        sr.LinearRegression().fit(frame, [1.0, 2.0])


def test_names_must_be_those_of_the_fit() -> None:
    """Another order or other names are refused, no names are warned of."""
    model = sr.LinearRegression().fit(pd.DataFrame({"a": [1, 2, 4], "b": [1, 0, 1]}), [1, 2, 3])
    with pytest.raises(ValueError, match="same order"):
        model.predict(pd.DataFrame({"b": [1.0], "a": [2.0]}))
    with pytest.raises(ValueError, match="unseen at fit time:\n- c"):
        model.partial_fit(pd.DataFrame({"a": [1], "c": [2]}), [1])
    with pytest.warns(UserWarning, match="valid feature names"):
        model.predict([[1.0, 2.0]])
