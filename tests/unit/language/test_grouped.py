"""Grouping by keys: what a program may say, and what it means."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import streamreg as sr
from streamreg._core import render, stamp
from streamreg._epoch.changed_rows import changed_rows
from streamreg._jobs import job_from_bytes
from streamreg._jobs.run_job import plan_job
from tests.support.job_files import MINIMAL

TableOf = Callable[..., sr.Table]
PlanOf = Callable[..., Any]

r = sr.reducers


def test_a_regression_by_keys_has_the_keys_first(table_of: TableOf, plan_of: PlanOf) -> None:
    """The keys are named as their columns; they are read as text, integers and booleans."""
    t = table_of(k=str, n=int, b=bool, x=float, y=float)
    fit = t.linear_regression(t.y, t.x, by=(t.k, t.n, sr.this.b))
    assert repr(fit) == "<Table (k: str, n: int, b: bool, intercept: float, x: float)>"
    (reducing,) = plan_of(fit).rows.reductions
    assert reducing.keys == ("str", "int", "bool")
    assert list(t.linear_regression(t.y, t.x, by=t.k).keys()) == ["k", "intercept", "x"]
    assert list(t.linear_regression(t.y, t.x).keys()) == ["intercept", "x"]


def test_reductions_by_the_same_keys_are_one(table_of: TableOf, plan_of: PlanOf) -> None:
    """Equal keys of equal rows share their states, whatever the columns were called; others do not."""
    t = table_of(k=str, n=int, x=float, y=float)
    renamed = t.select(*sr.this, j=t.k)
    fit = t.linear_regression(t.y, t.x, by=t.k)
    counts = renamed.groupby(renamed.j).reduce(sr.this.j, k=renamed.k, n=r.count())
    assert list(counts.keys()) == ["j", "k", "n"]
    both = fit + counts.without("k")
    assert list(both.keys()) == ["k", "intercept", "x", "j", "n"]
    plan = plan_of(fit, counts, both, t.groupby(t.n).reduce(m=r.max(t.x)), t.reduce(n=r.count()))
    assert [reducing.keys for reducing in plan.rows.reductions] == [("str",), ("int",), ()]
    with pytest.raises(sr.ProgramError, match="not of these rows"):
        fit.select(fit.k, m=t.linear_regression(t.y, t.x, by=t.n).x)


def test_keys_of_filtered_rows(table_of: TableOf) -> None:
    """A key can be said by the table that was filtered, or by the one it was filtered from."""
    t = table_of(k=str, x=float)
    positive = t.filter(t.x > 0)
    for table in (t, positive):
        for column in (t.k, sr.this.k):
            kept = positive.groupby(table.k).reduce(column, n=r.count())
            assert list(kept.keys()) == ["k", "n"]
    negative = t.filter(t.x < 0)
    for wrong in (
        lambda: positive.groupby(negative.k),
        lambda: positive.groupby(positive.k).reduce(negative.k, n=r.count()),
        lambda: t.groupby(positive.k),
    ):
        with pytest.raises(sr.ProgramError, match="not of these rows"):
            wrong()


@pytest.mark.parametrize(
    ("say", "message"),
    [
        (lambda t: t.groupby(), "groupby takes a column at least"),
        (
            lambda t: t.groupby(t.x),
            "groupby: the key x is float, but keys are str, int, bool, datetime or timedelta; eq",
        ),
        (
            lambda t: t.groupby(t.b),
            "groupby: the key b is bytes, but keys are str, int, bool, datetime or timedelta$",
        ),
        (lambda t: t.groupby(t.n + 1), r"groupby: a key is a column, but n \+ 1 has no name"),
        (lambda t: t.groupby("k"), "groupby: a key is a column, but 'k' is text.* write t\\.k$"),
        (lambda t: t.groupby(sr.this.kk), "has no column 'kk': did you mean k"),
        (lambda t: t.groupby(t.k, t.k), "groupby: the key k is given twice"),
        (
            lambda t: (t + t.select(f=sr.apply(lambda k: k, t.k))).groupby(sr.this.f),
            "groupby cannot take f: the type of what <lambda> returns is not known",
        ),
        (lambda t: t.groupby(t.k).reduce(t.n), "reduce: the column n has a value for each row"),
        (lambda t: t.groupby(t.k).reduce(sr.this.n), "reduce: the column n has a value for each"),
        (
            lambda t: t.groupby(t.k).reduce(m=t.n),
            "reduce: m = n is no result over the rows of a key",
        ),
        (lambda t: t.groupby(t.k).reduce(), "a table needs a column"),
        (lambda t: t.groupby(t.k).reduce(t.k, k=r.count()), "the column k is given twice"),
        (lambda t: t.groupby(t.k).reduce(m=1), "reduce: m = 1 is no result"),
        (
            lambda t: t.groupby(t.k).reduce(t.k).groupby(sr.this.k),
            "groupby: this table is the result of a reduction already",
        ),
        (
            lambda t: t.linear_regression(t.x, t.n, by=t.n),
            "linear_regression: by=n: a column of the result is called n too; give the key another",
        ),
        (
            lambda t: t.linear_regression(t.x, t.n, by=t.intercept),
            "linear_regression: by=intercept: a column of the result is called intercept",
        ),
        (lambda t: t.linear_regression(t.n, t.n, by=t.x), "linear_regression: the key x is float"),
        (lambda t: t.linear_regression(t.n, t.n, by=[t.k, t.k]), "the key k is given twice"),
    ],
)
def test_what_makes_no_sense(
    table_of: TableOf, say: Callable[[sr.Table], object], message: str
) -> None:
    """It fails where it is written, with the column's name and what to do."""
    with pytest.raises(sr.ProgramError, match=message):
        say(table_of(k=str, n=int, x=float, b=bytes, intercept=int))


