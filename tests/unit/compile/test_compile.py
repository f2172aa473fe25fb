"""The plan: what workers and parent get, and what they make of it."""

from __future__ import annotations

import math
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cloudpickle
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import streamreg as sr
from streamreg._compile.compile import compile
from streamreg._plan.plan import Plan
from tests.support.plans import csv_output

TableOf = Callable[..., sr.Table]
PlanOf = Callable[..., Plan]
Computed = Callable[..., Any]

r = sr.reducers


def tutorial(t: sr.Table) -> tuple[sr.Table, sr.Table]:
    """The tutorial's program between its source and its outputs."""
    t += t.select(
        x_square=t.x * t.x,
        x_y=t.x * t.y,
    )
    statistics_table = t.reduce(
        count=r.count(),
        sum_x=r.sum(t.x),
        sum_y=r.sum(t.y),
        sum_x_y=r.sum(t.x_y),
        sum_x_square=r.sum(t.x_square),
    )

    def compute_a(sum_x, sum_y, sum_x_square, sum_x_y, count):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202 - as there
        d = count * sum_x_square - sum_x * sum_x
        if d == 0:
            return 0
        else:
            return (sum_y * sum_x_square - sum_x * sum_x_y) / d

    def compute_b(sum_x, sum_y, sum_x_square, sum_x_y, count):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202 - as there
        d = count * sum_x_square - sum_x * sum_x
        if d == 0:
            return 0
        else:
            return (count * sum_x_y - sum_x * sum_y) / d

    results_table = statistics_table.select(
        a=sr.apply(compute_a, **statistics_table),
        b=sr.apply(compute_b, **statistics_table),
    )
    return t, results_table


def test_the_program_of_the_tutorial(table_of: TableOf) -> None:
    """Its rows pass through untouched, and its functions get the results of five reducers."""
    source = table_of(x=float, y=float)
    _, table = tutorial(source)
    plan = compile([csv_output(source, "in.csv"), csv_output(table, "out.csv")])
    x, y = np.array([0.0, 1.0]), np.array([0.06888437030500963, 1.0515908805880605])
    rows = plan.rows.evaluate({"x": x, "y": y}, 2)
    assert rows.outputs[0][0] is x
    assert rows.outputs[0][1] is y
    (reducing,) = plan.rows.reductions
    assert reducing.inputs == ("float",) * 4
    assert sorted(aggregate[0] for aggregate in reducing.aggregates) == ["count"] + ["sum"] * 4
    given, count = rows.reductions[0]
    inputs = [column for column in given if isinstance(column, np.ndarray)]
    assert (count, len(inputs)) == (2, 4)
    sums = {"count": 2.0} | {f"sum{i}": float(column.sum()) for i, column in enumerate(inputs)}
    (results,) = plan.results
    asked = [
        2 if name == "count" else sums[f"sum{reducing.aggregates[index][-1]}"]
        for index, name, *_ in results.statistics
    ]
    (row,) = results.evaluate(asked)
    assert row.cells == ([0.06888437030500971], [0.9827065102830508]), "as the tutorial prints them"
    assert plan.row_outputs[0].names == ("x", "y")
    assert results.outputs[0].names == ("a", "b")


def test_there_is_no_result_before_the_first_row(table_of: TableOf, plan_of: PlanOf) -> None:
    """An empty reduction has no row, so the functions are not called."""
    t = table_of(x=float)
    table = t.reduce(s=r.sum(t.x))
    plan = plan_of(table.select(z=sr.apply(lambda s: 1 / 0, table.s)))
    assert plan.results[0].evaluate([0, None])[0].present is False


def test_missing_results_make_missing_cells(table_of: TableOf, plan_of: PlanOf) -> None:
    """Whatever is computed from a missing value is missing; in a filter it counts as false."""
    t = table_of(x=float, n=int)
    s = t.reduce(a=r.avg(t.x), n=r.sum(t.n))
    table = s.select(
        s.a,
        plus=s.a + 1,
        compare=s.a < 1,
        choice=sr.if_else(s.a < 1, 1, 2),
        zero=s.n // 0,
        rest=s.n % 0,
        infinite=s.n / 0,
        cast=sr.cast(int, sr.log(-1.0) * s.n),
        called=sr.apply(lambda a: a is None, s.a),
        text=sr.cast(str, s.n),
    )
    plan = plan_of(table, s.filter(s.a < 1), s.filter(~(s.a < 1)), s.filter(s.n > 0))
    rows = plan.results[0].evaluate([3, None, 7])
    assert rows[0].cells == (
        [None],
        [None],
        [None],
        [None],
        [None],
        [None],
        [math.inf],
        [None],
        [True],
        ["7"],
    )
    assert [row.present for row in rows] == [True, False, False, True]


