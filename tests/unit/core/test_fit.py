"""Fits whose statistics are not defined, or whose questions make no sense."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from streamreg._core import Moments
from tests.support.inference import ROUNDED, moments


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
