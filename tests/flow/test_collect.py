"""The sink that is a list: what other sinks get of a table, value by value, and how a run goes on from it."""

from __future__ import annotations

from decimal import Decimal

import pytest

import streamreg as sr
from streamreg import testing


class Reading(sr.Schema):
    k: str
    b: bytes
    x: float
    n: int
    d: Decimal
    ok: bool


MESSAGES = [
    b'{"k": "", "b": "", "x": 0.1, "n": 9007199254740993, "d": "1.50", "ok": true}',
    b'{"k": "a,\\"b\\"\\n", "b": "AP8=", "x": -0.0, "n": -1, "d": "-3", "ok": false}',
]
ROWS = [
    ("", b"", 0.1, 9007199254740993, Decimal("1.50"), True),
    ('a,"b"\n', b"\x00\xff", -0.0, -1, Decimal(-3), False),
]


def table(messages: list[bytes]) -> sr.Table:
    return testing.read([messages], schema=Reading, format="json")


def test_each_value_comes_as_it_was(processes: int) -> None:
    """Of every type, bit by bit: no text is `""`, and nothing else is."""
    found = testing.collect(table(MESSAGES))
    sr.run(processes=processes)
    assert [row for row, _, _ in found] == ROWS
    assert repr(found[1][0]) == repr(ROWS[1]), "minus zero too"
    assert {diff for _, _, diff in found} == {1}


def test_a_missing_value_is_none_and_no_text_is_not() -> None:
    """A result that is not defined yet, and a function's None, beside text of no characters."""
    t = table(MESSAGES)
    fit = t.linear_regression(t.x, t.n, singular="null")
    missing = sr.apply_with_type(lambda r2: None, str, fit.n)
    found = testing.collect(
        fit.select(fit.n, missing=missing, text=sr.apply_with_type(lambda r2: "", str, fit.n))
    )
    sr.run(processes=0)
    assert [(row[1:], diff) for row, _, diff in found] == [((None, ""), 1)]


def test_it_goes_on_from_its_position(tmp_path: object) -> None:
    """What was appended past the checkpoint goes, and what the state says was there must be there."""
    t = table(MESSAGES[:1])
    found = testing.collect(t.reduce(n=sr.reducers.sum(t.n)))
    sr.run(processes=0, state=f"{tmp_path}/state")
    assert found == [((9007199254740993,), 0, 1)]
    found.append(((7,), 1, 1))

    def again() -> None:
        rows = table(MESSAGES)
        testing.collect(rows.reduce(n=sr.reducers.sum(rows.n)), found)

    again()
    sr.run(processes=0, state=f"{tmp_path}/state")
    assert found == [
        ((9007199254740993,), 0, 1),
        ((9007199254740993,), 1, -1),
        ((9007199254740992,), 1, 1),
    ]
    found.clear()
    again()
    with pytest.raises(sr.OutputError, match="collected holds 0 changes, but the state says 3"):
        sr.run(processes=0, state=f"{tmp_path}/state")
