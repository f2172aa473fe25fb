"""Reducers and regressions: what they ask of the exact core."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import streamreg as sr

TableOf = Callable[..., sr.Table]
PlanOf = Callable[..., Any]

r = sr.reducers


def test_each_reducer_asks_for_its_statistic(table_of: TableOf, plan_of: PlanOf) -> None:
    """One aggregate for equal inputs, whatever is asked of it; the row count always comes first."""
    t = table_of(x=float, y=int)
    table = t.reduce(
        n=r.count(),
        sx=r.sum(t.x),
        ax=r.avg(t.x),
        sy=r.sum(sr.this.y),
        lo=r.min(t.y),
        hi=r.max(t.x),
        sxx=r.sum(t.x * t.x),
        again=r.sum(t.x**2),
    )
    assert [column.dtype for column in table] == [
        *["int", "float", "float", "int", "int", "float", "float", "float"]
    ]
    plan = plan_of(table)
    assert plan.rows.reductions[0].inputs == ("float", "int", "float")
    assert plan.rows.reductions[0].aggregates == (
        ("count",),
        ("sum", 0),
        ("sum", 1),
        ("min", 1),
        ("max", 0),
        ("sum", 2),
    )
    assert plan.results[0].statistics == (
        (0, "count", 0),
        (1, "sum", 0),
        (1, "avg", 0),
        (2, "sum", 0),
        (3, "min", 0),
        (4, "max", 0),
        (5, "sum", 0),
    )


def test_the_line_functions_share_one_aggregate(table_of: TableOf, plan_of: PlanOf) -> None:
    """SQL's order of arguments: what is explained first; the core wants features, then target."""
    t = table_of(x=float, y=float)
    names = ["slope", "intercept", "r2", "count", "avgx", "avgy", "sxx", "syy", "sxy"]
    line = t.reduce(**{name: getattr(r, f"regr_{name}")(t.y, t.x) for name in names})
    assert [column.dtype for column in line] == ["float"] * 3 + ["int"] + ["float"] * 5
    plan = plan_of(line, t.linear_regression(t.y, t.x), t.reduce(n=r.count()))
    (reducing,), (results,) = plan.rows.reductions, plan.results
    assert reducing.aggregates == (("count",), ("moments", (0,), 1))
    assert plan.rows.source_columns == ("x", "y")
    assert results.statistics == (
        (0, "count", 0),
        *[(1, f"regr_{name}", 0) for name in names],
        (1, "coefficient", 0),
        (1, "coefficient", 1),
    )
    assert len(results.outputs) == 3


def test_spread_is_of_a_column_with_itself(table_of: TableOf, plan_of: PlanOf) -> None:
    """Variances need no aggregate of their own, and share it; covariances share that of the line."""
    t = table_of(x=float, y=int)
    table = t.reduce(
        a=r.var_pop(t.x),
        b=r.stddev_samp(sr.this.x),
        c=r.covar_samp(t.y, t.x),
        d=r.corr(sr.this.y, sr.this.x),
        e=r.regr_sxy(t.y, t.x),
    )
    assert {column.dtype for column in table} == {"float"}
    assert [column.definition.text for column in table] == [
        *["var_pop(x)", "stddev_samp(this.x)", "covar_samp(y, x)", "corr(this.y, this.x)"],
        "regr_sxy(y, x)",
    ]
    plan = plan_of(table)
    assert plan.rows.reductions[0].aggregates == (
        ("count",),
        ("moments", (0,), 0),
        ("moments", (0,), 1),
    )
    names = [(name, at) for at, name, *_ in plan.results[0].statistics[1:]]
    assert names == [
        ("var_pop", 1),
        ("stddev_samp", 1),
        *[(n, 2) for n in ("covar_samp", "corr", "regr_sxy")],
    ]
    with pytest.raises(sr.ProgramError, match=r"var_pop\(s\) takes numbers, but s is str"):
        r.var_pop(table_of(s=str).s)


