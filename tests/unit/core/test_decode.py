"""Messages to columns through the extension: hostile bytes, and numbers as Python reads them."""

from __future__ import annotations

import contextlib
import json
import math
import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streamreg._core import (
    Decoded,
    Decoder,
    csv_decoder,
    json_decoder,
    raw_decoder,
    split_header,
)
from streamreg._evaluate.columns import to_list
from streamreg._types import ColumnType
from tests.support.rationals import bits

Messages = Sequence[bytes | None]

ALL: list[tuple[str, ColumnType]] = [
    ("x", "float"),
    ("n", "int"),
    ("b", "bool"),
    ("s", "str"),
    ("d", "bytes"),
]
FLOATS: list[tuple[str, ColumnType]] = [("x", "float"), ("y", "float")]
DECODERS = {
    "csv": csv_decoder(ALL, [name for name, _ in ALL]),
    "csv of floats": csv_decoder(FLOATS, ["x", "other", "y"]),
    "json": json_decoder(ALL),
    "json of floats": json_decoder(FLOATS),
    "raw bytes": raw_decoder([("data", "bytes")]),
    "raw text": raw_decoder([("data", "str")]),
}
GOOD = [
    b'1.5,-7,true,"a ""b"", c",AAE=\n',
    b"1e-7,9223372036854775807,0,,\r\n",
    b"1.5,z,-2e3",
    b'{"x": 1.5, "n": -7, "b": true, "s": "a\\u00e9\\n", "d": "AAE=", "more": [{"x": null}]}',
    b'{"y": 0.1, "x": -0, "x": 1e400}',
]
# What formats are made of: bytes drawn from these get further than any bytes do.
PARTS = [*b'"",,{}[]:\\\n\r\t 0159.-+eEinfatrulsxbdy_\x00\xff\xc3\xa9', *range(256)]
HOSTILE = st.binary(max_size=60) | st.lists(st.sampled_from(PARTS), max_size=60).map(bytes)


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A message that is right but for a few bytes."""
    message = bytearray(draw(st.sampled_from(GOOD)))
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, len(message)))
        message[at : at + draw(st.integers(0, 3))] = draw(HOSTILE)[:4]
    return bytes(message)


def check(values: Messages, decoded: Decoded) -> None:
    """Each message is one of: a row, a reject, a tombstone; and whatever is there is what it says."""
    assert decoded.rows + len(decoded.rejects) + decoded.tombstones == len(values)
    assert decoded.tombstones == values.count(None)
    rejected = [message for message, *_ in decoded.rejects]
    of_rows = range(decoded.rows) if decoded.messages is None else decoded.messages.tolist()
    tombstones = [index for index, value in enumerate(values) if value is None]
    assert sorted([*of_rows, *rejected, *tombstones]) == list(range(len(values)))
    assert list(of_rows) == sorted(of_rows)
    assert rejected == sorted(rejected)
    for _, kind, _, detail in decoded.rejects:
        assert re.fullmatch(r"[a-z0-9-]+", kind)
        assert len(detail) < 300
    for column in decoded.columns:
        assert len(to_list(column)) == decoded.rows
        if isinstance(column, np.ndarray) and column.dtype == np.float64:
            assert np.isfinite(column).all()


@pytest.mark.parametrize("name", list(DECODERS))
@settings(max_examples=300)
@given(values=st.lists(HOSTILE | mutated() | st.none(), max_size=12))
def test_law_any_bytes_are_rows_or_rejects(name: str, values: list[bytes | None]) -> None:
    """No bytes raise; every message is accounted for, once, in order."""
    check(values, DECODERS[name].decode(values))


@pytest.mark.parametrize("name", list(DECODERS))
@given(values=st.lists(mutated() | st.none(), max_size=12), cut=st.integers(0, 12))
def test_law_a_message_is_the_same_in_any_batch(
    name: str, values: list[bytes | None], cut: int
) -> None:
    """What a message becomes depends on nothing but itself, so a batch may be cut anywhere."""
    whole = DECODERS[name].decode(values)
    parts = [DECODERS[name].decode(part) for part in (values[:cut], values[cut:])]
    for index, column in enumerate(whole.columns):
        joined = [value for part in parts for value in to_list(part.columns[index])]
        assert list(map(bits, to_list(column))) == list(map(bits, joined))
    reasons = [[reject[1:] for reject in part.rejects] for part in (whole, *parts)]
    assert reasons[0] == reasons[1] + reasons[2]


@given(HOSTILE)
def test_law_any_bytes_are_a_header_or_a_value_error(value: bytes) -> None:
    """A header is a list of names, or a ValueError and no other."""
    with contextlib.suppress(ValueError):
        assert all(isinstance(name, str) for name in split_header(value))


DIGITS = st.text("0123456789", min_size=1, max_size=25) | st.builds(
    lambda digit, count: digit * count, st.sampled_from("0123456789"), st.integers(1, 800)
)
JSON_NUMBERS = st.builds(
    lambda sign, whole, fraction, exponent: f"{sign}{whole}{fraction}{exponent}",
    st.sampled_from(["", "-"]),
    DIGITS.map(lambda digits: digits.lstrip("0") or "0"),
    st.just("") | DIGITS.map(lambda digits: f".{digits}"),
    st.just("")
    | st.builds(
        lambda e, sign, digits: f"{e}{sign}{digits}",
        st.sampled_from("eE"),
        st.sampled_from(["", "+", "-"]),
        st.integers(0, 400).map(str) | st.integers(0, 10**30).map(str),
    ),
)
HARD = [
    "9007199254740993",
    "1.00000000000000011102230246251565",  # a tie
    "1.00000000000000011102230246251566",
    "2.4703282292062327208e-324",  # just below half of the least subnormal
    "2.4703282292062328e-324",
    "2.2250738585072011e-308",
    "1.7976931348623158e308",
    "1.7976931348623159e308",  # overflows
    "-0",
    "-0.0e999999999999999999999",
    "1e-99999999999999999999",
    "0." + "0" * 3000 + "1e3000",
    "1" + "0" * 4000,
]


def read_float(decoder: Decoder, message: str) -> float | str:
    """The number in a message, or why it is none."""
    decoded = decoder.decode([message.encode()])
    if decoded.rejects:
        return decoded.rejects[0][1]
    column = decoded.columns[0]
    assert isinstance(column, np.ndarray)
    value: float = column.tolist()[0]
    return value


def python_float(text: str) -> float | str:
    """What Python makes of it; non-finite numbers are rejects."""
    value = float(text)
    return value if math.isfinite(value) else "non-finite"


def check_json(text: str) -> None:
    """A JSON number is what Python's `float` reads."""
    decoder = json_decoder([("x", "float")])
    assert bits(read_float(decoder, f'{{"x": {text}}}')) == bits(python_float(text))