@given(a=st.integers(), b=st.integers(), x=st.floats(allow_nan=False))
def test_differential_results_are_computed_as_python_does(
    table_of: TableOf, plan_of: PlanOf, a: int, b: int, x: float
) -> None:
    """Integers have no limit after a reduction, and floats are those of the columns."""
    t = table_of(n=int, m=int, x=float)
    s = t.reduce(a=r.sum(t.n), b=r.sum(t.m), x=r.sum(t.x))
    expressions = {
        "add": s.a + s.b,
        "subtract": s.a - s.b,
        "multiply": s.a * s.b,
        "power": s.a**5,
        "negative": -s.a,
        "size": abs(s.b),
        "less": s.a < s.b,
        "smaller": sr.minimum(s.a, s.b),
        "sign": sr.sign(s.a),
        "floor": s.a // s.b,
        "rest": s.a % s.b,
        "product": s.x * 3,
        "mixed": s.x < s.a,
    }
    plan = plan_of(s.select(**expressions))
    values = {"a": a, "b": b, "x": x}
    order = ["count", *(plan_order(plan))]
    row = plan.results[0].evaluate([1, *(values[name] for name in order[1:])])[0]
    expected = {
        "add": a + b,
        "subtract": a - b,
        "multiply": a * b,
        "power": a**5,
        "negative": -a,
        "size": abs(b),
        "less": a < b,
        "smaller": min(a, b),
        "sign": (a > 0) - (a < 0),
        "floor": a // b if b else None,
        "rest": a % b if b else None,
        "product": x * 3,
        "mixed": x < float(a) if abs(a) < 2**1000 else None,
    }
    got = dict(zip(expressions, (cell for (cell,) in row.cells), strict=True))
    assert got == expected
    assert [type(v) for v in got.values()] == [type(v) for v in expected.values()]


def plan_order(plan: Plan) -> list[str]:
    """Which of a, b, x each sum that is asked for belongs to, by the column it reads."""
    names = {"n": "a", "m": "b", "x": "x"}
    loads = [names[key] for key in plan.rows.source_columns]
    inputs = [aggregate[-1] for aggregate in plan.rows.reductions[0].aggregates]
    asked = [inputs[index] for index, *_ in plan.results[0].statistics[1:]]
    return [loads[index] for index in asked if isinstance(index, int)]


def test_equal_work_is_done_once(table_of: TableOf, plan_of: PlanOf) -> None:
    """Equal expressions are one step, however often and wherever they are written."""
    calls: list[float] = []

    def spy(x: float) -> float:
        calls.append(x)
        return x

    t = table_of(x=float, n=int)
    spied = t.select(s=sr.apply(spy, t.x))
    table = t.select(a=t.x * t.n, b=t.x * t.n + 1, c=sr.apply(spy, t.x), d=spied.s)
    branch = t.select(
        e=sr.if_else(t.x > 1, sr.apply(spy, t.x), t.x * t.n), f=sr.if_else(t.x > 1, 1, 0)
    )
    plan = plan_of(table, branch, t.filter(t.x > 1).select(sr.this.x, y=t.x * t.n))
    kernels = [step.kernel for step in plan.rows.program.steps if hasattr(step, "kernel")]
    assert sorted(kernels) == [
        "add.float",
        "cast.int.float",
        "cast.int.float",
        "greater.float",
        "multiply.float",
        "multiply.float",
        "not.bool",
    ], "the second product is that of the rows where x > 1 is false"
    plan.rows.evaluate({"x": np.array([1.0, 2.0]), "n": np.array([1, 2])}, 2)
    assert calls == [1.0, 2.0, 2.0]


def test_constants_that_python_calls_equal_stay_apart(
    table_of: TableOf, computed: Computed
) -> None:
    """1, 1.0 and True are three values, and so are 0.0 and -0.0."""
    t = table_of(x=float)
    table = t.select(i=1, f=1.0, b=True, zero=0.0, minus=-0.0, down=t.x * 0.0, up=t.x * -0.0)
    got = computed(table, x=[1.0]).columns
    assert [repr(values[0]) for values in got.values()] == [
        *["1", "1.0", "True", "0.0", "-0.0", "0.0", "-0.0"]
    ]


