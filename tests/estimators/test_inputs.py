"""What could be taken for other numbers: exact, or an error that names the column, wherever a user brings it."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from functools import partial
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import streamreg as sr
from tests.support.estimators import CLASSIFIERS, EVERY

Data: TypeAlias = Any

FEATURES = [[1.0, 2.0], [2.0, 1.0], [3.0, 5.0], [4.0, 4.5]]
Y = [1.0, 2.0, 3.0, 5.0]
LABELS = [0, 1, 0, 1]


def objects(*values: Data) -> Data:
    """A column of Python objects, as they are."""
    found = np.empty(len(values), dtype=object)
    found[:] = values
    return found


def four(value: Data) -> Data:
    return objects(*[value] * 4)


DAY = datetime.date(2026, 1, 2)
NESTED: dict[str, Data] = {
    "polars array": pl.Series(
        [[1, 0, 1], [2, 0, -1], [4, 0, 0], [1, 2, 3]], dtype=pl.Array(pl.Int64, 3)
    ),
    "polars array of one": pl.Series([[1], [2], [4], [3]], dtype=pl.Array(pl.Int64, 1)),
    "polars list": pl.Series([[1], [2], [4], [3]]),
    "polars struct": pl.Series([{"a": 1, "b": 2, "c": 3}] * 4),
    "polars struct of one": pl.Series([{"a": 1}] * 4),
    "Arrow lists": pa.chunked_array([[[1, 2, 3]] * 4], pa.list_(pa.int64(), 3)),
    "pandas lists": pd.Series([[1], [2], [3], [4]]),
    "pandas arrays": pd.Series(objects(*(np.array([float(i)]) for i in range(4)))),
    "objects": objects([1], [2], [3], [4]),
}
TIMES: dict[str, Data] = {
    **{
        f"M8[{unit}]": np.array(["2026-01-02"] * 4, f"M8[{unit}]")
        for unit in ("ns", "us", "s", "D", "Y")
    },
    **{f"m8[{unit}]": np.arange(4).astype(f"m8[{unit}]") for unit in ("ns", "s", "D")},
    **{f"M8[{unit}] in objects": four(np.datetime64("2026-01-02", unit)) for unit in ("ns", "D")},
    "m8 in objects": objects(*np.arange(4).astype("m8[ns]")),
    "dates": four(DAY),
    "datetimes": four(datetime.datetime(2026, 1, 2)),
    "timedeltas": four(datetime.timedelta(1)),
    "pandas stamps": pd.Series(pd.date_range("2026", periods=4)),
    "pandas stamps, a zone": pd.Series(pd.date_range("2026", periods=4, tz="UTC")),
    "pandas stamps, objects": pd.Series(list(pd.date_range("2026", periods=4)), dtype=object),
    "pandas periods": pd.Series(pd.period_range("2026", periods=4)),
    "polars datetimes": pl.Series([datetime.datetime(2026, 1, 2)] * 4),
    "polars dates": pl.Series([DAY] * 4),
    "polars times": pl.Series([datetime.time(1)] * 4),
    "polars durations": pl.Series([datetime.timedelta(1)] * 4),
    "Arrow stamps": pa.chunked_array([[datetime.datetime(2026, 1, 2)] * 4]),
}
ROUNDED: dict[str, Data] = {
    "integers beside floats": objects(2**53 + 1, 0.5, 1, 2),
    "large and negative": [2**64 - 1, -1, 1, 2],
    "thirds": objects(Fraction(1, 3), 1, 2, 3),
    "long doubles in objects": objects(np.longdouble(1) / 3, 1, 2, 3),
    "long integers in objects": objects(np.longdouble(2**60) + 1, 1.5, 2, 3),
    "long doubles": np.array([1, 2, 3, 5], np.longdouble) / 3,
    "unsigned": np.array([2**63 + 1, 1, 2, 3], np.uint64),
    "too large": objects(2**1100, 0.5, 1, 2),
}
MISSING: dict[str, Data] = {
    "masked": np.ma.array([1.0, 2.0, 3.0, 4.0], mask=[False, False, True, False]),
    "masked integers": np.ma.array([1, 2, 3, 4], mask=[False, True, False, False]),
    "masked in a list": [1.0, 2.0, np.ma.masked, 4.0],
    "masked objects": objects(1, 2, np.ma.masked, 4),
    "None": objects(1, 2, None, 4),
    "NaT": objects(1, 2, pd.NaT, 4),
    "NA": objects(1, 2, pd.NA, 4),
    "a decimal NaN": objects(Decimal(1), Decimal("nan"), Decimal(2), Decimal(3)),
}


def features_of(values: Data) -> tuple[Data, str]:
    """A table, or rows, with these values in the second column, and how an error calls it."""
    if isinstance(values, pd.Series):
        return pd.DataFrame({"a": [1.0, 2.0, 3.0, 5.0], "b": values}), r"X\['b'\]"
    if isinstance(values, pl.Series):
        return pl.DataFrame({"a": [1.0, 2.0, 3.0, 5.0], "b": values}), r"X\['b'\]"
    if isinstance(values, pa.ChunkedArray):
        return pa.table({"a": [1.0, 2.0, 3.0, 5.0], "b": values}), r"X\['b'\]"
    if isinstance(values, np.ma.MaskedArray):
        return np.ma.column_stack([[1.0, 2.0, 3.0, 5.0], values]), "column 1 of X"
    if isinstance(values, list):
        return [
            [first, second] for (first, _), second in zip(FEATURES, values, strict=True)
        ], "column 1 of X"
    if values.dtype.kind in "mM":
        return np.column_stack([values, values]), "column 0 of X"
    rows = np.empty((4, 2), dtype=object if values.dtype.kind == "O" else values.dtype)
    rows[:, 0], rows[:, 1] = 1, values
    return rows, "column 1 of X"


def refused(call: Callable[[], object], name: str, message: str) -> None:
    with pytest.raises(
        (TypeError, ValueError), match=rf"(?s){name}.*({message})|({message}).*{name}"
    ):
        call()


def plain_features(name: str) -> Data:
    """Features that can be taken, with the names of those that are refused."""
    return FEATURES if name.endswith("of X") else pd.DataFrame(FEATURES, columns=["a", "b"])


def assert_refused_everywhere(values: Data, message: str) -> None:
    """As features, target, weights, in `predict`, `forget` and `score`: by the name of the column."""
    x, name = features_of(values)
    for made in EVERY:
        y = Y if made is sr.LinearRegression else LABELS
        fitted = made().fit(plain_features(name), y)
        calls: list[Callable[[], object]] = [
            partial(made().fit, x, y),
            partial(fitted.partial_fit, x, y),
            partial(fitted.predict, x),
            partial(fitted.score, x, y),
        ]
        if made is not sr.LogisticRegression:
            calls.append(partial(fitted.forget, x, y))
        for call in calls:
            refused(call, name, message)
        refused(partial(made().fit, FEATURES, y, sample_weight=values), "sample_weight", message)
    fitted = sr.LinearRegression().fit(FEATURES, Y)
    refused(partial(sr.LinearRegression().fit, FEATURES, values), "y", message)
    refused(partial(fitted.score, FEATURES, values), "y", message)


@pytest.mark.parametrize("name", NESTED)
def test_nested_columns_are_no_numbers(name: str) -> None:
    """Arrays, lists and structs, of whatever width: three integers are no decimal."""
    assert_refused_everywhere(NESTED[name], "must hold numbers|a number: ")
    with pytest.raises(TypeError, match=r"Unknown label type|y must hold numbers"):
        sr.GaussianNB().fit(FEATURES, NESTED[name])


@pytest.mark.parametrize("name", TIMES)
def test_times_are_no_numbers(name: str) -> None:
    """In every unit, in arrays, tables and objects."""
    assert_refused_everywhere(TIMES[name], "must hold numbers|a number: ")
    with pytest.raises(TypeError, match="Unknown label type"):
        sr.GaussianNB().fit(FEATURES, TIMES[name])


@pytest.mark.parametrize("name", ROUNDED)
def test_what_would_be_rounded_is_refused(name: str) -> None:
    """Where numbers of several types stand in one column, and where one type is wider than doubles."""
    assert_refused_everywhere(ROUNDED[name], "is no double|too large|are no doubles|beyond 64-bit")
    with pytest.raises(
        (TypeError, ValueError), match=r"continuous|too large|Unknown label|beyond 64-bit"
    ):
        sr.GaussianNB().fit(FEATURES, ROUNDED[name])


@pytest.mark.parametrize("name", MISSING)
def test_what_is_masked_or_missing_is_refused(name: str) -> None:
    """A masked value is not the number behind the mask; nor is it taken where nothing is masked."""
    assert_refused_everywhere(MISSING[name], "contains NaN")
    with pytest.raises(
        (TypeError, ValueError), match=r"y contains NaN|Unknown label type: y holds Decimal"
    ):
        sr.GaussianNB().fit(FEATURES, MISSING[name])
    nothing: Data = np.ma.array(FEATURES, mask=False)
    assert (
        sr.LinearRegression().fit(nothing, Y).to_bytes()
        == sr.LinearRegression().fit(FEATURES, Y).to_bytes()
    )


def test_rows_that_are_masked_arrays() -> None:
    """A mask within a list is not lost."""
    rows = [np.ma.array([1.0, 2.0], mask=[False, row == 1]) for row in range(4)]
    with pytest.raises(ValueError, match="X contains NaN"):
        sr.LinearRegression().fit(rows, Y)


@pytest.mark.parametrize("large", [2**53 + 1, 2**60 + 1, -(2**62) - 1])
def test_oracle_integers_beside_floats(large: int) -> None:
    """A list of rows is as exact as a table: an integer beyond 2^53 is no double, whatever stands beside it."""
    table = {"a": [large, 3, 5, 9], "b": [0.5, 1.5, 7.0, 1.0]}
    rows = [list(row) for row in zip(*table.values(), strict=True)]
    expected = sr.LinearRegression().fit(pd.DataFrame(table), Y)
    for given in (rows, tuple(map(tuple, rows)), np.array(rows, dtype=object)):
        found = sr.LinearRegression().fit(given, Y)
        assert found._exact == expected._exact
        assert found.predict(given).tobytes() == expected.predict(pd.DataFrame(table)).tobytes()
        classes = sr.LinearDiscriminantAnalysis().fit(given, LABELS)
        by_table = sr.LinearDiscriminantAnalysis().fit(pd.DataFrame(table), LABELS)
        assert classes._moments == by_table._moments
    target = [large, 3, 5, 9]
    assert (
        sr.LinearRegression().fit(FEATURES, target)._exact
        == sr.LinearRegression().fit(FEATURES, np.array(target))._exact
    )


def test_objects_that_are_doubles_are_taken() -> None:
    """Halves of any type, integers that are doubles, booleans beside decimals."""
    expected = sr.LinearRegression().fit([[0.5], [2.0**60], [1.0], [3.0]], Y)._exact
    for first in (Fraction(1, 2), np.longdouble(0.5), np.float32(0.5), 0.5):
        assert (
            sr.LinearRegression().fit(objects(first, 2**60, True, 3)[:, None], Y)._exact == expected
        )
    decimals = sr.LinearRegression().fit(
        objects(Decimal(1), Decimal("0.5"), Decimal(2), Decimal(3))[:, None], Y
    )
    beside = sr.LinearRegression().fit(objects(True, Decimal("0.5"), 2, np.int8(3))[:, None], Y)
    assert beside._exact == decimals._exact


DECIMALS: list[Data] = [
    objects(*map(Decimal, ("0.1", "0.2", "0.5", "0.9"))),
    pd.Series(list(map(Decimal, ("0.1", "0.2", "0.5", "0.9")))),
    pl.Series(list(map(Decimal, ("0.1", "0.2", "0.5", "0.9")))),
    pa.chunked_array([list(map(Decimal, ("0.1", "0.2", "0.5", "0.9")))]),
]


@pytest.mark.parametrize("values", DECIMALS, ids=["objects", "pandas", "polars", "Arrow"])
@pytest.mark.parametrize("made", CLASSIFIERS)
def test_classifiers_refuse_decimals_in_one_wording(made: Callable[..., Any], values: Data) -> None:
    """By the name of the column, in fit, partial_fit, predict, score and weights."""
    wording = " holds decimals, which classifiers do not take: make them doubles"
    x, name = features_of(values)
    if name == "column 1 of X":
        x[:, 0] = np.arange(4)
    fitted = made().fit(
        FEATURES if name == "column 1 of X" else pd.DataFrame(FEATURES, columns=["a", "b"]), LABELS
    )
    calls: list[Callable[[], object]] = [
        partial(made().fit, x, LABELS),
        partial(fitted.partial_fit, x, LABELS),
        partial(fitted.predict, x),
        partial(fitted.predict_proba, x),
        partial(fitted.score, x, LABELS),
    ]
    for call in calls:
        with pytest.raises(
            TypeError,
            match=f"^{name}{wording}",
        ):
            call()
    weights = f"^sample_weight{wording}"
    with pytest.raises(TypeError, match=weights):
        fitted.score(plain_features(name), LABELS, sample_weight=values)
    with pytest.raises(TypeError, match=weights):
        made().fit(FEATURES, LABELS, sample_weight=values)


def test_labels_are_not_rounded_or_unwritable() -> None:
    """Integers beside whole doubles keep their digits; half of a surrogate pair is named."""
    model = sr.GaussianNB(var_smoothing=1.0).fit(FEATURES, [2**53 + 1, 1.0, 2**53 + 1, 1.0])
    assert model.classes_.tolist() == [1, 2**53 + 1]
    with pytest.raises(
        ValueError, match=r"y holds the label 'a\\ud800', with half of a surrogate pair"
    ):
        sr.GaussianNB().fit(FEATURES, ["a\ud800", "b", "b", "b"])
    with pytest.raises(ValueError, match="surrogate"):
        sr.LogisticRegression().fit(FEATURES, np.array(["a\ud800", "b", "b", "b"]))
