"""What people write out of habit: an error that says what to write here."""

import itertools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import streamreg as sr
from streamreg.testing import read


class Row(sr.Schema):
    """Columns of every kind, one of them named as a method."""

    x: float
    y: float
    k: str
    select: float


def table() -> Any:  # noqa: ANN401  # what is tried is wrong on purpose
    return read([[]], schema=Row)


@pytest.mark.parametrize(
    "program",
    [
        lambda t: t.linear_regression("x", t.y),
        lambda t: t.linear_regression(t.y, "x"),
        lambda t: t.linear_regression(t.y, sr.poly("x", 2)),  # type: ignore[arg-type]
        lambda t: t.linear_regression(t.y, t.x, weights="x"),
        lambda t: t.linear_regression(t.y, t.select, by="x"),
        lambda t: t.linear_regression(t.y, t.select, by=["x"]),
        lambda t: t.linear_discriminant("x", t.y),
        lambda t: t.linear_discriminant(t.k, "x"),
        lambda t: t.groupby("x"),
        lambda t: t.select("x"),
        lambda t: t.filter("x"),
        lambda t: t.reduce(n=sr.reducers.sum("x")),
        lambda t: t.reduce(n=sr.reducers.corr("x", t.y)),
        lambda t: sr.log("x"),
    ],
    ids=itertools.count(),
)
def test_a_name_in_place_of_a_column(program: Any) -> None:  # noqa: ANN401
    """The error says how the column of that name is written."""
    with pytest.raises(sr.ProgramError, match=r"write t\.x"):
        program(table())


def test_a_name_that_python_has_no_spelling_for() -> None:
    """It is written in brackets."""
    with pytest.raises(sr.ProgramError, match=r"write t\['a b'\]"):
        table().linear_regression("a b", sr.this.x)


SAME = ["exp", "expm1", "log", "log1p", "log2", "log10", "sqrt", "sin", "cos", "tan"]


@pytest.mark.parametrize("name", [*SAME, "floor", "ceil", "sign", "minimum", "maximum"])
@pytest.mark.parametrize("column", ["x", "this"])
def test_a_function_of_numpy_that_streamreg_has(name: str, column: str) -> None:
    """The error names it, for a column as for one of `sr.this`, on either side."""
    function = getattr(np, name)
    assert hasattr(sr, name)
    operand = table().x if column == "x" else sr.this.x
    for operands in [(operand, 1.0), (1.0, operand)] if function.nin == 2 else [(operand,)]:
        with pytest.raises(sr.ProgramError, match=rf"use sr\.{name}$"):
            function(*operands)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda x: np.abs(x), "use abs"),
        (lambda x: np.arcsin(x), r"apply_with_type\(numpy\.arcsin, float"),
        (lambda x: np.where(x > 0, 1, 2), r"use sr\.if_else"),
        (lambda x: np.clip(x, 0, 1), r"use sr\.minimum"),
        (lambda x: np.mean(x), r"use sr\.reducers\.avg"),
        (lambda x: np.sum(x), r"use sr\.reducers\.sum"),
        (lambda x: np.max(x), r"use sr\.reducers\.max"),
        (lambda x: np.add.reduce(x), r"use sr\.reducers\.sum"),
        (lambda x: np.logical_and(x > 0, x < 1), "&"),
        (lambda x: math.log(x), r"use sr\.log"),
        (lambda x: float(x), r"sr\.cast\(float, x\)"),
        (lambda x: int(x), r"sr\.cast\(float, x\)"),
        (lambda x: math.floor(x), r"use sr\.log and the like"),
    ],
    ids=itertools.count(),
)
def test_functions_that_have_another_name_here(call: Any, words: str) -> None:  # noqa: ANN401
    """The error says what to write; none is NumPy's own."""
    with pytest.raises(sr.ProgramError, match=words):
        call(table().x)


def test_numbers_of_numpy_stand_on_either_side() -> None:
    """An operator means the same, and has the same text, with NumPy's number as with Python's."""
    x, two = table().x, np.float64(2)
    for ours, pythons in [
        (two * x, 2.0 * x),
        (two - x, 2.0 - x),
        (two**x, 2.0**x),
        (two // x, 2.0 // x),
        (two < x, x > 2.0),
        (two >= x, x <= 2.0),
        (two == x, x == 2.0),
        (np.power(x, 2), x**2),
        (x % two, x % 2.0),
    ]:
        assert ours.text == pythons.text
        assert ours.dtype == pythons.dtype


def test_a_column_that_is_named_as_a_method() -> None:
    """`t.select` is the method; the error says how to write the column."""
    t = table()
    for program in (
        lambda: t.linear_regression(t.y, t.select),
        lambda: t.select(a=t.select),
        lambda: t.x + t.select,
        lambda: sr.reducers.sum(t.select),
    ):
        with pytest.raises(sr.ProgramError, match=r't\["select"\]'):
            program()
    t.linear_regression(t.y, t["select"])


@pytest.mark.parametrize(
    ("mistake", "told"),
    [
        (lambda t: sum(t.x), r"sr\.reducers\.sum\(x\)"),
        (lambda t: max(t.x), "cannot go through them"),
        (lambda t: list(t.x), "cannot go through them"),
        (lambda t: 1 in t.x, "cannot go through them"),
        (lambda t: len(t.x), r"sr\.reducers\.count\(\)"),
        (lambda t: t.x[0], "are not numbered"),
        (lambda t: t.x @ t.y, "@ is no operator of columns"),
        (lambda t: t.linear_regression(t.y, [t.x]), r"one by one, \*\[…\]"),
        (lambda t: t.linear_regression(t.y, (t.x, t.y)), r"one by one, \*\[…\]"),
        (lambda t: t.linear_regression(t.y, t.x, by=5), "by is a column or several, not 5"),
        (lambda t: t.reduce(s=sum), r"sr\.reducers\.sum\(t\.x\) does"),
    ],
    ids=itertools.count(),
)
def test_what_columns_are_not(mistake: Callable[[sr.Table], object], told: str) -> None:
    """Whoever takes a column for a list is told what does what was meant."""
    with pytest.raises(sr.ProgramError, match=told):
        mistake(table())


@pytest.mark.parametrize("path", [5, None, b"out.csv", ""])
def test_what_is_no_path(path: object) -> None:
    """It is refused where the output is defined."""
    with pytest.raises(sr.ConfigurationError, match="path: expected the path of a file"):
        sr.io.csv.write(table(), path)  # type: ignore[arg-type]