def test_inputs_of_reductions_are_plain_arrays_of_the_right_rows(
    table_of: TableOf, plan_of: PlanOf
) -> None:
    """Constants, filtered and failed rows included."""
    t = table_of(n=int, x=float)
    t += t.select(next=t.n + 1)
    small = t.filter(t.x < 3)
    plan = plan_of(
        small.reduce(s=r.sum(sr.this.next), one=r.sum(1), x=r.avg(t.x)), t.reduce(n=r.count())
    )
    columns = {"n": np.array([1, 2**63 - 1, 3, 4]), "x": np.arange(8.0)[::2]}
    result = plan.rows.evaluate(columns, 4)
    (given, rows), (none, all_rows) = result.reductions
    inputs = [column for column in given if isinstance(column, np.ndarray)]
    assert [column.tolist() for column in inputs] == [[2], [1], [0.0]]
    assert all(column.flags.c_contiguous for column in inputs)
    assert [column.dtype.name for column in inputs] == ["int64", "int64", "float64"]
    assert (rows, none, all_rows) == (1, (), 3)
    assert [error.rows.tolist() for error in result.errors] == [[1]]


def test_columns_that_nothing_needs_are_known(table_of: TableOf, plan_of: PlanOf) -> None:
    """The plan names the source's columns that it reads."""
    t = table_of(a=float, b=float, c=float)
    assert plan_of(t.filter(t.c > 0).reduce(s=r.sum(t.a))).rows.source_columns == ("c", "a")


def test_a_program_has_one_source_and_a_file_one_table(
    table_of: TableOf, source_of: Callable[..., Any]
) -> None:
    """Both offenders are named."""
    first = sr.Table._from_input(source_of("topic one", x=float))
    second = sr.Table._from_input(source_of("topic two", x=float))
    result = second.reduce(s=r.sum(second.x))
    with pytest.raises(
        sr.ProgramError, match=r"a.csv comes from topic one and b.csv from topic two"
    ):
        compile([csv_output(first, "a.csv"), csv_output(result, "b.csv")])
    with pytest.raises(sr.ProgramError, match=r"a.csv is written twice"):
        compile([csv_output(first, "a.csv"), csv_output(first, "a.csv")])
    with pytest.raises(sr.ProgramError, match="nothing is written"):
        compile([])
    for name in ("time", "diff"):
        with pytest.raises(sr.ProgramError, match=f"a.csv: a column cannot be called {name}"):
            csv_output(first.select(**{name: first.x}), "a.csv")


PROGRAM = """
import sys, cloudpickle
import streamreg as sr
from streamreg._compile.compile import compile
from streamreg._formats.contract import Input
from streamreg._formats.json import Json
from streamreg._language.outputs import Output
from streamreg._sinks.csv_file import CsvFile

SCALE = 10

def scaled(x: float) -> float:
    return helper(x) * SCALE

def helper(x):
    return x + 1

class Source:
    name = "fake"

t = sr.Table._from_input(Input(Source(), Json(), {"x": "float"}))
z = t.select(z=sr.apply(scaled, t.x), l=sr.apply(lambda x: -x, t.x))
plan = compile([Output(z, CsvFile("z.csv"))])
sys.stdout.buffer.write(cloudpickle.dumps(plan.rows))
"""

WORKER = """
import sys, pickle, numpy
plan = pickle.loads(sys.stdin.buffer.read())
print(plan.evaluate({"x": numpy.array([1.0, 2.0])}, 2).outputs[0])
"""


def test_the_workers_part_travels_with_functions_of_the_main_module(tmp_path: Path) -> None:
    """Another process evaluates functions of a program without a guard, helpers and all."""
    (tmp_path / "program.py").write_text(PROGRAM)
    sent = subprocess.run(
        [sys.executable, "program.py"], cwd=tmp_path, check=True, capture_output=True
    )
    got = subprocess.run(
        [sys.executable, "-c", WORKER], input=sent.stdout, check=True, capture_output=True
    )
    assert got.stdout.decode().strip() == "(array([20., 30.]), [-1.0, -2.0])"


def test_the_workers_part_leaves_the_parents_behind(table_of: TableOf) -> None:
    """What is applied to results may hold what no pickle can carry."""
    lock = threading.Lock()

    def parents_own_function(s: float) -> float:
        with lock:
            return s

    t = table_of(x=float)
    s = t.reduce(s=r.sum(t.x * t.x))
    plan = compile([csv_output(s.select(z=sr.apply(parents_own_function, s.s)), "secret_path.csv")])
    carried = cloudpickle.dumps(plan.rows)
    for name in [b"parents_own_function", b"secret_path", b"expressions", b"_universe"]:
        assert name not in carried
    with pytest.raises(TypeError, match="lock"):
        cloudpickle.dumps(plan.results)
