"""Features that follow exactly from others, left without a coefficient: all else is as if they were not there."""

from __future__ import annotations

import math
import struct

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given
from hypothesis import strategies as st
from sklearn.preprocessing import PolynomialFeatures

import streamreg as sr

STATISTICS = [
    *["rank_", "df_resid_", "rss_", "r2_", "adjusted_r2_", "residual_std_", "f_statistic_"],
    *["f_p_value_", "log_likelihood_", "aic_", "bic_", "n_samples_seen_", "condition_number_"],
]


def dropping(**options: bool) -> sr.LinearRegression:
    return sr.LinearRegression(singular="drop", **options)


def bits(values: np.ndarray) -> bytes:
    return struct.pack(f"<{values.size}d", *values.ravel())


def assert_as_without(
    x: np.ndarray,
    y: np.ndarray,
    gone: list[int],
    *,
    intercept: bool = True,
    weights: np.ndarray | None = None,
) -> None:
    """Every result has the bits of a fit to the other features."""
    kept = [at for at in range(x.shape[1]) if at not in gone]
    found = dropping(fit_intercept=intercept).fit(x, y, weights)
    plain = sr.LinearRegression(fit_intercept=intercept).fit(x[:, kept], y, weights)
    assert np.isnan(found.coef_[gone]).all()
    assert bits(found.coef_[kept]) == bits(plain.coef_)
    assert found.intercept_ == plain.intercept_
    for name in STATISTICS:
        assert getattr(found, name) == getattr(plain, name), name
    of_all = [at + intercept for at in kept]
    own = [*range(intercept), *of_all]
    for name in ("std_errors_", "t_values_", "p_values_"):
        every = getattr(found, name)
        assert np.isnan(every[[at + intercept for at in gone]]).all()
        assert bits(every[own]) == bits(getattr(plain, name))
    assert bits(found.covariance_[np.ix_(own, own)]) == bits(plain.covariance_)
    assert bits(found.conf_int()[own]) == bits(plain.conf_int())
    asked = x[::2] + 0.5
    assert bits(found.predict(asked)) == bits(plain.predict(asked[:, kept]))
    for one, other in zip(
        found.predict(asked, interval="prediction"),
        plain.predict(asked[:, kept], interval="prediction"),
        strict=True,
    ):
        assert bits(one) == bits(other)


