"""Decoding with options: paths into objects, delimiters, many records a message; compared with Python's own readers."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamreg._core import Decoded, csv_decoder, first_record, json_decoder, split_header
from streamreg._evaluate.columns import to_list
from streamreg._types import ColumnType

INTS: list[tuple[str, ColumnType]] = [("a", "int"), ("b", "int")]
KEYS = st.sampled_from(["a", "b", "c", "~", "/", "0", "1", ""])
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-5, 5), st.sampled_from(["", "x", "7"])),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(KEYS, inner, max_size=4)),
    max_leaves=12,
)
PATHS = st.lists(KEYS, min_size=1, max_size=4)


def pointer(keys: list[str]) -> str:
    return "".join("/" + key.replace("~", "~0").replace("/", "~1") for key in keys)


def looked_up(document: object, keys: list[str]) -> object:
    """What RFC 6901 says; KeyError if nothing stands there."""
    for key in keys:
        if isinstance(document, list) and key.isdecimal() and str(int(key)) == key:
            document = dict(enumerate(document))[int(key)]
        elif isinstance(document, dict):
            document = document[key]
        else:
            raise KeyError(key)
    return document


def rows_of(decoded: Decoded) -> list[tuple[object, ...]]:
    return list(zip(*map(to_list, decoded.columns), strict=True))


@given(st.dictionaries(KEYS, VALUES, max_size=4), PATHS, PATHS)
def test_oracle_paths(document: dict[str, Any], one: list[str], other: list[str]) -> None:
    """A column holds what stands where its pointer leads; where nothing or no integer does, the message is a reject."""
    paths = [("a", pointer(one)), ("b", pointer(other))]
    if one[: len(other)] == other or other[: len(one)] == one:
        with pytest.raises(ValueError, match="another column"):
            json_decoder(INTS, paths)
        return
    decoded = json_decoder(INTS, paths).decode([json.dumps(document).encode()])
    try:
        found = [looked_up(document, keys) for keys in (one, other)]
    except KeyError:
        assert [reject[1] for reject in decoded.rejects] in (
            ["missing-field"],
            ["wrong-type"],
            ["null"],
        )
        return
    if all(type(value) is int for value in found):
        assert rows_of(decoded) == [tuple(found)]
    else:
        assert [reject[1] in ("wrong-type", "null") for reject in decoded.rejects] == [True]


def test_the_last_of_two_equal_keys_counts_at_every_level() -> None:
    """What stood under an earlier one is forgotten, also if the later one lacks it."""
    decoder = json_decoder(INTS, [("a", "/p/a"), ("b", "/p/b")])
    decoded = decoder.decode(
        [b'{"p":{"a":1,"b":2},"p":{"a":3}}', b'{"p":0,"p":{"b":5,"a":4,"b":6}}']
    )
    assert rows_of(decoded) == [(4, 6)]
    assert [reject[:3] for reject in decoded.rejects] == [(0, "missing-field", "b")]


@pytest.mark.parametrize(
    ("paths", "why"),
    [
        ([("a", "a")], "no JSON pointer"),
        ([("a", "")], "no JSON pointer"),
        ([("a", "/x~2")], "no JSON pointer"),
        ([("a", "/x~")], "no JSON pointer"),
        ([("z", "/x")], "no column of the schema"),
        ([("a", "/b")], "another column"),
        ([("a", "/b/c")], "another column"),
    ],
)
def test_paths_that_cannot_be(paths: list[tuple[str, str]], why: str) -> None:
    """They are refused when the decoder is made, and the message says why."""
    with pytest.raises(ValueError, match=why):
        json_decoder(INTS, paths)


def test_numbers_in_strings() -> None:
    """They are taken on request alone, and judged like other numbers."""
    columns: list[tuple[str, ColumnType]] = [("x", "float"), ("n", "int")]
    values: list[bytes | None] = [
        b'{"x":"1.5","n":"7"}',
        b'{"x":2,"n":8}',
        b'{"x":"","n":1}',
        b'{"x":"nan","n":1}',
    ]
    decoded = json_decoder(columns, numbers_in_strings=True).decode(values)
    assert rows_of(decoded) == [(1.5, 7), (2.0, 8)]
    assert [reject[1] for reject in decoded.rejects] == ["invalid-number", "non-finite"]
    kinds = [reject[1] for reject in json_decoder(columns).decode(values).rejects]
    assert kinds == ["wrong-type"] * 3


@given(
    st.sampled_from(";\t|:!#,"),
    st.lists(
        st.tuples(st.integers(-9, 9), st.text(st.sampled_from("ab ;\t|:\"'\n,é"), max_size=5))
    ),
)
def test_oracle_delimiters(delimiter: str, rows: list[tuple[int, str]]) -> None:
    """Python's writer is understood, one record a message and all in one."""
    out = io.StringIO(newline="")
    lines = []
    writer = csv.writer(out, delimiter=delimiter, lineterminator="\r\n", quoting=csv.QUOTE_ALL)
    for row in rows:
        writer.writerow(row)
        lines.append(out.getvalue().encode())
        out.seek(0)
        out.truncate()
    columns: list[tuple[str, ColumnType]] = [("n", "int"), ("s", "str")]
    one = csv_decoder(columns, ["n", "s"], delimiter).decode(list(lines))
    assert rows_of(one) == rows
    many = csv_decoder(columns, ["n", "s"], delimiter, many=True)
    if rows:
        for header in (b"", f"n{delimiter}s\n".encode()):
            whole = header + b"".join(lines)
            decoded = many.decode([whole, None])
            assert rows_of(decoded) == rows
            assert decoded.tombstones == 1
            spans = [decoded.span(index) or (0, 0) for index in range(decoded.rows)]
            again = csv_decoder(columns, ["n", "s"], delimiter)
            assert rows_of(again.decode([whole[slice(*span)] for span in spans])) == rows


