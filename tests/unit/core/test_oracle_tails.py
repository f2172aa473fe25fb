"""What of a fit has no exact value, against 60 digits: right to one unit in the last place."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import mpmath
import numpy as np
import pytest

from streamreg._core import Fit
from tests.support.columns import rationals
from tests.support.inference import (
    DIGITS,
    Exact,
    both,
    fitted,
    is_within_an_ulp,
    moments,
    quantile,
    upper_tail,
    wide,
)


@pytest.fixture(autouse=True)
def _digits() -> Iterator[None]:
    with mpmath.workdps(DIGITS):
        yield


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
