"""The statistics of a fit that are rational, or roots of rationals: rounded once, bit for bit."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.columns import DOUBLES, SUBNORMALS, Numbers, columns
from tests.support.inference import ROUNDED, both
from tests.support.rationals import bits, nearest, root


def check(data: Sequence[Numbers], intercept: bool) -> None:
    """Whatever is rational, or a root, is rounded once; what is not defined is None."""
    fit, exact = both(data, intercept)
    size = len(data) - (not intercept)
    if exact is None:
        assert fit.coefficients() is None
        assert fit.statistic("n") == len(data[0])
        assert all(fit.statistic(name) is None for name in [*ROUNDED, "df", "f_p_value"])
        assert all(fit.statistic("covariance", i, i) is None for i in range(size))
        return
    expected = exact.of_fit()
    assert {name: bits(fit.statistic(name)) for name in expected} == {
        name: bits(value) for name, value in expected.items()
    }
    for i in range(size):
        expected = exact.of_coefficient(i)
        found = {name: fit.statistic(name, i) for name in expected}
        assert {name: bits(value) for name, value in found.items()} == {
            name: bits(value) for name, value in expected.items()
        }
        for j in range(size):
            covariance = nearest(exact.covariance(i, j)) if exact.df else None
            assert bits(fit.statistic("covariance", i, j)) == bits(covariance)


@given(st.fractions(min_value=0), st.integers(-1100, 1100))
def test_oracle_root(value: Fraction, power: int) -> None:
    """What the other tests take roots with is right: its square and its neighbours' enclose the number."""
    scaled = value * Fraction(4) ** power
    found = root(scaled)
    if 2.0**-1000 < found < math.inf:
        low, high = math.nextafter(found, 0), math.nextafter(found, math.inf)
        middles = [(Fraction(found) + Fraction(other)) / 2 for other in (low, high)]
        assert middles[0] ** 2 <= scaled <= middles[1] ** 2


@pytest.mark.parametrize("intercept", [True, False])
@pytest.mark.parametrize("features", [1, 2, 3])
@settings(max_examples=60)
@given(draw=st.data())
def test_oracle_rational_statistics(features: int, intercept: bool, draw: st.DataObject) -> None:
    """Of columns of any numbers: sums of squares, R², F, standard errors, t, covariances."""
    check(draw.draw(columns(features + 1, most_rows=8)), intercept)


@pytest.mark.parametrize("intercept", [True, False])
@pytest.mark.parametrize("features", [1, 4, 7])
def test_oracle_ordinary_rows(features: int, intercept: bool) -> None:
    """Of rows as measurements give them, and of the first few of them."""
    generator = np.random.default_rng(features)
    data = [*generator.normal(size=(features, 20)), generator.normal(size=20)]
    for rows in (*range(features + 4), 20):
        check([column[:rows] for column in data], intercept)


@settings(max_examples=60)
@given(columns(3, most_rows=6), st.booleans(), (DOUBLES | SUBNORMALS).map(abs))
def test_oracle_ridge(data: list[Numbers], intercept: bool, ridge: float) -> None:
    """With any ridge: coefficients and sums of squares; no inference."""
    fit, exact = both(data, intercept, ridge)
    if exact is None:
        assert fit.coefficients() is None
        return
    found = fit.coefficients()
    assert found is not None
    assert list(map(bits, found)) == [bits(nearest(value)) for value in exact.coefficients]
    assert bits(fit.statistic("rss")) == bits(nearest(exact.rss))
    share = nearest(1 - exact.rss / exact.tss) if exact.tss else None
    assert bits(fit.statistic("r2")) == bits(share)
    assert fit.statistic("n") == exact.n
    if ridge:
        names = [
            "df",
            "rank",
            "residual_std",
            "adjusted_r2",
            "f",
            "f_p_value",
            "aic",
            "std_error",
            "ci_low",
        ]
        assert [fit.statistic(name) for name in names] == [None] * len(names)
