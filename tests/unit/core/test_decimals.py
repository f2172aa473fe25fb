"""Decimals: as read, as written, and what a program can say about them; Python's own are the oracle."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable
from decimal import Context, Decimal, InvalidOperation, getcontext
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import streamreg as sr
from streamreg._core import (
    Decoder,
    csv_decoder,
    decimal_objects,
    decimals,
    json_decoder,
    nearest_doubles,
    render,
    stamp,
)
from streamreg._evaluate.columns import to_list
from tests.support.columns import DECIMALS, decimal_array, scaled
from tests.support.rationals import bits, nearest

TableOf = Callable[..., sr.Table]
PlanOf = Callable[..., Any]
Computed = Callable[..., Any]

CSV = csv_decoder([("x", "decimal")], ["x"])
JSON = json_decoder([("x", "decimal")])
PATTERN = re.compile(r"[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?")
NUMERALS = st.from_regex(PATTERN, fullmatch=True) | st.from_regex(
    r"[-+]?[0-9.eE]{0,12}", fullmatch=True
)


def expected(text: str) -> Decimal | str:
    """What Python reads, or why it is no decimal that is kept."""
    if not text:
        return "null"
    if not PATTERN.fullmatch(text):
        return "invalid-number"
    # Python's exponents end; those of a zero do not matter.
    mantissa, _, exponent = text.lower().partition("e")
    try:
        sign, digits, shift = Decimal(mantissa).as_tuple()
    except InvalidOperation:
        raise AssertionError(text) from None
    if not any(digits):
        return Decimal(0)
    integer = "".join(map(str, digits)).lstrip("0")
    stripped = integer.rstrip("0")
    assert isinstance(shift, int)
    power = int(exponent or "0") + shift + len(integer) - len(stripped)
    if len(stripped) > 34 or abs(power) > 400:
        return "decimal-range"
    return Decimal(f"{'-' if sign else ''}{stripped}E{power}")


def decoded(decoder: Decoder, message: bytes) -> Decimal | str:
    """The decimal, or the kind of the reject."""
    found = decoder.decode([message])
    if found.rows:
        (value,) = to_list(found.columns[0])
        assert isinstance(value, Decimal)
        return value
    ((_, kind, column, _),) = found.rejects
    assert column == "x"
    return kind


@settings(max_examples=300)
@given(NUMERALS)
@example("0.10")
@example("1e401")
@example("9" * 34 + "e366")
@example("1" * 35)
@example("0e99999999999999999999")
def test_differential_csv_text_is_read_as_python_reads_it(text: str) -> None:
    """The same number, or a reject of the column with the reason."""
    assert decoded(CSV, text.encode()) == expected(text)


@settings(max_examples=200)
@given(DECIMALS)
def test_law_decimals_are_read_back(value: Decimal) -> None:
    """What is written is what `str` makes of it, and reads back as the same from CSV and JSON."""
    words = decimal_array([value])
    ((text, *_),) = csv.reader(io.StringIO(stamp(render([words]), 0, 1).decode()))
    assert text == str(Decimal(text))
    assert Fraction(Decimal(text)) == Fraction(value)
    assert decoded(CSV, text.encode()) == value
    for written in (text, json.dumps(text)):
        assert decoded(JSON, f'{{"x": {written}}}'.encode()) == value
    assert decimal_objects(words) == [value]


@settings(max_examples=200)
@given(DECIMALS)
@example(Decimal("1e400"))
@example(Decimal("-1e-400"))
@example(scaled(2**53 + 1, 0))
def test_oracle_nearest_double(value: Decimal) -> None:
    """A decimal as a float is the nearest one, ties to even."""
    (found,) = nearest_doubles(decimal_array([value])).tolist()
    assert bits(abs(found)) == bits(abs(nearest(Fraction(value))))
    assert (found < 0) == (nearest(Fraction(value)) < 0)


def test_texts_that_are_no_decimals_are_marked() -> None:
    """Each by its place, with 0 in the column."""
    words, none = decimals(["1.5", "x", "NaN", "1e999", "2"])
    assert none.tolist() == [False, True, True, True, False]
    assert decimal_objects(words) == [Decimal("1.5"), 0, 0, 0, Decimal(2)]
    with pytest.raises(ValueError, match="row 0 is no decimal"):
        decimal_objects(np.array([[10, 0, 0]]))


def test_what_a_program_can_do(table_of: TableOf, computed: Computed) -> None:
    """Comparisons with decimals and ints, choices, casts, functions, constants, filters."""
    t = table_of(x=Decimal, n=int)
    x = [Decimal("0.10"), Decimal("-2.5"), Decimal("1e40")]

    def square(x: Decimal) -> Decimal:
        return x * x

    chosen = sr.if_else(t.x < 1, t.x, Decimal("7.70"))
    table = t.select(
        equal=t.x == Decimal("0.1"),
        more=t.x > t.n,
        less=t.x < -1,
        chosen=chosen,
        text=sr.cast(str, t.x),
        number=sr.cast(float, t.x),
        square=sr.apply(square, t.x),
        same=t.x,
    )
    assert [column.dtype for column in table] == [
        *["bool", "bool", "bool", "decimal", "str", "float", "decimal", "decimal"]
    ]
    found = computed(table, x=x, n=[0, 0, 10**18])
    assert found.columns == {
        "equal": [True, False, False],
        "more": [True, False, True],
        "less": [False, True, False],
        "chosen": [Decimal("0.1"), Decimal("-2.5"), Decimal("7.7")],
        "text": ["0.1", "-2.5", "1E+40"],
        "number": [0.1, -2.5, 1e40],
        "square": [Decimal("0.01"), Decimal("6.25"), Decimal("1e80")],
        "same": [Decimal("0.1"), Decimal("-2.5"), Decimal("1e40")],
    }
    kept = t.filter(t.x >= 0)
    found = computed(kept.select(kept.x, half=Decimal("0.5")), x=x, n=[1, 2, 3])
    assert found.columns == {"x": [Decimal("0.1"), Decimal("1e40")], "half": [Decimal("0.5")] * 2}


def test_a_computed_decimal_off_the_range_is_a_reject(
    table_of: TableOf, computed: Computed
) -> None:
    """The row is taken out with its reason, the others stay."""
    t = table_of(x=Decimal)

    def cube(x: Decimal) -> Decimal:
        return Context(prec=100).power(x, 3) if x else Decimal("NaN")

    given_ = [Decimal(2), Decimal("1e300"), scaled(10**20 + 1, 0), Decimal(0)]
    found = computed(t.select(z=sr.apply(cube, t.x)), x=given_)
    assert found.columns == {"z": [Decimal(8)]}
    assert found.failed == [1, 2, 3]
    (errors,) = found.errors
    assert (errors.kind, errors.column) == ("decimal-range", "z")


def test_arithmetic_asks_for_a_cast(table_of: TableOf) -> None:
    """A program error that says so, and none of it is computed in doubles unasked."""
    t = table_of(x=Decimal, f=float)
    attempts: list[Callable[[], object]] = [
        *[lambda: t.x + 1, lambda: t.x * t.x, lambda: sr.log(t.x), lambda: -t.x]
    ]
    for attempt in attempts:
        with pytest.raises(sr.ProgramError, match=r"x is decimal; sr.cast\(float, x\)"):
            attempt()
    with pytest.raises(
        sr.ProgramError, match=r"cannot compare x \(decimal\) with 0.1 \(float\); compare"
    ):
        assert t.x == 0.1
    with pytest.raises(sr.ProgramError, match="declare it as int in the schema"):
        sr.cast(int, t.x)
    with pytest.raises(sr.ProgramError, match="no decimal of up to 34 digits"):
        assert t.x == Decimal("NaN")


def test_functions_of_results_get_and_give_decimals(table_of: TableOf, plan_of: PlanOf) -> None:
    """Sums of decimals are exact, of any length, and can be compared, cast and applied to."""
    t = table_of(x=Decimal)
    whole = t.reduce(s=sr.reducers.sum(t.x), hi=sr.reducers.max(t.x))

    def doubled(x: Decimal) -> Decimal:
        return Context(prec=1000).multiply(x, 2)

    table = whole.select(
        *whole,
        twice=sr.apply(doubled, whole.s),
        number=sr.cast(float, whole.s),
        text=sr.cast(str, whole.hi),
        more=whole.s > whole.hi,
    )
    plan = plan_of(table)
    high = Decimal("1E+400")
    exact = Decimal("1" + "0" * 400 + ".1")
    (row,) = plan.results[0].evaluate([3, exact, high])
    assert [cell for (cell,) in row.cells] == [
        *[exact, high, Decimal("2" + "0" * 400 + ".2"), float("inf"), "1E+400", True]
    ]
    assert getcontext().prec == 28  # nobody's context was changed
