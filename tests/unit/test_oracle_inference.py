"""The statistics of a fit against rationals, bit for bit, and against 60 digits, to one unit in the last place."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streamreg._core import Fit, Moments
from tests.unit.columns import DOUBLES, SUBNORMALS, Numbers, columns, rationals
from tests.unit.inference import (
    DIGITS,
    Exact,
    fitted,
    is_within_an_ulp,
    quantile,
    root,
    upper_tail,
    wide,
)
from tests.unit.rationals import bits, nearest

ROUNDED = ["rss", "tss", "residual_std", "r2", "adjusted_r2", "f", "log_likelihood", "aic", "bic"]


@pytest.fixture(autouse=True)
def _digits() -> Iterator[None]:
    with mpmath.workdps(DIGITS):
        yield


def moments(data: Sequence[Numbers]) -> Moments:
    """Of features and target."""
    made = Moments(len(data) - 1)
    made.add(data)
    return made


def both(
    data: Sequence[Numbers], intercept: bool = True, ridge: float = 0.0
) -> tuple[Fit, Exact | None]:
    """The extension's fit and the exact one."""
    exact = fitted([rationals(column) for column in data], intercept, Fraction(ridge))
    return moments(data).fit(intercept, ridge), exact


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


@pytest.mark.parametrize("intercept", [True, False])
@settings(max_examples=60)
@given(draw=st.data())
def test_oracle_predictions(intercept: bool, draw: st.DataObject) -> None:
    """Fitted values, and both their standard errors, of any rows."""
    fit, exact = both(draw.draw(columns(3, most_rows=7)), intercept)
    asked = draw.draw(columns(2, most_rows=4))
    values, means, observations = (column.tolist() for column in fit.predict(asked))
    assert fit.values(asked).tobytes() == np.array(values, dtype=np.float64).tobytes()
    rows = list(zip(*map(rationals, asked), strict=True))
    for row, value, mean, observation in zip(rows, values, means, observations, strict=True):
        x = [*([Fraction(1)] if intercept else []), *row]
        if exact is None:
            assert all(map(math.isnan, (value, mean, observation)))
            continue
        assert bits(value) == bits(
            nearest(sum(a * b for a, b in zip(x, exact.coefficients, strict=True)))
        )
        if not exact.df:
            assert math.isnan(mean)
            assert math.isnan(observation)
            continue
        size = range(len(x))
        leverage = sum(x[i] * exact.inverse[i][j] * x[j] for i in size for j in size)
        assert bits(mean) == bits(root(exact.variance * leverage))
        assert bits(observation) == bits(root(exact.variance * (1 + leverage)))


def test_predictions_of_rows_that_are_not_finite() -> None:
    """They are NaN, beside others that are not; columns that do not fit are refused."""
    fit = moments([np.array([0.0, 1.0, 2.0]), np.array([1.0, 3.0, 5.0])]).fit()
    values, means, observations = fit.predict([np.array([math.nan, 10.0, -math.inf])])
    assert [str(value) for value in values.tolist()] == ["nan", "21.0", "nan"]
    assert [str(value) for value in means.tolist()] == ["nan", "0.0", "nan"]
    assert [str(value) for value in observations.tolist()] == ["nan", "0.0", "nan"]
    assert fit.values([np.array([], dtype=np.int64)]).tolist() == []
    for wrong in ([], [np.zeros(1), np.zeros(1)]):
        with pytest.raises(ValueError, match="takes 1 columns of one length"):
            fit.predict(wrong)


# --- what has no exact value -------------------------------------------------


def check_tails(fit: Fit, exact: Exact) -> None:
    """p-values of every coefficient, and of the whole fit."""
    for i, estimate in enumerate(exact.coefficients):
        square = estimate**2 / exact.covariance(i, i)
        assert is_within_an_ulp(fit.statistic("p_value", i), upper_tail(1, exact.df, square))
    slopes = len(exact.coefficients) - exact.intercept
    f = (exact.tss - exact.rss) / slopes / exact.variance
    assert is_within_an_ulp(fit.statistic("f_p_value"), upper_tail(slopes, exact.df, f))


@pytest.mark.parametrize("intercept", [True, False])
@pytest.mark.parametrize(("features", "rows"), [(1, 3), (1, 4), (2, 9), (3, 30), (5, 12), (8, 40)])
def test_oracle_p_values(features: int, rows: int, intercept: bool) -> None:
    """Of coefficients that matter more and less, with few degrees of freedom and more."""
    generator = np.random.default_rng(100 * features + rows)
    x = generator.normal(size=(features, rows))
    for effect in (0.0, 0.1, 1.0, 30.0):
        y = effect * x.sum(axis=0) + generator.normal(size=rows)
        fit, exact = both([*x, y], intercept)
        assert exact is not None
        check_tails(fit, exact)