def check_csv(text: str) -> None:
    """A CSV field is what Python's `float` reads, by both ways through a record."""
    try:
        expected = python_float(text)
    except ValueError:
        expected = "invalid-number" if text.strip() else "null"
    alone = csv_decoder([("x", "float")], ["x"])
    beside_text = csv_decoder([("x", "float"), ("s", "str")], ["s", "x"])
    assert bits(read_float(alone, text)) == bits(expected)
    assert bits(read_float(beside_text, f"a,{text}")) == bits(expected)


@settings(max_examples=400)
@given(JSON_NUMBERS)
def test_differential_numbers_of_json_are_those_of_python(text: str) -> None:
    """A JSON number is the double that Python's `float` reads, bit for bit; too large is a reject."""
    check_json(text)


@settings(max_examples=400)
@given(JSON_NUMBERS | st.text("0123456789.-+eE inftyNaN", max_size=12))
def test_differential_floats_of_csv_are_those_of_python(text: str) -> None:
    """A CSV field is the double that Python's `float` reads, or a reject where Python has none."""
    check_csv(text)


@pytest.mark.parametrize("text", HARD)
def test_differential_hard_numbers(text: str) -> None:
    """Ties, subnormals, the largest doubles and long texts are rounded as Python rounds them."""
    check_json(text)
    check_csv(text)


@given(st.from_regex(r"[-+ ]?[0-9]{1,22}[.e ]?[0-9]?", fullmatch=True) | st.integers().map(str))
def test_differential_integers_are_those_of_python(text: str) -> None:
    """An integer of 64 bits is exact; a larger one, or a number with a point, is a reject."""
    for format, message in (("csv", text), ("json", f'{{"n": {text}}}')):
        schema: list[tuple[str, ColumnType]] = [("n", "int")]
        decoder = csv_decoder(schema, ["n"]) if format == "csv" else json_decoder(schema)
        decoded = decoder.decode([message.encode()])
        kinds = {kind for _, kind, _, _ in decoded.rejects}
        try:
            expected = int(text) if format == "csv" else json.loads(text)
        except ValueError:
            expected = None
        if isinstance(expected, int) and -(2**63) <= expected < 2**63:
            assert to_list(decoded.columns[0]) == [expected]
        elif isinstance(expected, int):
            assert kinds == {"integer-overflow"}
        else:
            assert kinds <= {"invalid-integer", "malformed-json"}
            assert kinds


JSON_VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=8,
)


@settings(max_examples=200)
@given(
    x=st.floats(allow_nan=False, allow_infinity=False),
    s=st.text(max_size=20),
    b=st.booleans(),
    extra=st.dictionaries(st.text(max_size=4), JSON_VALUES, max_size=3),
    ascii_=st.booleans(),
)
def test_differential_objects_that_python_wrote(
    x: float, s: str, b: bool, extra: dict[str, Any], ascii_: bool
) -> None:
    """What `json.dumps` writes is read back as it was, whatever stands beside it."""
    extra = json.loads(json.dumps(extra), parse_constant=lambda _: 0)  # JSON has no NaN
    message = json.dumps(extra | {"x": x, "s": s, "b": b}, ensure_ascii=ascii_)
    decoded = json_decoder([("x", "float"), ("s", "str"), ("b", "bool")]).decode([message.encode()])
    assert [to_list(column) for column in decoded.columns] == [[x], [s], [b]]


def test_depth_does_not_exhaust_the_stack() -> None:
    """A million brackets are a reject or are skipped, and no more."""
    deep = b"[" * 1_000_000
    closed = b'{"x": 1, "more": ' + deep + b"]" * 1_000_000 + b"}"
    decoder = json_decoder([("x", "float")])
    decoded = decoder.decode([deep, b'{"x": ' * 1_000_000, closed])
    assert decoded.rows + len(decoded.rejects) == 3
    assert all(len(detail) < 300 for *_, detail in decoded.rejects)


def test_decoders_that_make_no_sense_are_refused() -> None:
    """A schema or header that cannot be is a ValueError that says why."""
    x: list[tuple[str, ColumnType]] = [("x", "float")]
    wrong: list[tuple[Callable[[], Decoder], str]] = [
        (lambda: csv_decoder(x, []), "needs the header"),
        (lambda: csv_decoder(x, ["y"]), "no column"),
        (lambda: csv_decoder(x, ["x", "x"]), "twice"),
        (lambda: json_decoder([]), "at least one column"),
        (lambda: json_decoder([*x, *x]), "two columns"),
        (lambda: json_decoder([("x", "complex")]), "complex"),
        (lambda: raw_decoder(x), "str or bytes"),
    ]
    for make, message in wrong:
        with pytest.raises(ValueError, match=message):
            make()
