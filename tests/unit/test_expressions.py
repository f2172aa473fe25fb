"""Expressions: types, messages, and the values they give, against plain Python on each row."""

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
from streamreg._answers import EXACT
from streamreg._columns import to_list
from streamreg._kernels import KERNELS, _steady
from streamreg._operators import FLOAT_FUNCTIONS, signature
from streamreg._plan import Plan

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
NOTHING: Any = None
NUMPY_TWO: Any = np.int64(2)
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
@given(rows=st.lists(st.tuples(DOUBLES, DOUBLES, INT64, INT64), min_size=1))
def test_differential_comparisons_are_those_of_python(
    table_of: TableOf,
    computed: Computed,
    function: Binary,
    rows: list[tuple[float, float, int, int]],
) -> None:
    """Floats and ints compare as in Python; an int beside a float is the nearest double first."""
    t = table_of(a=float, b=float, n=int, m=int)
    a, b, n, m = (list(column) for column in zip(*rows, strict=True))
    tables = t.select(f=function(t.a, t.b), i=function(t.n, t.m), mixed=function(t.n, t.b))
    got = computed(tables, a=a, b=b, n=n, m=m).columns
    assert got["f"] == [function(*pair) for pair in zip(a, b, strict=True)]
    assert got["i"] == [function(*pair) for pair in zip(n, m, strict=True)]
    assert got["mixed"] == [function(float(i), f) for i, f in zip(n, b, strict=True)]


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


@settings(max_examples=60, deadline=None)
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
            result = plan.rows.evaluate(typed(plan.schema, columns), len(part))
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
    """What can be written can be computed, in the workers and on answers."""
    unary = ["negative", "absolute", "sign", "floor", "ceil", *FLOAT_FUNCTIONS]
    binary = ["+", "-", "*", "/", "//", "%", "**", "==", "!=", "<", "<=", ">", ">=", "minimum"]
    for dtype in ("float", "int"):
        for name in unary:
            assert signature(name, (dtype,)).kernel in KERNELS
        for name in [*binary, "maximum"]:
            assert signature(name, (dtype, dtype)).kernel in KERNELS
    integers = {name for name in KERNELS if name.endswith(".int") or name.startswith("cast.int")}
    assert integers - {"cast.bool.int"} == EXACT.keys()