def test_linear_regression_has_a_column_for_each_feature(
    table_of: TableOf, plan_of: PlanOf
) -> None:
    """`intercept`, then the features under their own names, in their order."""
    t = table_of(y=float, n=int, x=float)
    t += t.select(square=t.x * t.x)
    fit = t.linear_regression(sr.this.y, sr.this.square, t.n, t.x)
    assert fit.keys() == ["intercept", "square", "n", "x"]
    assert {column.dtype for column in fit} == {"float"}
    plan = plan_of(fit.select(fit.n, b=fit.intercept))
    assert plan.rows.reductions[0].inputs == ("float", "int", "float", "float")
    assert plan.rows.reductions[0].aggregates[1] == ("moments", (0, 1, 2), 3)
    assert plan.results[0].statistics[1:] == ((1, "coefficient", 2), (1, "coefficient", 0))


def test_linear_regression_refuses_features_it_cannot_name(table_of: TableOf) -> None:
    """Each coefficient needs a name of its own, and a number to stand for."""
    t = table_of(
        y=float, x=float, s=str, b=bool, intercept=float, **{f"f{i}": int for i in range(65)}
    )
    cases: list[tuple[list[sr.Expression], str]] = [
        ([], "1 to 64 features, not 0"),
        ([t[f"f{i}"] for i in range(65)], "1 to 64 features, not 65"),
        ([t.intercept], "cannot be called intercept"),
        ([t.x, t.x], "x is given twice"),
        ([t.s], "linear_regression takes numbers, but s is str"),
        ([t.b], r"b is bool; sr.cast\(int, b\)"),
    ]
    for features, message in cases:
        with pytest.raises(sr.ProgramError, match=message):
            t.linear_regression(t.y, *features)
    with pytest.raises(sr.ProgramError, match="takes numbers, but s is str"):
        t.linear_regression(t.s, t.x)
    assert len(t.linear_regression(t.y, *[t[f"f{i}"] for i in range(64)]).keys()) == 65


def test_reduce_takes_reducers_and_arithmetic_on_them(table_of: TableOf, plan_of: PlanOf) -> None:
    """An expression of results is computed in the parent, from the fewest statistics."""
    t = table_of(x=float, n=int)
    table = t.reduce(
        mean=r.sum(t.x) / r.count(),
        spread=r.max(sr.this.n) - r.min(sr.this.n),
        big=sr.if_else(r.count() > 2, "many", "few"),
    )
    plan = plan_of(table)
    row = plan.results[0].evaluate([3, 7.5, 2**70, -1])[0]
    assert row.cells == ([2.5], [2**70 + 1], ["many"])


@pytest.mark.parametrize(
    ("write", "message"),
    [
        (lambda t: t.reduce(a=t.x), "a = x is no result over all rows; use a reducer"),
        (lambda t: t.reduce(a=sr.this.x), "column x has a value for each row"),
        (lambda t: t.reduce(a=1), "a = 1 is no result over all rows"),
        (lambda t: t.reduce(a=r.sum(t.x) + t.x), "not of the same rows"),
        (lambda t: t.reduce(a=r.sum(r.count())), "can only stand in table.reduce"),
        (lambda t: t.reduce(), "needs a column"),
        (lambda t: t.reduce(a=r.count()).reduce(b=r.count()), "the result of a reduction already"),
        (lambda t: r.sum(t.s), r"sum\(s\) takes numbers, but s is str"),
        (lambda t: t.reduce(a=r.sum(sr.this.s)), r"sum\(this.s\) takes numbers, but s is str"),
        (lambda t: r.avg(t.b), r"b is bool; sr.cast\(int, b\)"),
        (lambda t: r.regr_slope(t.x, t.s), "takes numbers, but s is str"),
        (lambda t: r.sum(sr.apply(max, t.x, 1.0)), "what max returns is not known"),
        (lambda t: r.sum(t.x) + "1", None),
        (lambda t: t.reduce(a=r.sum(t.x) + "1"), r"\+ takes numbers, but '1' is str"),
        (lambda t: bool(r.sum(t.x) > 1), "neither true nor false"),
    ],
)
def test_mistakes_in_reduce(
    table_of: TableOf, write: Callable[[sr.Table], object], message: str | None
) -> None:
    """They are found when written, at the latest by the `reduce` that they stand in."""
    t = table_of(x=float, s=str, b=bool)
    if message is None:
        write(t)
        return
    with pytest.raises(sr.ProgramError, match=message):
        write(t)
