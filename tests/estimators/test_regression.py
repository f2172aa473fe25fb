"""What `LinearRegression` results: the exact fit, its statistics, its bytes."""

from __future__ import annotations

import math
import pickle
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import streamreg as sr
from streamreg import testing
from tests.support.columns import Numbers, columns, rationals
from tests.support.rationals import bits, fit, nearest

Rows: TypeAlias = tuple[Any, ...]
"""The arguments of `fit`."""


@pytest.mark.filterwarnings("ignore::streamreg.NumericalWarning")
@pytest.mark.parametrize("features", [1, 3])
@given(draw=st.data())
def test_oracle_coefficients(features: int, draw: st.DataObject) -> None:
    """They are those of rationals, rounded once, or NaN with a warning where the rows do not determine them."""
    data: list[Numbers] = draw.draw(
        columns(features + 1, most_rows=9).filter(lambda made: len(made[0]) > 0)
    )
    model = sr.LinearRegression().fit(np.array(data[:-1], object).T, data[-1])
    expected = fit([rationals(column) for column in data])
    if expected is None:
        with pytest.warns(RuntimeWarning, match="not determined by the rows seen"):
            assert np.isnan(model.coef_).all()
    else:
        found = [model.intercept_, *model.coef_.tolist()]
        assert list(map(bits, found)) == [bits(nearest(value)) for value in expected]


@given(
    st.lists(
        st.tuples(*[st.integers(-(2**60), 2**60)] * 2, st.integers(0, 2**53)),
        min_size=3,
        max_size=12,
        unique_by=lambda row: row[0],
    ).filter(lambda rows: sum(w > 0 for _, _, w in rows) > 1)
)
def test_oracle_weights(rows: list[tuple[int, int, int]]) -> None:
    """A weighted line through integers of any size is that of rationals, rounded once."""
    x, y, weights = map(list, zip(*rows, strict=True))
    model = sr.LinearRegression().fit([[value] for value in x], y, weights)
    total = Fraction(sum(weights))
    of_x = sum((w * Fraction(a) for a, _, w in rows), Fraction()) / total
    of_y = sum((w * Fraction(b) for _, b, w in rows), Fraction()) / total
    around = sum((w * (a - of_x) ** 2 for a, _, w in rows), Fraction())
    slope = sum((w * (a - of_x) * (b - of_y) for a, b, w in rows), Fraction()) / around
    assert bits(float(model.coef_[0])) == bits(nearest(slope))
    assert bits(model.intercept_) == bits(nearest(of_y - slope * of_x))


def test_decimals_are_taken_as_written() -> None:
    """The line through tenths, which are no doubles, and predictions for decimals."""
    x = [[Decimal(i) / 10] for i in range(5)]
    y = [Decimal("0.1") + Decimal("0.7") * row[0] for row in x]
    model = sr.LinearRegression().fit(x, y)
    assert (model.intercept_, model.coef_.tolist()) == (0.1, [0.7])
    assert model.predict([[Decimal("0.3")]]).tolist() == [0.31]
    assert model.score(x, y) == 1.0


def test_decimal_weights_are_taken_as_written() -> None:
    """Tenths, which are no doubles, weigh a tenth; rows that come without weights count as 1."""
    weights = [Decimal(text) for text in ("0.1", "0.2", "0.7", "1e-30")]
    x, y = [[0], [1], [2], [5]], [1, 2, 4, 8]
    model = sr.LinearRegression().fit(x, y, weights)
    exact = [Fraction(weight) for weight in weights]
    mean_x, mean_y = (
        sum((w * v for w, v in zip(exact, values, strict=True)), Fraction()) / sum(exact)
        for values in ([value for [value] in x], y)
    )
    rows = list(zip(exact, (value for [value] in x), y, strict=True))
    around = sum((w * (a - mean_x) ** 2 for w, a, _ in rows), Fraction())
    slope = sum((w * (a - mean_x) * (b - mean_y) for w, a, b in rows), Fraction()) / around
    assert bits(float(model.coef_[0])) == bits(nearest(slope))
    state = model.to_bytes()
    ones = [Decimal(1)] * 4
    assert model.partial_fit(x, y).forget(x, y, ones).to_bytes() == state
    assert model.score(x, y, weights) == pytest.approx(model.r2_, abs=1e-12)
    with pytest.raises(ValueError, match="sample_weight must be at least 0"):
        model.partial_fit([[1]], [1], [Decimal("-0.1")])


@pytest.mark.parametrize(
    ("first", "second", "message"),
    [
        (([[1]], [2], [1.0]), ([[1]], [2], [Decimal(1)]), "sample_weight holds decimals, but"),
        (([[1]], [2], [Decimal(1)]), ([[1]], [2], [0.5]), "sample_weight holds no decimals, but"),
        (([[1]], [2]), ([[1]], [Decimal(2)]), "y holds decimals, but the first rows had no"),
        (([[1, Decimal(2)]], [2]), ([[1, 2.5]], [2]), "column 1 of X holds no decimals"),
    ],
)
def test_decimals_stay_where_they_were(first: Rows, second: Rows, message: str) -> None:
    """A column is exact in one way from its first rows on; the message names it."""
    model = sr.LinearRegression().fit(*first)
    before = model.to_bytes()
    with pytest.raises(ValueError, match=message):
        model.partial_fit(*second)
    assert model.to_bytes() == before