def features(seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    x = np.round(rng.normal(size=(40, 3)) * 8) / 8
    return x, rng.normal(size=40) + x[:, 0]


@pytest.mark.parametrize("weighted", [False, True])
def test_law_a_fit_with_dependent_features_is_that_without(weighted: bool) -> None:
    """Multiples, sums, constants, in any place, with weights and without: the later ones are excluded."""
    x, y = features(1)
    weights = np.abs(features(2)[1]) if weighted else None
    with_others = np.column_stack(
        [x[:, 0], 3 * x[:, 0], x[:, 1], np.full(40, 7.0), x[:, 2] - x[:, 1], x[:, 2]]
    )
    assert_as_without(with_others, y, [1, 3, 5], weights=weights)
    assert_as_without(with_others, y, [1, 5], intercept=False, weights=weights)
    assert_as_without(x, y, [], weights=weights)


@given(
    st.integers(0, 2**30),
    st.lists(st.lists(st.integers(-3, 3), min_size=3, max_size=3), max_size=4),
)
def test_law_combinations(seed: int, factors: list[list[int]]) -> None:
    """Whatever integer combinations of features are put after them."""
    x, y = features(seed)
    more = x @ np.array(factors, dtype=float).reshape(-1, 3).T
    assert_as_without(np.column_stack([x, more]), y, list(range(3, 3 + len(factors))))


@pytest.mark.filterwarnings("ignore:The design matrix is rank-deficient")
def test_oracle_one_hot_with_an_intercept() -> None:
    """All levels beside an intercept: the last has no coefficient, as in R; ranks and values are statsmodels'."""
    rng = np.random.default_rng(3)
    levels = rng.integers(0, 4, 200)
    x = np.column_stack([np.eye(4)[levels], rng.normal(size=200)])
    y = levels * 2.0 + x[:, 4] + rng.normal(size=200)
    model = dropping().fit(x, y)
    assert np.isnan(model.coef_).tolist() == [False, False, False, True, False]
    without = sm.OLS(y, sm.add_constant(x[:, [0, 1, 2, 4]])).fit()
    whole = sm.OLS(y, sm.add_constant(x)).fit()
    np.testing.assert_allclose(model.predict(x), whole.fittedvalues, rtol=1e-10)
    assert (model.rank_, model.df_resid_) == (whole.df_model + 1, whole.df_resid)
    for name, theirs in [
        ("rss_", whole.ssr),
        ("r2_", whole.rsquared),
        ("adjusted_r2_", whole.rsquared_adj),
        ("f_statistic_", without.fvalue),
        ("aic_", without.aic),
    ]:
        assert getattr(model, name) == pytest.approx(theirs, rel=1e-10), name
    np.testing.assert_allclose(model.std_errors_[[0, 1, 2, 3, 5]], without.bse, rtol=1e-10)
    text = model.summary()
    assert f"Df Model: {whole.df_model:>28.0f}  " in text
    assert [line for line in text.splitlines() if line.startswith("x3")] == [
        "x3".ljust(12) + " " * 66
    ]
    assert "nan" not in repr(model)
    assert "*x2" in repr(model)
    assert "*x4" in repr(model)
    zeros = dropping(fit_intercept=False).fit([[0.0], [0.0]], [1.0, 2.0])
    assert repr(zeros).endswith("fitted: y = 0, of 2 rows")


def test_law_polynomial_features_and_their_bias_column() -> None:
    """A column of ones beside the intercept is dropped, and the rest is what it is without."""
    x = features(4)[0]
    more = PolynomialFeatures(2).fit_transform(x)
    assert_as_without(more, features(4)[1], [0])


def test_law_nothing_but_an_intercept_is_left() -> None:
    """Constant features leave the mean; without an intercept, zeros leave nothing, and predict 0."""
    y = [1.0, 2.0, 6.0]
    model = dropping().fit([[5.0, 1.0]] * 3, y)
    assert (model.intercept_, model.rank_, model.df_resid_) == (3.0, 1, 2)
    assert np.isnan(model.coef_).all()
    assert model.predict([[5.0, 1.0], [9.0, 9.0]]).tolist() == [3.0, 3.0]
    assert (model.f_statistic_, model.f_p_value_) == (None, None)
    assert (model.r2_, model.rss_) == (0.0, 14.0)
    nothing = dropping(fit_intercept=False).fit([[0.0], [0.0], [0.0]], y)
    assert nothing.predict([[4.0]]).tolist() == [0.0]
    assert (nothing.rank_, nothing.rss_, math.isnan(nothing.coef_[0])) == (0, 41.0, True)


def test_law_rows_that_come_and_go() -> None:
    """What is dropped follows from the rows that there are, and bytes keep the parameter."""
    model = dropping().fit([[1.0, 2.0], [2.0, 4.0], [3.0, 6.0]], [1.0, 2.0, 4.0])
    assert np.isnan(model.coef_).tolist() == [False, True]
    model.partial_fit([[1.0, 7.0]], [3.0])
    assert not np.isnan(model.coef_).any()
    again = sr.LinearRegression.from_bytes(model.forget([[1.0, 7.0]], [3.0]).to_bytes())
    assert again.singular == "drop"
    assert np.isnan(again.coef_).tolist() == [False, True]
    with pytest.raises(ValueError, match="singular: expected"):
        sr.LinearRegression(singular="zero").fit([[1.0]], [1.0]).predict([[1.0]])  # type: ignore[arg-type]
