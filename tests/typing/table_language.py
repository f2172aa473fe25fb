"""What a type checker sees of the table language. Checked by `mypy --strict`, never run."""

from typing import assert_type

import streamreg as sr


class InputSchema(sr.Schema):
    """The tutorial's schema."""

    x: float
    y: float


def program(t: sr.Table) -> None:
    """Columns are columns, operators give expressions, methods give tables."""
    assert_type(t.x, sr.Column)
    assert_type(t["x"], sr.Column)
    assert_type(t.x.name, str)
    assert_type(t.x * 2 + t.y, sr.Expression)
    assert_type(1 / t.x, sr.Expression)
    assert_type(abs(-t.x) ** 2, sr.Expression)
    assert_type(t.x == t.y, sr.Expression)
    assert_type((t.x > 0) & ~(t.y != 1), sr.Expression)
    assert_type(sr.this.x, sr.Expression)
    assert_type(sr.if_else(t.x > 0, t.x, 0.0), sr.Expression)
    assert_type(sr.cast(int, t.x), sr.Expression)
    assert_type(sr.apply(max, t.x, 0.0), sr.Expression)
    assert_type(sr.reducers.sum(t.x) / sr.reducers.count(), sr.Expression)
    assert_type(t.keys(), list[str])

    t += t.select(*sr.this.without("y"), z=t.x * t.x, one=1)
    assert_type(t, sr.Table)
    statistics = t.reduce(n=sr.reducers.count(), slope=sr.reducers.regr_slope(t.y, t.x))
    assert_type(statistics, sr.Table)
    assert_type(statistics.select(a=sr.apply(max, **statistics)), sr.Table)
    assert_type(t.filter(sr.this.x > 0).linear_regression(t.y, t.x, sr.this.z), sr.Table)
    assert_type(t.linear_regression(t.y, t.x, by=t.k), sr.Table)
    assert_type(t.linear_regression(t.y, t.x, by=(t.k, sr.this.j)), sr.Table)
    scored = t.linear_regression(t.y, t.x).predict_on(t)
    assert_type(scored.filter(abs(scored.residual) > 4), sr.Table)
    assert_type(sr.score(t.linear_regression(t.y, t.x), t), sr.Table)
    assert_type(t.groupby(t.k).reduce(t.k, n=sr.reducers.count()), sr.Table)
    assert_type(t.without("x", t.y), sr.Table)

    t.select(t.x, None)  # type: ignore[arg-type]
    t.select(z=None)  # type: ignore[arg-type]
    t.x + None  # type: ignore[operator]
    t.filter("x > 0")  # type: ignore[arg-type]
    t.linear_regression("y", t.x)  # type: ignore[arg-type]