def test_types_of_results(table_of: TableOf) -> None:
    """The type of an expression is known when it is written."""
    t = table_of(x=float, n=int, b=bool, s=str, raw=bytes)
    types = {
        "float": [
            t.x + t.n,
            t.n / t.n,
            t.n**-1,
            t.n**64,
            2**t.n,
            sr.log(t.n),
            t.x // 2,
            sr.floor(t.x),
        ],
        "int": [t.n + 1, t.n // 2, t.n**2, -t.n, abs(t.n), sr.floor(t.n), sr.cast(int, t.b)],
        "bool": [t.x < t.n, t.s == "a", t.raw != b"", ~t.b, t.b & (t.x > 0), t.b == True],  # noqa: E712 - an expression
        "str": [sr.cast(str, t.x), sr.if_else(t.b, t.s, "")],
    }
    for dtype, expressions in types.items():
        assert [e.dtype for e in expressions] == [dtype] * len(expressions)  # type: ignore[attr-defined]  # all typed


def mistakes(t: sr.Table) -> list[tuple[Callable[[], object], str]]:
    """Programs that make no sense, and what is said about them."""
    return [
        (lambda: t.x + t.s, r"\+ takes numbers, but s is str"),
        (lambda: t.x * "2", r"\* takes numbers, but '2' is str"),
        (lambda: t.b + 1, r"\+ takes numbers, but b is bool; sr.cast\(int, b\)"),
        (lambda: t.b < t.b, "< cannot compare b \\(bool\\) with b \\(bool\\)"),
        (lambda: t.x == t.s, "== cannot compare x \\(float\\) with s \\(str\\)"),
        (lambda: t.n & t.n, "& takes booleans, but n is int; compare"),
        (lambda: t.x & t.b, "parentheses"),
        (lambda: t.x and t.b, "x has a value for each row.*& | ~"),
        (lambda: not (t.x > 1), "x > 1 has a value for each row"),
        (lambda: sr.log(t.s), "log takes numbers, but s is str"),
        (lambda: -t.b, "- takes numbers, but b is bool"),
        (lambda: t.x + NOTHING, "None is neither an expression nor a constant"),
        (lambda: t.n + 2**63, "9223372036854775808 does not fit in 64 bits"),
        (lambda: sr.if_else(t.x, 1, 2), "if_else takes booleans, but x is float"),
        (lambda: sr.if_else(t.b, t.s, 2), "s is str and 2 is int"),
        (lambda: sr.cast(float, t.s), "s is str, which cannot become float.*schema"),
        (lambda: sr.cast(list, t.s), "no type of a column"),
        (lambda: sr.apply(int, t.s) + sr.apply(max, t.x, t.n), "what max returns is not known"),
        (lambda: t.select(z=sr.apply(max, t.x, 1)).z * 2, "cannot take z: .*what max returns"),
        (lambda: sr.apply(3, t.x), "apply takes a function"),  # type: ignore[arg-type]  # the mistake
        (lambda: sr.apply(lambda a: a), r"apply\(<lambda>\): missing a required argument"),
        (lambda: sr.apply(lambda a: a, t.x, b=t.n), "unexpected keyword argument 'b'"),
        (lambda: sr.apply_with_type(max, dict, t.x), "no type of a column"),
    ]


@pytest.mark.parametrize("index", range(len(mistakes(None))))  # type: ignore[arg-type]  # counted only
def test_mistakes_are_found_when_written(table_of: TableOf, index: int) -> None:
    """The error comes from the line with the mistake, and names the column."""
    t = table_of(x=float, n=int, b=bool, s=str)
    write, message = mistakes(t)[index]
    with pytest.raises(sr.ProgramError, match=message):
        write()


def test_numpy_scalars_are_constants(table_of: TableOf, computed: Computed) -> None:
    """NumPy leaves the operator to the column, on either side."""
    t = table_of(x=float)
    table = t.select(left=np.float64(2) * t.x, right=t.x * NUMPY_TWO)
    assert computed(table, x=[1.5]).columns == {"left": [3.0], "right": [3.0]}


def test_a_branch_is_computed_on_its_own_rows_only(table_of: TableOf, computed: Computed) -> None:
    """Guards work: neither an integer division nor a Python function sees the other rows."""
    seen: list[int] = []

    def spy(value: int) -> int:
        seen.append(value)
        return 100 // value

    t = table_of(n=int, d=int)
    guarded = sr.if_else(t.d != 0, t.n // t.d, -1)
    nested = sr.if_else(t.d != 0, sr.if_else(t.n > 5, sr.apply(spy, t.d), 0), -1)
    got = computed(t.select(guarded=guarded, nested=nested), n=[7, 8, 1], d=[2, 0, 5])
    assert got.columns == {"guarded": [3, -1, 0], "nested": [50, -1, 0]}
    assert (got.failed, seen) == ([], [2])


def test_row_errors_say_which_rows_and_why(table_of: TableOf, computed: Computed) -> None:
    """Several reasons in one batch are all told, and a row that fails is in no column."""
    t = table_of(n=int, d=int)
    t += t.select(doubled=t.n * 2)
    t = t.filter(t.d < 9)
    got = computed(t.select(t.n, q=t.doubled // t.d), n=[2**62, 1, 2, 3], d=[1, 0, 9, 3])
    assert got.columns == {"n": [3], "q": [2]}
    assert [(e.rows.tolist(), e.kind, e.column, e.detail) for e in got.errors] == [
        ([0], "integer-overflow", "doubled", "n * 2 does not fit in 64 bits"),
        ([1], "division-by-zero", "q", "doubled // d divides by zero"),
    ]


def test_apply_gets_python_objects_and_gives_its_declared_type(
    table_of: TableOf, computed: Computed
) -> None:
    """Arguments by place and by name, constants untouched, an int where a float was promised."""

    def describe(x: float, n: int, b: bool, s: str, *, extra: list[int]) -> str:
        assert [type(v) for v in (x, n, b, s)] == [float, int, bool, str]
        return f"{x} {n} {b} {s} {extra}"

    def half(n: int) -> float:
        return n // 2 if n % 2 == 0 else np.float64(n / 2)

    def untyped(n):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202 - as users write it
        return None if n else b"raw"

    t = table_of(x=float, n=int, b=bool, s=str)
    table = t.select(
        d=sr.apply(describe, t.x, t.n, s=t.s, b=t.b, extra=[1]),
        h=sr.apply(half, t.n) * 1,
        u=sr.apply(untyped, t.n),
        one=sr.apply(lambda: 1),
    )
    assert repr(table) == "<Table (d: str, h: float, u: any, one: any)>"
    got = computed(table, x=[0.5, 1.0], n=[0, 3], b=[True, False], s=["a", "é"])
    assert got.columns == {
        "d": ["0.5 0 True a [1]", "1.0 3 False é [1]"],
        "h": [0.0, 1.5],
        "u": [b"raw", None],
        "one": [1, 1],
    }


@pytest.mark.parametrize(
    ("dtype", "value"),
    [(float, "1"), (float, None), (float, True), (int, 1.0), (bool, 1), (str, 1)],
)
def test_apply_checks_what_comes_back(
    table_of: TableOf, computed: Computed, dtype: type, value: object
) -> None:
    """A value of another type than declared ends the run, and names column and function."""

    def wrong(x: float) -> object:
        return value

    t = table_of(x=float)
    with pytest.raises(TypeError, match=f"column z: wrong should return {dtype.__name__}"):
        computed(t.select(z=sr.apply_with_type(wrong, dtype, t.x)), x=[1.0])


def test_apply_rejects_rows_of_integers_beyond_64_bits(
    table_of: TableOf, computed: Computed
) -> None:
    """That depends on the row, not on the program."""
    t = table_of(n=int)
    got = computed(t.select(z=sr.apply_with_type(lambda n: 2**n, int, t.n)), n=[1, 63, 2])
    assert (got.columns["z"], got.failed) == ([2, 4], [1])


def test_an_error_in_apply_tells_the_row(table_of: TableOf, computed: Computed) -> None:
    """The function's own error goes up, with a note of the arguments."""
    t = table_of(x=float, s=str)
    with pytest.raises(ZeroDivisionError) as raised:
        computed(t.select(z=sr.apply(lambda s, x: 1 / x, t.s, x=t.x)), x=[1.0, 0.0], s=["a", "b"])
    assert raised.value.__notes__ == ["raised in sr.apply for the row <lambda>('b', x=0.0)"]


def test_annotations_that_exist_for_type_checkers_only_do_no_harm(table_of: TableOf) -> None:
    """The return type is read even if another annotation names something unknown at run time."""

    def f(x: OnlyForCheckers) -> float:  # type: ignore[name-defined]  # noqa: F821 - the point
        return 1.0

    t = table_of(x=float)
    assert sr.apply(f, t.x).dtype == "float"  # type: ignore[attr-defined]  # typed, as its argument is


def test_very_deep_and_very_shared_expressions_are_fine(
    table_of: TableOf, computed: Computed
) -> None:
    """Neither a chain of thousands of operators nor a graph with 2**60 paths is a problem."""
    t = table_of(x=float)
    chain: sr.Expression = t.x
    later: sr.Expression = sr.this.x
    for _ in range(3000):
        chain, later = chain + 1, later + 1
    shared: sr.Expression = t.x
    shared_later: sr.Expression = sr.this.x
    for _ in range(60):
        shared, shared_later = shared + shared, shared_later + shared_later
    table = t.select(a=chain, b=later, c=shared, d=shared_later)
    assert computed(table, x=[0.5]).columns == {
        "a": [3000.5],
        "b": [3000.5],
        "c": [0.5 * 2.0**60],
        "d": [0.5 * 2.0**60],
    }
