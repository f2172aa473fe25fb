"""Kernels: the values that expressions give, against plain Python on each row, in any batch."""

from __future__ import annotations

import math
import operator
import struct
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import streamreg as sr
from streamreg._evaluate.columns import to_list
from streamreg._evaluate.kernels import KERNELS, _steady
from streamreg._evaluate.program import FLOAT_FUNCTIONS
from streamreg._evaluate.scalar import EXACT
from streamreg._evaluate.time_kernels import TIME_KERNELS
from streamreg._language.operators import CASTS, TIMES, Signature, signature
from streamreg._plan.plan import Plan
from streamreg._types import DType

TableOf = Callable[..., sr.Table]
PlanOf = Callable[..., Plan]
TypedOf = Callable[..., dict[str, Any]]
Binary = Callable[[Any, Any], Any]
Computed = Callable[..., Any]  # of the fixture `computed`; gives a `Batch`

INT64 = st.integers(-(2**63), 2**63 - 1) | st.sampled_from(
    [-(2**63), 2**63 - 1, 2**62, -(2**62), 2**53 + 1, 3037000500, -3037000500, 0, 1, -1]
)
DOUBLES = st.floats() | st.sampled_from([0.0, -0.0, math.inf, -math.inf, 5e-324, 1.7e308, math.nan])
ARITHMETIC = [operator.add, operator.sub, operator.mul, operator.truediv]
COMPARISONS = [operator.eq, operator.ne, operator.lt, operator.le, operator.gt, operator.ge]
SIGNS = {"eq": "==", "ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}
NEAR = [
    sign * (2**power + step) for power in (53, 60, 62) for step in (-1, 0, 1) for sign in (-1, 1)
]
"""Integers next to doubles that some of them are."""

BINARY: list[Binary] = [
    *ARITHMETIC,
    operator.floordiv,
    operator.mod,
    operator.pow,
    sr.minimum,
    sr.maximum,
]


def bits(value: float) -> object:
    """A double by its bits; all NaNs are one, since nothing downstream can tell them apart."""
    return "nan" if value != value else struct.pack("<d", value)


def plain(function: Callable[[float, float], float], a: float, b: float) -> float:
    """What IEEE 754 says where Python raises instead."""
    try:
        return function(a, b)
    except ZeroDivisionError:
        return math.nan if a == 0 or a != a else math.copysign(math.inf, a) * math.copysign(1, b)


@pytest.mark.parametrize("function", ARITHMETIC, ids=lambda f: f.__name__)
@given(rows=st.lists(st.tuples(DOUBLES, DOUBLES), min_size=1, max_size=70))
def test_differential_float_arithmetic_is_that_of_python(
    table_of: TableOf, computed: Computed, function: Binary, rows: list[tuple[float, float]]
) -> None:
    """Bit for bit the doubles that Python computes row by row."""
    t = table_of(a=float, b=float)
    got = computed(t.select(r=function(t.a, t.b)), a=[a for a, _ in rows], b=[b for _, b in rows])
    assert list(map(bits, got.columns["r"])) == [bits(plain(function, a, b)) for a, b in rows]


@pytest.mark.parametrize("function", [operator.floordiv, operator.mod], ids=lambda f: f.__name__)
@given(
    rows=st.lists(
        st.tuples(st.floats(allow_nan=False, allow_infinity=False), st.floats(allow_nan=False)),
        min_size=1,
    )
)
def test_differential_float_division_with_remainder_is_that_of_python(
    table_of: TableOf, computed: Computed, function: Binary, rows: list[tuple[float, float]]
) -> None:
    """`//` and `%` have Python's signs and rounding wherever the divisor is not zero."""
    rows = [(a, b) for a, b in rows if b != 0] or [(1.0, 2.0)]
    t = table_of(a=float, b=float)
    got = computed(t.select(r=function(t.a, t.b)), a=[a for a, _ in rows], b=[b for _, b in rows])
    assert list(map(bits, got.columns["r"])) == [bits(function(a, b)) for a, b in rows]


@pytest.mark.parametrize("function", COMPARISONS, ids=lambda f: f.__name__)
@example(rows=[(0.0, float(i + j), i, i) for i in NEAR for j in (-1, 0, 1)])
@given(rows=st.lists(st.tuples(DOUBLES, DOUBLES, INT64, INT64), min_size=1))
def test_differential_comparisons_are_those_of_python(
    table_of: TableOf,
    computed: Computed,
    function: Binary,
    rows: list[tuple[float, float, int, int]],
) -> None:
    """Floats and ints compare as in Python, also with each other: exactly, whatever their size."""
    t = table_of(a=float, b=float, n=int, m=int)
    a, b, n, m = (list(column) for column in zip(*rows, strict=True))
    tables = t.select(
        f=function(t.a, t.b),
        i=function(t.n, t.m),
        mixed=function(t.n, t.b),
        turned=function(t.b, t.n),
    )
    got = computed(tables, a=a, b=b, n=n, m=m).columns
    assert got["f"] == [function(*pair) for pair in zip(a, b, strict=True)]
    assert got["i"] == [function(*pair) for pair in zip(n, m, strict=True)]
    assert got["mixed"] == [function(i, f) for i, f in zip(n, b, strict=True)]
    assert got["turned"] == [function(f, i) for i, f in zip(n, b, strict=True)]
    for constant in (*NEAR, -(2**63), 0, 1):
        compared = t.select(r=function(t.b, constant), l=function(constant, t.b))
        got = computed(compared, a=a, b=b, n=n, m=m).columns
        assert got["r"] == [function(f, constant) for f in b]
        assert got["l"] == [function(constant, f) for f in b]
    for double in (*map(float, NEAR), 0.5, -0.0, 2.0**60, float("inf"), float("nan")):
        compared = t.select(r=function(t.n, double), l=function(double, t.n))
        got = computed(compared, a=a, b=b, n=n, m=m).columns
        assert got["r"] == [function(i, double) for i in n]
        assert got["l"] == [function(double, i) for i in n]


@pytest.mark.parametrize("function", COMPARISONS, ids=lambda f: f.__name__)
def test_differential_results_compare_as_columns_do(function: Binary) -> None:
    """A single value, of any size, as Python has it: the rule of the columns."""
    kernel = signature(SIGNS[function.__name__], ("int", "float")).kernel
    for integer in (*NEAR, 0, 10**400, -(10**400)):
        for double in (*map(float, NEAR), 0.5, float("inf"), float("-inf"), float("nan")):
            assert EXACT[kernel](integer, double) == function(integer, double)


@pytest.mark.parametrize("integer", [2**53 + 1, 2**62 + 1, 2**63 - 1])
def test_choices_by_mixed_comparisons_are_exact(
    table_of: TableOf, computed: Computed, integer: int
) -> None:
    """Filters and conditions see what Python sees; the greater of an int and a float is the nearest double of it."""
    t = table_of(n=int, x=float)
    near = float(integer)
    above = integer > near
    table = t.select(
        c=sr.if_else(t.n > t.x, 1, 0), e=t.n == t.x, g=sr.maximum(t.n, t.x), s=sr.minimum(t.x, t.n)
    )
    got = computed(table, n=[integer], x=[near]).columns
    assert got == {"c": [int(above)], "e": [False], "g": [near], "s": [near]}
    kept = computed(t.filter(t.n < t.x), n=[integer, 1], x=[near, 2.0]).columns["n"]
    assert kept == [value for value in (integer, 1) if value == 1 or not above]


@pytest.mark.parametrize(
    "function",
    [operator.add, operator.sub, operator.mul, operator.floordiv, operator.mod],
    ids=lambda f: f.__name__,
)
@example(rows=[(-(2**63), -1), (2**63 - 1, 1), (-(2**63), 2**63 - 1)])
@example(rows=[(3037000500, 3037000500), (3037000499, 3037000499), (2**32, -(2**31))])
@given(rows=st.lists(st.tuples(INT64, INT64), min_size=1, max_size=70))
def test_differential_integers_never_wrap(
    table_of: TableOf, computed: Computed, function: Binary, rows: list[tuple[int, int]]
) -> None:
    """Rows whose big-integer result fits 64 bits have it; exactly the others are rejected."""
    expected: list[int] = []
    failed: list[int] = []
    for row, (n, m) in enumerate(rows):
        try:
            value = function(n, m)
        except ZeroDivisionError:
            value = 2**64
        if -(2**63) <= value < 2**63:
            expected.append(value)
        else:
            failed.append(row)
    t = table_of(n=int, m=int)
    got = computed(t.select(r=function(t.n, t.m)), n=[n for n, _ in rows], m=[m for _, m in rows])
    assert got.columns["r"] == expected
    assert got.failed == failed


@given(rows=st.lists(INT64 | st.integers(-40, 40), min_size=1), exponent=st.integers(0, 63))
@example(rows=[-2, 2, 1, -1, 0], exponent=63)
def test_differential_integer_powers_never_wrap(
    table_of: TableOf, computed: Computed, rows: list[int], exponent: int
) -> None:
    """A literal exponent keeps an int column int, exact or rejected."""
    t = table_of(n=int)
    powers = [n**exponent for n in rows]
    table = t.select(r=t.n**exponent, negated=-t.n if exponent % 2 else abs(t.n))
    got = computed(t.select(r=t.n**exponent), n=rows)
    assert got.columns["r"] == [p for p in powers if -(2**63) <= p < 2**63]
    assert table.r.dtype == "int"
    bad = {i for i, p in enumerate(powers) if not -(2**63) <= p < 2**63}
    bad |= {i for i, n in enumerate(rows) if n == -(2**63)}
    assert computed(table, n=rows).failed == sorted(bad)


@given(rows=st.lists(st.tuples(INT64, INT64), min_size=1))
def test_differential_integer_division_is_rounded_once(
    table_of: TableOf, computed: Computed, rows: list[tuple[int, int]]
) -> None:
    """`/` of integers is Python's exact quotient, rounded once, beyond 2**53 too."""
    t = table_of(n=int, m=int)
    got = computed(t.select(r=t.n / t.m), n=[n for n, _ in rows], m=[m for _, m in rows])
    expected = [
        n / m if m else (math.nan if n == 0 else math.copysign(math.inf, n)) for n, m in rows
    ]
    assert list(map(bits, got.columns["r"])) == list(map(bits, expected))


@given(rows=st.lists(DOUBLES, min_size=1))
def test_differential_casts_are_those_of_python(
    table_of: TableOf, computed: Computed, rows: list[float]
) -> None:
    """To int, bool and str as Python has it; rows that no 64-bit integer holds are rejected."""
    t = table_of(x=float)
    table = t.select(i=sr.cast(int, t.x), b=sr.cast(bool, t.x), s=sr.cast(str, t.x))
    got = computed(table, x=rows)
    kept = [x for x in rows if math.isfinite(x) and -(2**63) <= int(x) < 2**63]
    assert got.columns == {
        "i": [int(x) for x in kept],
        "b": [bool(x) for x in kept],
        "s": [str(x) for x in kept],
    }
    assert len(got.failed) == len(rows) - len(kept)


def every_function(t: sr.Table) -> dict[str, sr.Expression]:
    """One column for each operator and function, on floats, ints and booleans."""
    columns: dict[str, sr.Expression] = {}
    for function in BINARY:
        name = function.__name__
        columns[f"{name}_float"] = function(t.a, t.b)
        columns[f"{name}_constant"] = function(t.a, 2.5)
        columns[f"{name}_mixed"] = function(t.n, t.a)
        columns[f"{name}_int"] = function(t.n, t.m)
        columns[f"{name}_from"] = function(3, t.m)
    for function in COMPARISONS:
        columns[f"{function.__name__}_float"] = function(t.a, t.b)
        columns[f"{function.__name__}_int"] = function(t.n, t.m)
        columns[f"{function.__name__}_text"] = function(t.s, "b")
    for name in ["exp", "expm1", "log", "log1p", "log2", "log10", "sqrt", "sin", "cos", "tan"]:
        columns[name] = getattr(sr, name)(t.a)
        columns[f"{name}_int"] = getattr(sr, name)(t.n)
    for name in ["floor", "ceil", "sign"]:
        columns[name] = getattr(sr, name)(t.a)
        columns[f"{name}_int"] = getattr(sr, name)(t.n)
    columns |= {"negative": -t.a, "negative_int": -t.n, "abs": abs(t.a), "abs_int": abs(t.n)}
    columns |= {"power2": t.a**2, "power3": t.a**3, "half": t.a**0.5, "cube": t.n**3}
    columns |= {"and_": (t.a < t.b) & (t.n < t.m), "or_": (t.a < t.b) | t.c, "not_": ~t.c}
    columns |= {"xor": t.c ^ (t.a < 0), "same": t.c == (t.a < 0)}
    columns |= {"choice": sr.if_else(t.c, t.a, t.n), "text": sr.if_else(t.c, t.s, "no")}
    columns |= {"cast_int": sr.cast(int, t.a), "cast_str": sr.cast(str, t.n)}
    columns |= {"cast_bool": sr.cast(bool, t.n), "from_bool": sr.cast(int, t.c)}
    columns |= {"python": sr.apply_with_type(math.hypot, float, t.a, t.b)}
    return columns


ROWS = st.tuples(DOUBLES, DOUBLES, INT64 | st.integers(-9, 9), INT64, st.booleans(), st.text())


@settings(max_examples=60)
@given(
    rows=st.lists(ROWS, min_size=1, max_size=200), cuts=st.lists(st.integers(0, 200), max_size=6)
)
@example(
    rows=[(2.0, 2.0, 3, 2, True, "b")] * 9 + [(0.1, 2.0, 7, 5, False, "")] * 60, cuts=[1, 2, 9]
)
@example(rows=[(0.0, -0.0, 0, 0, True, ""), (-0.0, 0.0, 0, 0, True, "")] * 20, cuts=[1, 3, 22])
def test_law_a_row_has_the_same_bits_in_any_batch(
    table_of: TableOf, plan_of: PlanOf, typed: TypedOf, rows: list[Any], cuts: list[int]
) -> None:
    """A batch gives what the batches of any split give, one after the other, for every function."""
    t = table_of(a=float, b=float, n=int, m=int, c=bool, s=str)
    for name, expression in every_function(t).items():
        plan = plan_of(t.select(r=expression))

        def run(part: list[Any], plan: Plan = plan) -> tuple[list[Any], int]:
            columns = dict(zip("abnmcs", ([row[i] for row in part] for i in range(6)), strict=True))
            result = plan.rows.evaluate(typed(plan.input.columns, columns), len(part))
            values = to_list(result.outputs[0][0])
            cells = [bits(v) if isinstance(v, float) else v for v in values]
            return cells, sum(len(error.rows) for error in result.errors)

        ends = [*sorted({min(cut, len(rows)) for cut in cuts}), len(rows)]
        starts = [0, *ends[:-1]]
        parts = [run(rows[a:b]) for a, b in zip(starts, ends, strict=True)]
        whole = run(rows)
        assert whole[0] == [cell for cells, _ in parts for cell in cells], name
        assert whole[1] == sum(failed for _, failed in parts), name


@pytest.mark.parametrize("name", sorted(FLOAT_FUNCTIONS | {"power"}))
def test_law_vector_code_has_no_edges(table_of: TableOf, plan_of: PlanOf, name: str) -> None:
    """A transcendental function of a row has the same bits at any place of any length of batch."""
    generator = np.random.default_rng(7)
    t = table_of(x=float)
    expression = t.x**1.7 if name == "power" else getattr(sr, name)(t.x)
    plan = plan_of(t.select(r=expression))
    x = generator.lognormal(size=300)

    def run(part: NDArray[np.float64]) -> list[object]:
        values = plan.rows.evaluate({"x": part}, len(part)).outputs[0][0]
        return [bits(v) for v in np.asarray(values).tolist()]

    whole = run(x)
    for length in [1, 2, 3, 5, 7, 8, 15, 16, 17, 63, 64, 65, 127]:
        for start in [0, 1, 3, 8, 100]:
            assert run(x[start : start + length]) == whole[start : start + length]
    assert run(x[::3]) == whole[::3]


def test_vector_code_sees_whole_blocks_only() -> None:
    """On this processor an edge may not show; so the arrays themselves are looked at."""
    seen: list[NDArray[np.float64]] = []

    def spy(*arguments: NDArray[np.float64]) -> NDArray[np.float64]:
        seen.extend(arguments)
        return arguments[0]

    kernel = _steady(spy)
    for rows in [0, 1, 63, 64, 65]:
        column = np.arange(3.0 * rows)[::3]
        result = kernel(column, np.broadcast_to(np.array(2.0), rows))
        assert np.asarray(result).tolist() == column.tolist()
    assert [len(array) for array in seen] == [0, 0, 64, 64, 64, 64, 64, 64, 128, 128]
    assert all(array.flags.c_contiguous for array in seen)


def test_every_typing_rule_has_a_kernel() -> None:
    """What can be written can be computed, in the workers and on results."""
    unary = ["negative", "absolute", "sign", "floor", "ceil", *FLOAT_FUNCTIONS]
    binary = ["+", "-", "*", "/", "//", "%", "**", "==", "!=", "<", "<=", ">", ">=", "minimum"]
    for dtype in ("float", "int"):
        for name in unary:
            assert signature(name, (dtype,)).kernel in KERNELS
        for name in [*binary, "maximum"]:
            assert signature(name, (dtype, dtype)).kernel in KERNELS
    for (name, types), (kernel, result) in TIMES.items():
        assert signature(name, types) == Signature(kernel, types, result)
        assert kernel in KERNELS
    assert all(f"cast.{a}.{b}" in KERNELS for a, others in CASTS.items() for b in others)
    # Those of times are computed on results as on columns.
    own = KERNELS.keys() - TIME_KERNELS.keys()
    integers = {name for name in own if name.endswith(".int") or name.startswith("cast.int")}
    exact: list[tuple[DType, ...]] = [("decimal", other) for other in ("decimal", "int")]
    mixed: list[tuple[DType, ...]] = [("int", "float"), ("float", "int")]
    for name in ("==", "!=", "<", "<=", ">", ">="):
        for types in [*exact, *mixed, ("int", "decimal")]:
            assert signature(name, types).kernel in KERNELS
    decimals = {name for name in own if name.endswith(".decimal") or "cast.decimal" in name}
    both = {name for name in KERNELS if name.endswith(".mixed")}
    assert (integers - {"cast.bool.int"}) | decimals | both == EXACT.keys()
