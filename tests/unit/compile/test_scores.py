"""Scored rows: what a program may say of them, and what workers and parent are to do."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Sequence
from typing import Any

import cloudpickle
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import streamreg as sr
from streamreg._compile.compile import compile
from streamreg._core import render
from streamreg._evaluate.columns import to_list
from streamreg._evaluate.nullable import packed_rows
from streamreg._evaluate.scalar import evaluate_scalars, in_scope
from streamreg._plan.plan import Plan
from tests.support.plans import csv_output

TableOf = Callable[..., sr.Table]
PlanOf = Callable[..., Plan]


@pytest.fixture
def t(table_of: TableOf) -> sr.Table:
    return table_of(k=str, n=int, x=float, y=float)


def fitted(t: sr.Table) -> sr.Table:
    return t.linear_regression(t.y, t.x)


def test_the_columns_of_scored_rows(t: sr.Table) -> None:
    """Those of the table, then the scores; those of the table can still be said by it."""
    scored = fitted(t).predict_on(t.select(t.k, z=t.n + 1))
    assert repr(scored) == (
        "<Table (k: str, z: int, prediction: float, residual: float, standardized_residual: float)>"
    )
    more = scored.select(sr.this.prediction, both=t.x + scored.residual, x=t.x)
    assert list(more.keys()) == ["prediction", "both", "x"]
    some = scored.filter(scored.residual > t.x)
    assert list(some.select(t.y, p=scored.prediction).keys()) == ["y", "p"]


def test_scores_of_the_same_rows_fit_side_by_side(t: sr.Table) -> None:
    """Scored twice by one regression, in either spelling, they are the same rows."""
    fit = fitted(t)
    both = fit.predict_on(t).select(t.x) + sr.score(fit, t).select(sr.this.residual)
    assert list(both.keys()) == ["x", "residual"]
    other = fitted(t).predict_on(t)
    with pytest.raises(sr.ProgramError, match="side by side"):
        fit.predict_on(t).select(t.x) + other.select(other.residual)


@pytest.mark.parametrize(
    ("say", "message"),
    [
        (lambda t: t.predict_on(t), "predict_on: this table is not what linear_regression gave"),
        (
            lambda t: fitted(t).select(sr.this.x).predict_on(t),
            "or naive Bayes: call it on that, before any select",
        ),
        (
            lambda t: fitted(t.filter(t.x > 0)).predict_on(t),
            r"the model is of the rows of fake source where x > 0, and the table has the rows "
            r"of fake source: score the table that it was fitted to, or a filter of that",
        ),
        (lambda t: fitted(t).predict_on(fitted(t)), "the table has the reduction of the rows of"),
        (
            lambda t: fitted(t).predict_on(fitted(t).predict_on(t)),
            "these rows have predictions already: score the table that they were made of",
        ),
        (
            lambda t: fitted(t).predict_on(t.select(t.x, residual=t.y)),
            r"a column residual of its own; leave it out, like t\.without\('residual'\), or give",
        ),
        (
            lambda t: fitted(t).predict_on(t).reduce(n=sr.reducers.count()),
            "reduce: this table has predictions, which cannot be reduced; call it on the table that",
        ),
        (
            lambda t: fitted(fitted(t).predict_on(t).filter(t.x > 0)),
            "linear_regression: this table has predictions",
        ),
        (
            lambda t: t.reduce(s=sr.reducers.sum(fitted(t).predict_on(t).residual)),
            "residual is not of these rows: it is of the rows of fake source with predictions",
        ),
        (lambda t: t.select(p=fitted(t).predict_on(t).prediction), None),
    ],
)
def test_what_makes_no_sense_is_refused(
    t: sr.Table, say: Callable[[sr.Table], object], message: str | None
) -> None:
    """Each says what to do instead, where there is something to do."""
    with pytest.raises(sr.ProgramError, match=message or "is not of these rows"):
        say(t)


def test_workers_ship_what_is_needed_and_no_more(t: sr.Table) -> None:
    """Equal columns are shipped once; what depends on the row alone is computed there."""
    scored = t.linear_regression(t.y, t.x, sr.poly(t.n, 2), by=t.k, weights=t.x).predict_on(t)
    rows = scored.select(scored.residual, twice=t.x * 2, again=sr.this.x * 2, sum=t.n + t.n)
    plan = compile([csv_output(rows, "a"), csv_output(scored.filter(t.x > 0).select(t.y), "b")])
    (shipped,), (score,) = plan.rows.shipped, plan.scores
    # Features, target and weights, the key, two computed columns and a condition.
    assert len(shipped.slots) == 3 + 1 + 2 + 1
    assert (score.features, score.target, score.weights) == ((0, 1, 1), 2, 0)
    assert (score.keys, score.reduction) == ((3,), 0)
    assert [reducing.keys for reducing in plan.rows.reductions] == [("str",)]
    assert plan.results[0].outputs == ()
    assert [output.name for output in plan.outputs] == ["a", "b"]


def test_a_regression_that_is_written_is_the_one_that_scores(t: sr.Table, plan_of: PlanOf) -> None:
    """It has one state, also for other results of the same rows and several scorings."""
    fit = fitted(t)
    tables = (
        fit.predict_on(t.filter(t.n > 0)),
        fit,
        fit.predict_on(t),
        t.reduce(n=sr.reducers.count()),
    )
    plan = plan_of(*tables)
    assert len(plan.rows.reductions) == 1
    assert [score.reduction for score in plan.scores] == [0, 0]
    assert [shipped.scope for shipped in plan.rows.shipped] == [1, 0]
    assert [output.name for output in plan.outputs] == ["0.csv", "2.csv", "1.csv", "3.csv"]


def test_functions_of_scores_stay_in_the_parent(t: sr.Table, plan_of: PlanOf) -> None:
    """What a worker gets can travel, whatever is applied to scores."""
    lock = threading.Lock()

    def parents_own_function(residual: float) -> bool:
        return lock.locked() or residual > 0

    scored = fitted(t).predict_on(t)
    plan = plan_of(scored.filter(sr.apply(parents_own_function, scored.residual)))
    carried = cloudpickle.dumps(plan.rows)
    for name in [b"parents_own_function", b"expressions", b"_universe"]:
        assert name not in carried
    with pytest.raises(TypeError, match="lock"):
        cloudpickle.dumps(plan.scores)


SAID: Sequence[Callable[[sr.Table, sr.Table], sr.Table]] = [
    lambda s, _: s,
    lambda s, _: s.select(s.k, twice=s.residual * 2, wrong=~(s.residual > s.x), n=s.n // 2),
    lambda s, _: s.filter(s.residual != 0).select(s.n, s.k),
    lambda s, _: s.filter(~(abs(s.standardized_residual) > 1)).filter(s.x > 0),
    lambda s, _: s.select(z=sr.if_else(s.residual > 0, s.prediction, s.residual)),
    lambda s, _: s.select(z=sr.if_else(s.x > 0, s.prediction, 0.5), k=sr.if_else(s.n > 0, s.k, "")),
    lambda s, _: s.select(
        q=s.n // sr.cast(int, s.prediction), big=s.n * sr.cast(int, s.prediction)
    ),
    lambda s, t: s.filter(s.prediction > 0).select(q=sr.if_else(s.n != 0, 6 // s.n, 0), y=t.y),
    lambda s, _: s.select(sr.this.n, f=sr.apply(lambda r, k: f"{r}{k}", s.residual, s.k)),
    lambda s, _: s.filter(sr.apply_with_type(lambda r: r is None, bool, s.residual)),
]

scores = st.sampled_from([math.nan, 0.0, 1.5, -2.0, 4.0, math.inf])
rows = st.tuples(
    *[scores] * 3,
    st.sampled_from(["", "a", "b,"]),
    st.sampled_from([0, 1, -3, 2**62]),
    st.sampled_from([-1.0, 0.0, 2.5, math.nan]),
    st.sampled_from([0.0, 7.0]),
)


@pytest.mark.parametrize("said", range(len(SAID)))
@given(found=st.lists(rows, min_size=1, max_size=12))
def test_differential_rows_that_lack_different_scores(
    said: int, found: list[tuple[Any, ...]], table_of: TableOf
) -> None:
    """Rows computed together give what each gives by itself, as text and in order."""
    t = table_of(k=str, n=int, x=float, y=float)
    plan = compile([csv_output(SAID[said](fitted(t).predict_on(t), t), "a")])
    (score,) = plan.scores
    columns = list(zip(*found, strict=True))
    k, n, x, y = list(columns[3]), np.array(columns[4]), np.array(columns[5]), np.array(columns[6])
    result = plan.rows.evaluate({"k": k, "n": n, "x": x, "y": y}, len(found))
    assert not result.errors
    shipped, count = result.shipped[0]
    inputs = [*(np.array(column) for column in columns[:3]), *shipped]
    (packed,) = packed_rows(score.program, score.slots, inputs, count)

    ((scope, slots),) = score.slots
    expected: list[list[object]] = [[] for _ in slots]
    for row in range(count):
        cells = [to_list(values)[row] for values in inputs]
        missing = [None if score != score else score for score in cells[:3]]
        done = evaluate_scalars(score.program, [*missing, *cells[3:]])
        if in_scope(score.program, scope, done):
            for column, slot in zip(expected, slots, strict=True):
                column.append(done[slot])
    assert packed == render(expected)
