"""Rows as messages: differential against Python's own `csv` and `json`."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamreg._core import JsonRows, render, stamp, standing
from streamreg._kafka.sink_messages import MessageRows, TopicMessage
from streamreg._sinks.contract import ColumnSpec, EpochChanges
from streamreg._sinks.standing import standing_by_cells

if TYPE_CHECKING:
    from streamreg._kafka.sink_messages import MessageFormat
    from streamreg._types import DType

_NOT_FINITE: Final = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}

_texts = st.none() | st.text(alphabet=st.characters(codec="utf-8"))
_rows = st.tuples(
    st.integers(0, 3),
    _texts,
    st.none() | st.floats(),
    st.none() | st.booleans(),
    st.none() | st.decimals(allow_nan=False, allow_infinity=False, places=3, max_value=10**20),
    st.none() | st.datetimes(datetime(1970, 1, 1), timezones=st.just(UTC)),
)
_COLUMNS: Final[tuple[tuple[str, DType], ...]] = (
    ("k", "int"),
    ('a "name"', "str"),
    ("x", "float"),
    ("b", "bool"),
    ("d", "decimal"),
    ("t", "datetime"),
)
_SPECS: Final = [ColumnSpec(name, dtype, name) for name, dtype in _COLUMNS]


def _epochs(changes: list[tuple[tuple[Any, ...], bool]]) -> list[EpochChanges]:
    return [
        EpochChanges(time, stamp(render([[cell] for cell in row]), time, 1 if stands else -1))
        for time, (row, stands) in enumerate(changes)
    ]


def _cells(row: bytes) -> list[str]:
    [cells] = csv.reader(io.StringIO(row.decode(), newline=""), strict=True)
    return cells


def _as_json(row: tuple[Any, ...]) -> dict[str, object]:
    """What is expected, numbers as their text."""
    k, text, x, b, d, t = row
    number = None if x is None else repr(x)
    return {
        "k": str(k),
        'a "name"': text,
        "x": number if number is None else _NOT_FINITE.get(number, number),
        "b": b,
        "d": None if d is None else Decimal(d),
        "t": t,
    }


def _read_json(value: bytes) -> dict[str, object]:
    found: dict[str, Any] = json.loads(value, parse_float=str, parse_int=str)
    if found["d"] is not None:
        found["d"] = Decimal(found["d"])
    if found["t"] is not None:
        found["t"] = datetime.fromisoformat(found["t"])
    return found


@given(st.lists(st.tuples(_rows, st.booleans()), max_size=8), st.sampled_from(["json", "csv"]))
def test_messages_say_what_stands(
    changes: list[tuple[tuple[Any, ...], bool]], format: MessageFormat
) -> None:
    expected = {row[0]: row if stands else None for row, stands in changes}
    rows = MessageRows(_SPECS, "current", ["k"], format)
    sent = [message for some in rows.standing(_epochs(changes)) for message in some]
    assert [message["key"] for message in sent] == [
        f'{{"k":{k}}}'.encode() if format == "json" else str(k).encode() for k in expected
    ]
    for message, row in zip(sent, expected.values(), strict=True):
        value = message["value"]
        if row is None:
            assert value is None
            continue
        assert value is not None
        if format == "json":
            assert _read_json(value) == _as_json(row)
        else:
            cells = _cells(value)
            assert cells[1] == (row[1] or "")
            assert cells[0] == str(row[0])


@given(_rows, st.sampled_from([-1, 1]))
def test_a_change_says_its_time(row: tuple[Any, ...], diff: int) -> None:
    epoch = EpochChanges(7, stamp(render([[cell] for cell in row]), 7, diff))
    [message] = MessageRows(_SPECS, "changelog", None, "json").changes([epoch])
    assert message.value is not None
    assert _read_json(message.value) == {**_as_json(row), "time": "7", "diff": str(diff)}
    assert message == TopicMessage(None, message.value, [("time", b"7"), ("diff", b"%d" % diff)])


@given(
    st.text(alphabet=st.characters(codec="utf-8")), st.text(alphabet=st.characters(codec="utf-8"))
)
def test_texts_are_written_as_json_does(name: str, text: str) -> None:
    row = stamp(render([[text]]), 0, 1).rsplit(b",", 2)[0]
    [written] = JsonRows([(name, "text")]).write([row])
    assert written.decode() == json.dumps({name: text}, ensure_ascii=False, separators=(",", ":"))


def test_keys_of_none_and_of_several_columns() -> None:
    epochs = [EpochChanges(0, b'1,"a,""",2,0,1\n')]
    assert standing_by_cells(epochs, []) == {(): b'1,"a,""",2'}
    assert standing_by_cells(epochs, [1, 0]) == {(b'"a,"""', b"1"): b'1,"a,""",2'}
    [[message]] = MessageRows(_SPECS[:3], "current", [], "json").standing(epochs)
    assert message["key"] == b"{}"


@pytest.mark.parametrize("lines", [b"1,0,1", b"1,0,2\n", b'"1,0,1\n', b"1\n"])
def test_what_is_no_change_is_refused(lines: bytes) -> None:
    with pytest.raises(ValueError, match=r"line|changes"):
        standing([lines], [0])


def test_a_row_of_other_columns_is_refused() -> None:
    with pytest.raises(ValueError, match="as many cells"):
        JsonRows([("k", "number")]).write([b"1,2"])
    with pytest.raises(ValueError, match="no kind"):
        JsonRows([("k", "list")])  # type: ignore[list-item]  # that is what is refused


def test_no_row_has_no_object() -> None:
    assert JsonRows([("k", "number")]).write([None, b"1", b""]) == [None, b'{"k":1}', b'{"k":null}']