def shown(n: int) -> str:
    return f"<{n}>"


@pytest.mark.parametrize("function", [False, True])
def test_differential_many_keys_are_computed_as_each(
    table_of: TableOf, plan_of: PlanOf, function: bool
) -> None:
    """Computed for many keys together the rows are those of each key alone, whatever is missing or overflows."""
    t = table_of(k=int, v=int, x=float)
    sums = t.groupby(t.k).reduce(
        t.k, n=r.count(), total=r.sum(t.v), least=r.min(t.x), mean=r.avg(t.x)
    )
    table = sums.select(
        *sr.this,
        square=sums.total * sums.total,
        share=sums.n // sums.total,
        ratio=sums.n / sums.total,
        root=sr.sqrt(sums.least),
        twice=sums.mean * 2,
        text=sr.cast(str, sums.total),
        chosen=sr.if_else(sums.least > 0.5, sums.n % (sums.k - 2), -sums.n),
        same=sums.k == sums.n,
        made=sr.apply(shown, sums.n) if function else "made",
    )
    odd = table.filter(table.n % 2 == 1)
    plan = plan_of(table, odd, odd.filter(odd.twice > 1).select(odd.text), table.select(c=1.5))
    (results,), (reducing,) = plan.results, plan.rows.reductions
    reduction = reducing.empty()
    chance = random.Random(3)
    k = [chance.randrange(40) for _ in range(120)]
    v = [chance.choice([0, 1, -1, 7, 2**62]) for _ in k]
    x = [math.nan if key == 7 else chance.choice([0.0, -1.5, 2.5, 1e300]) for key in k]
    done = plan.rows.evaluate({"k": np.array(k), "v": np.array(v), "x": np.array(x)}, len(k))
    ((inputs, count),) = done.reductions
    reduction.merge(reduction.partial(done.keys[0], inputs, count))
    expected: list[list[bytes]] = [[] for _ in results.outputs]
    keys = reduction.changed()
    assert 30 < keys <= 40
    for key in range(keys):
        alone = reduction.results(results.statistics, key, key + 1)
        rows = results.evaluate([column.to_list()[0] for column in alone.columns])
        for lines, row in zip(expected, rows, strict=True):
            lines += [stamp(render(row.cells), 0, 1)] if row.present else [b""]
    (found,) = changed_rows(results, reduction)
    for output, lines in zip(found, expected, strict=True):
        assert output.present == [bool(line) for line in lines]
        assert stamp(output.packed, 0, 1) == b"".join(lines)
    assert any(b",," in line for line in expected[0])


def test_job_files_group_too() -> None:
    """`by` of a job file is that of the program; the keys come first, under the names that it gives them."""
    text = MINIMAL.replace('["x", "n"]', '["x"]\nby = ["s", "n"]').replace(
        '"out.csv"', '"out.csv"\ncolumns = { s = "sensor", x = "slope" }'
    )
    plan = plan_job(job_from_bytes(text.encode(), "job.toml", {}))
    assert plan.rows.reductions[0].keys == ("str", "int")
    assert plan.result_outputs[0].names == ("sensor", "n", "intercept", "slope")
