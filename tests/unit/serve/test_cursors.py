"""Cursors: those that a page gives lead on, whatever the types of the keys; others are refused."""

from __future__ import annotations

import base64
import json

import pytest

from streamreg._serve.address import Listen
from streamreg._serve.app import app_of
from streamreg._serve.feed import Feed
from streamreg._serve.messages import Layout, Standing, TableSpec
from streamreg._sinks.contract import ColumnSpec
from streamreg._types import DType
from tests.support.served import Answer, ask

CELLS: dict[DType, tuple[bytes, ...]] = {
    "float": (b"-inf", b"-1e-07", b"0.0", b"1e+22"),
    "int": (b"-5", b"7", b"99999999999999999999"),
    "decimal": (b"-1.50", b"1E-7", b"1000"),
    "datetime": (b"0001-01-01T00:00:00Z", b"2026-01-01T00:00:00.500000Z"),
    "timedelta": (b"-PT0.5S", b"PT24H"),
    "bool": (b"False", b"True"),
    "str": (b'""', b'"a ""b"", c"', b"d", "é".encode()),
    "bytes": (b'""', b"aGk="),
    "any": (b"1.0", b"PT1S"),
}

OTHERS: dict[DType, tuple[bytes, ...]] = {
    "float": (b"x", b"1", b"1e22", b"1_0.0"),
    "int": (b"x", b" 1", b"1_0", b"+1", b"1.0", b"9" * 5000),
    "decimal": (b"x", b"1e3", b"0.0000001", b"9" * 5000 + b"E"),
    "datetime": (b"2026-01-01T00:00:00", b"2026-01-01", b"2026-01-01T00:00:00+01:00", b"0001-01-01T00:00:00+14:00"),
    "timedelta": (b"x", b"P1D", b"PT99999999999999S"),
    "bool": (b"true", b"x"),
    "str": (b"\xff", b'"a"', b'"', b"a,b"),
    "bytes": (b"%%", b"a"),
    "any": (b"\xff", b"a,b"),
}  # fmt: skip


def asked(dtype: DType, keys: tuple[int, ...] | None, query: str) -> Answer:
    """A table of which a missing value and those above are the keys."""
    columns = (ColumnSpec("k", dtype, "k"), ColumnSpec("v", "int", "v"))
    rows = tuple(b"%b,1" % cell for cell in (b"", *CELLS[dtype]))
    feed = Feed()
    feed.take(Layout((TableSpec("t", "t.csv", columns, keys, 0),), ({},), None))
    feed.take(Standing(0, (rows,), ((),), (None,)))
    return ask(app_of(feed, Listen("127.0.0.1", 1)), f"/v1/tables/t?limit=1{query}")


def forged(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode()


@pytest.mark.parametrize("keys", [(0,), None])
@pytest.mark.parametrize("dtype", CELLS)
def test_a_cursor_leads_on(dtype: DType, keys: tuple[int, ...] | None) -> None:
    """From each value to the next."""
    pages, query = 0, ""
    while True:
        answer = asked(dtype, keys, query)
        assert answer.status == 200, answer
        pages += len(answer.json()["rows"])
        following = answer.json()["next"]
        if following is None:
            break
        query = f"&cursor={following}"
    assert pages == 1 + len(CELLS[dtype])


@pytest.mark.parametrize("keys", [(0,), None])
@pytest.mark.parametrize(
    ("dtype", "cell"), [(t, cell) for t, cells in OTHERS.items() for cell in cells]
)
def test_a_value_that_no_page_writes(
    dtype: DType, cell: bytes, keys: tuple[int, ...] | None
) -> None:
    """Is refused, also where it could not be compared with what stands there."""
    cells = [cell.decode("latin-1"), *(["1"] if keys is None else [])]
    answer = asked(dtype, keys, f"&cursor={forged([cells, 1])}")
    assert answer.status == 400
    assert answer.json()["error"] == "cursor: it is not one that an earlier page has given"


@pytest.mark.parametrize(
    "value",
    [["d"], [["d"]], [["d"], 0], [["d"], -1], [["d"], 1.0], [["d"], "1"], [["d", "d"], 1], [[], 1], [[1], 1], 5, None,
     [["d"], None], [["d"], 1, 1], {"a": 1, "b": 1}, [["\u20ac"], 1]],
)  # fmt: skip
def test_what_is_no_cursor(value: object) -> None:
    """Is refused, whatever it is made of."""
    assert asked("str", (0,), f"&cursor={forged(value)}").status == 400