@pytest.mark.parametrize(
    "delimiter", ["", ";;", '"', "\n", "\r", "1", "a", ".", "-", "+", "_", " ", "é"]
)
def test_delimiters_that_cannot_be(delimiter: str) -> None:
    """What can stand in a number, a quote, a line end, or more than one character."""
    with pytest.raises((ValueError, TypeError)):
        csv_decoder(INTS, ["a", "b"], delimiter)


@given(st.lists(st.dictionaries(st.sampled_from("abc"), st.integers(0, 9))), st.booleans())
def test_oracle_many_objects(objects: list[dict[str, int]], array: bool) -> None:
    """Each object is a row or a reject of its own, of which the bytes are known."""
    texts = list(map(json.dumps, objects))
    value = (f"[{', '.join(texts)}]" if array else "\r\n".join(texts) + "\n").encode()
    decoded = json_decoder(INTS, many=True).decode([value])
    whole = [found for found in objects if found.keys() >= {"a", "b"}]
    assert rows_of(decoded) == [(found["a"], found["b"]) for found in whole]
    if not array and not texts:
        assert [reject[1] for reject in decoded.rejects] == ["malformed-json"]
        return
    spans = [decoded.reject_span(index) or (0, 0) for index in range(len(decoded.rejects))]
    assert [json.loads(value[slice(*span)]) for span in spans] == [
        found for found in objects if found not in whole
    ]
    for number, (message, _, _, detail) in enumerate(decoded.rejects):
        assert message == 0
        assert f"of {len(objects)}" in detail or len(objects) == 1, number


HOSTILE = st.one_of(
    st.binary(max_size=60),
    st.text(st.sampled_from('[]{}":,\n\r ab01\\u'), max_size=40).map(str.encode),
)


@given(st.lists(st.none() | HOSTILE))
def test_law_hostile_records_are_rows_or_rejects(values: list[bytes | None]) -> None:
    """Whatever the bytes, no panic; every row and reject lies within a message that has a value."""
    for decoder in (
        csv_decoder(INTS, ["a", "b"], ";", many=True),
        json_decoder(INTS, [("a", "/a/0"), ("b", "/b/a/b")], many=True, numbers_in_strings=True),
    ):
        decoded = decoder.decode(values)
        assert decoded.tombstones == values.count(None)
        assert decoded.messages is not None
        places = [
            *((int(message), decoded.span(row)) for row, message in enumerate(decoded.messages)),
            *((reject[0], decoded.reject_span(at)) for at, reject in enumerate(decoded.rejects)),
        ]
        for message, span in places:
            value = values[message]
            assert value is not None
            assert span is not None
            assert 0 <= span[0] <= span[1] <= len(value)


def test_a_header_before_many_records() -> None:
    """It is the first line, whatever follows."""
    assert split_header(first_record(b"\n\xef\xbb\xbfx;y\r\n1;2"), ";") == ["x", "y"]
    assert first_record(b'"a\nb",c\n1,2') == b'"a\nb",c'
    assert first_record(b"") == b""
