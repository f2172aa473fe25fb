"""Expressions: types, messages, branches, rows that fail, and Python functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import streamreg as sr
from streamreg._plan.plan import Plan

TableOf = Callable[..., sr.Table]
PlanOf = Callable[..., Plan]
TypedOf = Callable[..., dict[str, Any]]
Binary = Callable[[Any, Any], Any]
Computed = Callable[..., Any]  # of the fixture `computed`; gives a `Batch`

NOTHING: Any = None
NUMPY_TWO: Any = np.int64(2)


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


def test_errors_in_a_branch_are_of_the_batchs_rows(table_of: TableOf, computed: Computed) -> None:
    """The rows of a branch of a filtered table are counted in the whole batch."""
    t = table_of(n=int, x=float)
    table = t.filter(t.x > 0).select(z=sr.if_else(sr.this.x > 1, sr.this.n * 2, sr.this.n))
    got = computed(table, n=[2**62] * 4, x=[-1.0, 1.0, 2.0, 3.0])
    assert (got.columns["z"], got.failed) == ([2**62], [2, 3])


def test_row_errors_say_which_rows_and_why(table_of: TableOf, computed: Computed) -> None:
    """Several reasons in one batch are all told, and a row that fails is in no column."""
    t = table_of(n=int, d=int)
    t += t.select(doubled=t.n * 2)
    t = t.filter(t.d < 9)
    got = computed(t.select(t.n, q=t.doubled // t.d), n=[2**62, 1, 2, 3], d=[1, 0, 9, 3])
    assert got.columns == {"n": [3], "q": [2]}
    assert [(e.rows.tolist(), e.kind, e.column, e.details[0]) for e in got.errors] == [
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