def test_oracle_small_p_values() -> None:
    """Down to the least double, by way of the subnormals, nothing is lost to a subtraction."""
    x = np.arange(-25.0, 25.0)
    found = []
    for power in range(-160, 60):
        # 48 degrees of freedom: the tail goes down with the 48th power of the noise.
        y = x + 10.0 ** (power / 20) * np.cos(x**2)
        fit, exact = both([x, y])
        assert exact is not None
        check_tails(fit, exact)
        found.append(fit.statistic("p_value", 1))
    sizes = [value for value in found if isinstance(value, float)]
    assert min(sizes) == 0.0
    assert sum(0 < value < 2.0**-1022 for value in sizes) >= 1
    assert sum(0 < value < 1e-200 for value in sizes) > 10
    assert max(sizes) > 1e-50


@pytest.mark.parametrize("doublings", [1, 10, 20, 40, 60])
def test_oracle_many_rows(doublings: int) -> None:
    """Rows repeated up to 2^60 times: any number of degrees of freedom."""
    x = np.array([1.0, 2.0, 3.0, 4.0])
    # The fewer standard errors the slope is from 0 the better does the oracle converge.
    for effect in (0.0, 0.3, 3.0):
        y = np.array([1.0, -1.0, -1.0, 1.0]) + effect * 2.0 ** (-doublings / 2) * x
        state = moments([x, y])
        for _ in range(doublings):
            state.merge(state)
        exact = fitted([rationals(x), rationals(y)], intercept=True)
        assert exact is not None
        n = 4 * 2**doublings
        times = Fraction(n, 4)
        variance = exact.rss * times / (n - 2) * exact.inverse[1][1] / times
        square = exact.coefficients[1] ** 2 / variance
        fit = state.fit()
        assert fit.statistic("df") == n - 2
        assert is_within_an_ulp(fit.statistic("p_value", 1), upper_tail(1, n - 2, square))
        check_interval(fit, exact.coefficients[1], variance, n - 2, 1, 0.95)


def check_interval(
    fit: Fit, estimate: Fraction, variance: Fraction, df: int, at: int, level: float
) -> None:
    """Both ends of a confidence interval, and the quantile."""
    found = fit.statistic("t_quantile", level=level)
    assert isinstance(found, float)
    exact = quantile(df, level, found)
    assert is_within_an_ulp(found, exact)
    reach = exact * mpmath.sqrt(wide(variance))
    for name, end in (("ci_low", wide(estimate) - reach), ("ci_high", wide(estimate) + reach)):
        assert is_within_an_ulp(fit.statistic(name, at, level=level), end)


LEVELS = [5e-324, 1e-20, 0.1, 0.5, 0.9, 0.95, 0.999, 1 - 1e-9, 1 - 2.0**-53]


@pytest.mark.parametrize("rows", [3, 4, 5, 8, 40])
def test_oracle_confidence_intervals(rows: int) -> None:
    """At levels as near to 0 and 1 as doubles are, with one degree of freedom and more."""
    generator = np.random.default_rng(rows)
    x = generator.normal(size=rows)
    fit, exact = both([x, x + generator.normal(size=rows)])
    assert exact is not None
    for level in LEVELS:
        for i in range(2):
            check_interval(fit, exact.coefficients[i], exact.covariance(i, i), exact.df, i, level)


@pytest.mark.parametrize("intercept", [True, False])
def test_oracle_likelihood(intercept: bool) -> None:
    """Log-likelihood, AIC and BIC, also where their terms cancel."""
    generator = np.random.default_rng(9)
    x = generator.normal(size=(2, 12))
    noise = generator.normal(size=12)
    # At this size of the residuals ln L is zero but for a few digits.
    for size in (1e-200, 1e-3, 0.2419707, 1.0, 1e150):
        fit, exact = both([*x, noise * size], intercept)
        assert exact is not None
        mean = wide(exact.rss / exact.n)
        twice = exact.n * (mpmath.log(2 * mpmath.pi * mean) + 1)
        count = len(exact.coefficients)
        assert is_within_an_ulp(fit.statistic("log_likelihood"), -twice / 2)
        assert is_within_an_ulp(fit.statistic("aic"), twice + 2 * count)
        assert is_within_an_ulp(fit.statistic("bic"), twice + mpmath.log(exact.n) * count)


# --- what is not defined -----------------------------------------------------


