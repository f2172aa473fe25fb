"""Weights, exact powers and decimals of a regression: what they ask of the exact core, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

import streamreg as sr

TableOf = Callable[..., sr.Table]
PlanOf = Callable[..., Any]


def aggregates(plan: Any) -> list[Any]:  # noqa: ANN401 - a plan
    """What the one reduction of a plan keeps, beside the number of rows."""
    (reduction,) = plan.rows.reductions
    count: Any
    others: list[Any]
    count, *others = reduction.aggregates
    assert count == ("count",)
    return others


def test_plain_columns_keep_moments(table_of: TableOf, plan_of: PlanOf) -> None:
    """Doubles and integers, unweighted and of degree one, take the fast way; poly(x, 1) is x."""
    t = table_of(x=float, n=int, y=float)
    plan = plan_of(
        t.linear_regression(t.y, t.x, t.n), t.linear_regression(t.y, sr.poly(t.x, 1), t.n)
    )
    assert aggregates(plan) == [("moments", (0, 1), 2)]


def test_what_is_not_plain_keeps_monomials(table_of: TableOf, plan_of: PlanOf) -> None:
    """Weights, powers and decimals, each column read once."""
    t = table_of(x=float, y=float, w=int, d=Decimal)
    assert aggregates(plan_of(t.linear_regression(t.y, t.x, weights=t.w))) == [
        ("monomials", ((0, 1),), 1, 2)
    ]
    powers = t.linear_regression(t.y, sr.poly(t.x, 3), t.w)
    assert powers.keys() == ["intercept", "x", "x^2", "x^3", "w"]
    assert aggregates(plan_of(powers)) == [("monomials", ((0, 1), (0, 2), (0, 3), (1, 1)), 2, None)]
    plan = plan_of(t.linear_regression(t.d, t.x))
    assert aggregates(plan) == [("monomials", ((0, 1),), 1, None)]
    assert plan.rows.reductions[0].inputs == ("float", "decimal")
    line = t.reduce(a=sr.reducers.regr_slope(t.d, t.x), b=sr.reducers.regr_r2(t.d, t.x))
    assert aggregates(plan_of(line)) == [("monomials", ((0, 1),), 1, None)]


def test_powers_are_reached_by_their_names(table_of: TableOf, plan_of: PlanOf) -> None:
    """As columns of the result, by `sr.this` in, and with weights that are computed."""
    t = table_of(x=float, y=float)
    fit = t.linear_regression(t.y, sr.poly(sr.this.x, 2), weights=1 / (1 + t.x * t.x))
    chosen = fit.select(fit.intercept, slope=fit.x, curve=fit["x^2"])
    plan = plan_of(chosen)
    assert chosen.keys() == ["intercept", "slope", "curve"]
    assert len(plan.results[0].statistics) == 4
    assert repr(sr.poly(t.x, 2)) == "poly(x, 2)"


@pytest.mark.parametrize("degree", [0, -1, 65, 2.0, True, "2"])
def test_degrees_are_integers_from_one_to_sixty_four(table_of: TableOf, degree: Any) -> None:  # noqa: ANN401
    """Anything else is a program error where it is written."""
    t = table_of(x=float)
    with pytest.raises(
        sr.ProgramError, match=r"poly\(x, …\): the degree is an integer from 1 to 64"
    ):
        sr.poly(t.x, degree)


def test_what_makes_no_regression_is_refused(table_of: TableOf) -> None:
    """Features given twice, too many, without a name or of no numbers; weights of no numbers."""
    t = table_of(x=float, y=float, s=str)
    with pytest.raises(sr.ProgramError, match="the feature x is given twice"):
        t.linear_regression(t.y, sr.poly(t.x, 2), t.x)
    with pytest.raises(sr.ProgramError, match="1 to 64 features, not 65"):
        t.linear_regression(t.y, sr.poly(t.x, 64), t.y)
    with pytest.raises(sr.ProgramError, match="takes numbers, but s is str"):
        t.linear_regression(t.y, sr.poly(t.s, 2))
    with pytest.raises(sr.ProgramError, match="takes numbers, but s is str"):
        t.linear_regression(t.y, t.x, weights=t.s)
    with pytest.raises(sr.ProgramError, match=r"poly\(x, 2\) is neither an expression nor"):
        t.select(z=sr.poly(t.x, 2))  # type: ignore[arg-type]
    other = table_of(w=float)
    with pytest.raises(sr.ProgramError, match="w is not of these rows"):
        t.linear_regression(t.y, t.x, weights=other.w)


def test_powers_whose_sums_could_be_too_large_are_refused(table_of: TableOf) -> None:
    """Decimals of all exponents to high powers would take a gigabyte: as soon as it is written, with what to do."""
    t = table_of(x=float, d=Decimal, y=Decimal, w=float)
    for target, feature, degree in ((t.y, t.d, 27), (t.w, t.d, 62), (t.w, t.x, 64)):
        t.linear_regression(target, sr.poly(feature, degree))
    for weights, degree in ((None, 28), (t.w, 22), (t.y, 14)):
        with pytest.raises(sr.ProgramError, match=r"linear_regression: .* MB.*take lower powers"):
            t.linear_regression(t.y, sr.poly(t.d, degree), weights=weights)
    with pytest.raises(sr.ProgramError, match="take lower powers"):
        t.linear_regression(t.y, sr.poly(t.d, 9), sr.poly(t.y, 9))
    t.linear_regression(t.w, sr.poly(sr.cast(float, t.d), 64))
