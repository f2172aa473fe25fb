"""Predictions, their standard errors, and residuals of rows whose target is known: rounded once, bit for bit."""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streamreg._core import Fit
from tests.support.columns import DECIMALS, Numbers, columns, decimal_array, rationals
from tests.support.inference import Exact, both, moments
from tests.support.rationals import bits, nearest, root

NAN = math.nan


def check_rows(
    fit: Fit,
    exact: Exact | None,
    asked: Sequence[Numbers],
    target: Numbers,
    observed: Sequence[Fraction],
) -> None:
    """Values, both standard errors, residuals and standardised residuals of every row."""
    values, means, observations = fit.predict(asked)
    assert fit.values(asked).tobytes() == values.tobytes()
    again, residuals, standardized = fit.residuals(asked, target)
    assert again.tobytes() == values.tobytes()
    found = zip(values, means, observations, residuals, standardized, strict=True)
    rows = list(zip(*map(rationals, asked), strict=True))
    for row, y, numbers in zip(rows, observed, found, strict=True):
        assert list(map(bits, numbers)) == list(map(bits, expected(exact, row, y)))


def expected(
    exact: Exact | None, row: Sequence[Fraction], y: Fraction
) -> tuple[float, float, float, float, float]:
    """What the fit says of a row, each rounded once."""
    if exact is None:
        return NAN, NAN, NAN, NAN, NAN
    residual = y - exact.value(row)
    fitted, rest = nearest(exact.value(row)), nearest(residual)
    if not exact.df:
        return fitted, NAN, NAN, rest, NAN
    mean, observation = exact.variances(row)
    standardized = NAN
    if observation:
        size = root(residual**2 / observation)
        standardized = -size if residual < 0 and size else size
    return fitted, root(mean), root(observation), rest, standardized


@pytest.mark.parametrize("intercept", [True, False])
@settings(max_examples=60)
@given(draw=st.data())
def test_oracle_predictions(intercept: bool, draw: st.DataObject) -> None:
    """Of columns of any numbers, for any rows."""
    fit, exact = both(draw.draw(columns(3, most_rows=7)), intercept)
    *asked, target = draw.draw(columns(3, most_rows=9))
    check_rows(fit, exact, asked, target, rationals(target))


@settings(max_examples=60)
@given(columns(2, most_rows=7), columns(1, most_rows=9), st.data())
def test_oracle_residuals_of_decimals(
    data: list[Numbers], asked: list[Numbers], draw: st.DataObject
) -> None:
    """The target is a decimal as it is written, not the double beside it."""
    rows = len(asked[0])
    target: list[Decimal] = draw.draw(st.lists(DECIMALS, min_size=rows, max_size=rows))
    check_rows(*both(data), asked, decimal_array(target), list(map(Fraction, target)))


def test_predictions_of_rows_that_are_not_finite() -> None:
    """They are NaN, beside others that are not; columns that do not fit are refused."""
    fit = moments([np.array([0.0, 1.0, 2.0]), np.array([1.0, 3.0, 5.0])]).fit()
    values, means, observations = fit.predict([np.array([math.nan, 10.0, -math.inf])])
    assert [str(value) for value in values.tolist()] == ["nan", "21.0", "nan"]
    assert [str(value) for value in means.tolist()] == ["nan", "0.0", "nan"]
    assert [str(value) for value in observations.tolist()] == ["nan", "0.0", "nan"]
    assert fit.values([np.array([], dtype=np.int64)]).tolist() == []
    for wrong in ([], [np.zeros(1), np.zeros(1)]):
        with pytest.raises(ValueError, match="takes 1 column of one length"):
            fit.predict(wrong)


def test_residuals_of_rows_that_are_not_finite() -> None:
    """Where the features or the target are not; of a target of another length there are none."""
    fit = moments([np.array([0.0, 1.0, 2.0, 3.0]), np.array([0.0, 2.0, 1.0, 3.0])]).fit()
    asked, target = [np.array([NAN, 1.0, 1.0, 1.5])], np.array([1.0, NAN, math.inf, 1.5])
    found = [column.tolist() for column in fit.residuals(asked, target)]
    assert list(map(str, found[0])) == ["nan", "1.1", "1.1", "1.5"]
    assert list(map(str, found[1])) == ["nan", "nan", "nan", "0.0"]
    assert list(map(str, found[2])) == ["nan", "nan", "nan", "0.0"]
    with pytest.raises(ValueError, match="a target as long as the features"):
        fit.residuals(asked, np.zeros(3))


def test_residuals_that_cannot_be_standardized() -> None:
    """With a ridge, without degrees of freedom, or beside a fit that leaves no residual: NaN."""
    x, y = np.array([0.0, 1.0, 2.0]), np.array([1.0, 3.0, 5.0])
    fits = [moments([x, y]).fit(ridge=1.0), moments([x[:2], y[:2]]).fit(), moments([x, y]).fit()]
    for fit in fits:
        values, residuals, standardized = fit.residuals([np.array([1.0])], np.array([5.0]))
        assert residuals.tolist() == (5.0 - values).tolist()
        assert math.isnan(standardized.item())