def test_statistics_that_are_not_defined() -> None:
    """A fit through all rows, a target that does not vary, no degree of freedom: None, never 0 or NaN."""
    x = np.array([1.0, 2.0, 4.0, 7.0])
    through = moments([x, 2 * x + 1]).fit()
    assert [through.statistic(name) for name in ("rss", "residual_std", "r2", "adjusted_r2")] == [
        *[0.0, 0.0, 1.0, 1.0]
    ]
    assert [
        through.statistic(name) for name in ("f", "f_p_value", "log_likelihood", "aic", "bic")
    ] == [None] * 5
    assert [through.statistic(name, 1) for name in ("std_error", "ci_low", "ci_high")] == [
        0.0,
        2.0,
        2.0,
    ]
    assert [through.statistic(name, 1) for name in ("t", "p_value")] == [None, None]

    flat = moments([x, np.full(4, 0.1)]).fit()
    assert flat.coefficients() == [0.1, 0.0]
    assert [flat.statistic(name) for name in ("tss", "r2", "adjusted_r2", "f", "f_p_value")] == [
        0.0,
        *[None] * 4,
    ]

    two = moments([x[:2], x[:2] ** 2]).fit()
    assert [two.statistic(name) for name in ("n", "df", "rank", "rss", "r2")] == [2, 0, 2, 0.0, 1.0]
    assert [
        two.statistic(name)
        for name in ("residual_std", "adjusted_r2", "f", "std_error", "t_quantile")
    ] == [None] * 5


def test_rank_of_features_that_depend_on_each_other() -> None:
    """It is exact, also where the features are all but dependent, and of no rows it is 0."""
    x = np.array([0.1, 0.7, 0.3, 1e9, 5.0])
    near = x.copy()
    near[3] = np.nextafter(near[3], 0)
    y = np.arange(5.0)
    cases = [([x, 2 * x], 2), ([x, near], 3), ([x, np.ones(5)], 2), ([np.zeros(5), np.zeros(5)], 1)]
    for features, rank in cases:
        fit = moments([*features, y]).fit()
        assert (fit.statistic("rank"), fit.coefficients() is None) == (rank, rank < 3)
        assert fit.statistic("n") == 5
    assert moments([x, np.zeros(5), y]).fit(intercept=False).statistic("rank") == 1
    none = Moments(2).fit()
    assert [none.statistic(name) for name in ("n", "rank", "df", "rss")] == [0, 0, None, None]


def test_a_slope_of_zero() -> None:
    """It is no evidence at all: t is 0, F is 0, and both probabilities are 1."""
    fit = moments([np.array([-1.0, 0.0, 1.0, 0.0]), np.array([1.0, 2.0, 1.0, 0.0])]).fit()
    assert [fit.statistic(name, 1) for name in ("coefficient", "t", "p_value")] == [0.0, 0.0, 1.0]
    assert [fit.statistic(name) for name in ("f", "f_p_value", "r2")] == [0.0, 1.0, 0.0]


def test_statistics_of_rows_that_were_never_there() -> None:
    """Rows removed but never added make sums that no rows have: there is no panic, no hang, no NaN."""
    state = moments([np.array([1.0, 2.0, 3.0, 5.0]), np.array([1.0, 3.0, 2.0, 7.0])])
    state.remove([np.array([100.0]), np.array([-50.0])])
    fit = state.fit()
    for name in (*ROUNDED, "n", "df", "rank", "f_p_value"):
        value = fit.statistic(name)
        assert value is None or math.isfinite(value)
    for name in ("std_error", "t", "p_value", "ci_low"):
        value = fit.statistic(name, 1)
        assert value is None or math.isfinite(value)
    assert len(fit.predict([np.array([1.0])])) == 3


def test_questions_that_make_no_sense() -> None:
    """An unknown name, an index too many or too large, a level or a ridge out of range is a ValueError."""
    state = moments([np.arange(5.0), np.arange(5.0) ** 2])
    fit = state.fit()
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"name": "median"}, "no statistic"),
        ({"name": "r2", "i": 1}, "takes no index 1"),
        ({"name": "t", "j": 1}, "takes no index 1"),
        ({"name": "t", "i": 2}, "no coefficient 2"),
        ({"name": "covariance", "j": 2}, "no coefficient 2"),
        *[
            ({"name": "ci_low", "level": level}, "level")
            for level in (0.0, 1.0, -1.0, math.nan, math.inf)
        ],
    ]
    for arguments, message in wrong:
        with pytest.raises(ValueError, match=message):
            fit.statistic(**arguments)
    for ridge in (-1.0, math.nan, math.inf):
        with pytest.raises(ValueError, match="ridge"):
            state.fit(ridge=ridge)