def test_the_estimator_gives_the_results_of_the_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same rows by way of a topic give the same statistics, bit for bit."""

    class Row(sr.Schema):
        x: float
        z: float
        y: float

    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(3)
    rows = rng.normal(size=(20, 3))
    lines = [b"x,z,y", *(f"{x!r},{z!r},{y!r}".encode() for x, z, y in rows.tolist())]
    t = testing.read([lines], schema=Row)
    names = ["rank", "df", "rss", "r2", "adjusted_r2", "residual_std", "f", "f_p_value", "aic"]
    per_coefficient = ["std_error", "t", "p_value"]
    fitted = t.linear_regression(t.y, t.x, t.z, statistics=[*names, *per_coefficient])
    sr.io.csv.write(fitted, "fit.csv")
    results: dict[str, dict[str, float]] = {}
    sr.run(processes=0, progress=lambda now: results.update(now.results))  # type: ignore[arg-type]
    expected = results["fit.csv"]
    model = sr.LinearRegression().fit(rows[:, :2], rows[:, 2])
    assert model.intercept_ == expected["intercept"]
    assert model.coef_.tolist() == [expected["x"], expected["z"]]
    found = [model.rank_, model.df_resid_, model.rss_, model.r2_, model.adjusted_r2_]
    found += [model.residual_std_, model.f_statistic_, model.f_p_value_, model.aic_]
    assert found == [expected[name] for name in names]
    for name, values in zip(
        per_coefficient, (model.std_errors_, model.t_values_, model.p_values_), strict=True
    ):
        assert values.tolist() == [expected[f"{name}_{of}"] for of in ("intercept", "x", "z")]


def test_intervals_hold_the_expected_value() -> None:
    """That of a new observation holds that of the mean, which holds the expected value."""
    x = np.arange(10.0)[:, None]
    model = sr.LinearRegression().fit(x, [1, 3, 2, 5, 4, 6, 8, 7, 9, 10])
    expected, low, high = model.predict(x, interval="confidence")
    assert expected.tolist() == model.predict(x).tolist()
    _, lower, higher = model.predict(x, interval="prediction")
    assert (lower < low).all()
    assert (low < expected).all()
    assert (expected < high).all()
    assert (high < higher).all()


def test_parameters_count_when_they_are_used() -> None:
    """A penalty can be changed without the rows; one that is none is named."""
    model = sr.LinearRegression().fit([[0.0], [1.0], [2.0]], [1.0, 2.0, 3.0])
    assert model.coef_.tolist() == [1.0]
    assert model.set_params(ridge=2.0).coef_.tolist() == [0.5]
    assert np.isnan(model.std_errors_).all()
    for wrong in (-1.0, math.nan, "1"):
        with pytest.raises(ValueError, match="ridge: expected"):
            sr.LinearRegression(ridge=wrong).fit([[1.0]], [1.0])  # type: ignore[arg-type]


def test_a_summary_has_every_coefficient_by_name() -> None:
    """The table that users of statistics packages know."""
    model = sr.LinearRegression().fit([[0.0], [1.0], [2.0], [3.0]], [1.0, 2.0, 3.0, 4.5])
    text = model.summary(level=0.9)
    assert "No. Observations:" in text
    assert "[0.05" in text
    assert [line.split()[0] for line in text.splitlines()[-3:-1]] == ["intercept", "x0"]


@pytest.mark.parametrize("kind", ["plain", "weighted", "decimal"])
def test_law_bytes(kind: str) -> None:
    """An estimator read back from its bytes, or from a pickle, is the same; damaged bytes are refused."""
    x = [[Decimal(1)], [Decimal(2)]] if kind == "decimal" else [[1.0], [2.0]]
    model = sr.LinearRegression(ridge=0.25).fit(x, [1, 2], [1, 2] if kind == "weighted" else None)
    state = model.to_bytes()
    assert sr.LinearRegression.from_bytes(state).to_bytes() == state
    assert pickle.loads(pickle.dumps(model)).to_bytes() == state
    for at in range(len(state)):
        damaged = state[:at] + bytes([state[at] ^ 1]) + state[at + 1 :]
        with pytest.raises(ValueError, match="LinearRegression"):
            sr.LinearRegression.from_bytes(damaged)


def test_names_are_compared_one_by_one() -> None:
    """Features whose names read alike when they are put together are others all the same."""
    X, y = [[1.0, 2.0], [3.0, 1.0], [4.0, 4.0]], [1.0, 2.0, 4.0]
    one, other = (
        sr.LinearRegression().fit(pd.DataFrame(X, columns=names), y)
        for names in (["a, b", "c"], ["a", "b, c"])
    )
    with pytest.raises(ValueError, match="have other features"):
        one.merge(other)
