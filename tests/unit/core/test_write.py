"""Columns to lines of a changelog through the extension, as Python's own tools read them back."""

from __future__ import annotations

import base64
import contextlib
import csv
import io
import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streamreg._core import Changelog, csv_decoder, render, stamp
from streamreg._evaluate.columns import to_list
from tests.support.columns import ANY_BITS, INTEGERS
from tests.support.rationals import bits

TEXT = st.text(max_size=12) | st.text('",\n\r\t \0é', max_size=6)
ROWS = st.lists(st.tuples(ANY_BITS, INTEGERS, st.booleans(), TEXT, st.binary(max_size=9)))


def lines_of(columns: Sequence[Any], time: int = 7, diff: int = -1) -> str:
    """The rows as lines of a changelog."""
    return stamp(render(columns), time, diff).decode()


def read(lines: str) -> list[list[str]]:
    """What Python's reader of CSV finds; the line ends are left to it."""
    return list(csv.reader(io.StringIO(lines, newline=""), strict=True))


@settings(max_examples=200)
@given(st.lists(ANY_BITS, min_size=1, max_size=40))
def test_differential_floats_are_written_as_python_does(values: list[float]) -> None:
    """A double is written as `repr` writes it, in an array, beside text and in a list."""
    array = np.array(values, dtype=np.float64)
    expected = [[repr(value), "7", "-1"] for value in values]
    assert read(lines_of([array])) == expected
    assert read(lines_of([values])) == expected
    beside = [[repr(value), "a", "7", "-1"] for value in values]
    assert read(lines_of([array, ["a"] * len(values)])) == beside


def test_differential_floats_where_the_layout_changes() -> None:
    """The powers of ten and their neighbours, where digits, points and exponents move."""
    powers = np.array([float(f"1e{exponent}") for exponent in range(-323, 309)])
    around = [np.nextafter(powers, 0.0), powers, np.nextafter(powers, np.inf), powers * 1.5]
    values = np.concatenate([*around, *(-part for part in around), [0.0, -0.0, 5e-324, np.nan]])
    assert read(lines_of([values])) == [[repr(value), "7", "-1"] for value in values.tolist()]


@settings(max_examples=200)
@given(ROWS, st.integers(-(2**63), 2**63 - 1))
def test_differential_lines_are_read_back_by_python(rows: list[Any], time: int) -> None:
    """`csv.reader` reads the cells that were written, quotes and line ends and all."""
    columns = [list(column) for column in zip(*rows, strict=True)] or [[] for _ in range(5)]
    expected = [
        [repr(x), str(n), str(b), s, base64.b64encode(d).decode(), str(time), "1"]
        for x, n, b, s, d in rows
    ]
    lines = lines_of(columns, time, 1)
    assert read(lines) == expected
    typed = [np.array(columns[0], np.float64), np.array(columns[1], np.int64)]
    assert lines_of([*typed, np.array(columns[2], np.bool_), *columns[3:]], time, 1) == lines


@given(st.lists(st.tuples(ANY_BITS.filter(np.isfinite), TEXT, st.binary(max_size=9)), min_size=1))
def test_law_what_is_written_can_be_decoded(rows: list[tuple[float, str, bytes]]) -> None:
    """A line without its time and diff is a CSV message of the same values."""
    columns = [list(column) for column in zip(*rows, strict=True)]
    decoder = csv_decoder([("x", "float"), ("s", "str"), ("d", "bytes")], ["x", "s", "d"])
    for index, row in enumerate(rows):
        line = stamp(render([column[index : index + 1] for column in columns]), 0, 1)
        decoded = decoder.decode([line.removesuffix(b",0,1\n")])
        assert decoded.rejects == []
        found = [value for column in decoded.columns for value in to_list(column)]
        assert list(map(bits, found)) == list(map(bits, row))


def test_quotes_stand_only_where_they_must() -> None:
    """A missing value is an empty cell, an empty string is quoted, a plain one is not."""
    cells = [None, "", "a b", "a,b", 'a"b', "a\nb", "é", b"", b"\x00", True, 2**70, -0.0]
    texts = ["", '""', "a b", '"a,b"', '"a""b"', '"a\nb"', "é", '""', "AA==", "True"]
    texts += [str(2**70), "-0.0"]
    assert lines_of([cells]) == "".join(f"{text},7,-1\n" for text in texts)


@given(ROWS.filter(bool), st.binary(max_size=9), st.data())
def test_law_damaged_rows_are_refused(rows: list[Any], junk: bytes, draw: st.DataObject) -> None:
    """Packed rows that were cut, or had bytes put in, are a ValueError or other rows: never a crash."""
    packed = render([list(column) for column in zip(*rows, strict=True)])
    at = draw.draw(st.integers(0, len(packed)))
    for damaged in (packed[:at], packed[at:], packed[:at] + junk + packed[at:], junk):
        with contextlib.suppress(ValueError):
            stamp(damaged, 0, 1)
        with contextlib.suppress(ValueError):
            Changelog().update([b"k"], [True], damaged, 0)


def test_columns_that_do_not_fit_are_refused() -> None:
    """No column, unequal lengths and values of other types are an error that says which."""
    wrong: list[tuple[list[Any], type[Exception], str]] = [
        ([], ValueError, "at least one column"),
        ([["a"], np.array([1.0, 2.0])], ValueError, "1 and of 2 rows"),
        ([[object()]], TypeError, "not object"),
        ([[{}]], TypeError, "not dict"),
        ([("a",)], TypeError, "a column cannot be"),
        ([np.array([1j])], TypeError, "a column cannot be"),
    ]
    for columns, error, message in wrong:
        with pytest.raises(error, match=re.escape(message)):
            render(columns)
