"""Messages that do not fit: each is told of exactly, and none is lost from the count."""

import base64
import logging
import random

import pytest

import streamreg as sr
from streamreg.testing import read
from tests.support.changelog import inserted, rejects
from tests.support.numbered import Point


class Mixed(sr.Schema):
    x: float
    n: int
    s: str
    b: bool


# The message; the reason, the column, and a part of the detail.
CSV = [
    (b"1,2", "field-count", None, "2 fields, the header has 4"),
    (b"1,2,a,true,5", "field-count", None, "5 fields"),
    (b"", "field-count", None, "1 field,"),
    (b"\xff\xfe", "field-count", None, "1 field,"),
    (b'1,2,"a,true', "malformed-csv", None, "quote"),
    (b"1,2,a,true\n1,2,a,true", "malformed-csv", None, "more than one record"),
    (b"nope,2,a,true", "invalid-number", "x", "nope"),
    (b"nan,2,a,true", "non-finite", "x", "nan"),
    (b"1e999,2,a,true", "non-finite", "x", "1e999"),
    (b",2,a,true", "null", "x", ""),
    (b"1,2.5,a,true", "invalid-integer", "n", "2.5"),
    (b"1,9223372036854775808,a,true", "integer-overflow", "n", "9223372036854775808"),
    (b"1,2,\xff,true", "invalid-utf8", "s", ""),
    (b"1,2,a,maybe", "invalid-boolean", "b", "maybe"),
]
JSON = [
    (b"[]", "not-an-object", None, ""),
    (b"{", "malformed-json", None, ""),
    (b'{"x":NaN,"n":2,"s":"a","b":true}', "malformed-json", None, ""),
    (b'{"x":' + b"[" * 100_000, "malformed-json", None, ""),
    (b"\xff", "invalid-utf8", None, ""),
    (b'{"x":"1","n":2,"s":"a","b":true}', "wrong-type", "x", "1"),
    (b'{"x":1e999,"n":2,"s":"a","b":true}', "non-finite", "x", "1e999"),
    (b'{"x":1,"n":2,"s":"a"}', "missing-field", "b", ""),
    (b'{"x":1,"n":2,"s":null,"b":true}', "null", "s", ""),
    (b'{"x":1,"n":2.5,"s":"a","b":true}', "invalid-integer", "n", "2.5"),
    (b'{"x":1,"n":-9223372036854775809,"s":"a","b":true}', "integer-overflow", "n", "-92233"),
]
GOOD = {"csv": b"1,2,a,true", "json": b'{"b":true,"s":"a","n":2,"x":1}'}


@pytest.mark.parametrize(("format", "bad"), [("csv", CSV), ("json", JSON)])
def test_each_is_told_of_with_its_place_reason_and_bytes(
    format: str, bad: list[tuple[bytes, str, str | None, str]], processes: int
) -> None:
    """One line a reject: place, reason, column, what was found, the message; good ones are rows."""
    partition: list[bytes] = []
    for message, *_ in bad:
        partition += [message, GOOD[format]]
    header, fmt = (["x", "n", "s", "b"], "csv") if format == "csv" else (None, "json")
    t = read([[], partition], schema=Mixed, format="csv" if fmt == "csv" else "json", header=header)
    sr.io.csv.write(t, "rows.csv")
    summary = sr.run(processes=processes, rejects="rejects.jsonl")

    assert inserted("rows.csv", "x", "n", "s", "b") == [("1.0", "2", "a", "True")] * len(bad)
    found = rejects("rejects.jsonl")
    assert len(found) == len(bad)
    for i, (entry, (message, reason, column, detail)) in enumerate(zip(found, bad, strict=True)):
        assert (entry["topic"], entry["partition"], entry["offset"]) == ("list", 1, 2 * i)
        assert (entry["reason"], entry["column"]) == (reason, column)
        assert detail in entry["detail"]
        text = entry.get("value")
        raw = base64.b64decode(entry["value_base64"]) if text is None else text.encode()
        assert raw == message
        assert ("value" in entry) != ("value_base64" in entry)
    assert sum(summary.rejects.values()) == len(bad)
    for reason, count in summary.rejects.items():
        assert count == sum(reason == other for _, other, *_ in bad)


def test_law_every_message_is_counted_once(processes: int) -> None:
    """Rows, rejects, tombstones and headers together are the messages, whatever they hold."""
    chance = random.Random(7)

    def message() -> bytes | None:
        kind = chance.randrange(4)
        if kind == 0:
            return None
        return chance.randbytes(chance.randrange(12)) if kind == 1 else b"1.5,2"

    partitions = [[b"x,y", *(message() for _ in range(500))] for _ in range(3)]
    sr.io.csv.write(read(partitions, schema=Point, batch=70), "rows.csv")
    summary = sr.run(processes=processes, rejects="rejects.jsonl")
    found = rejects("rejects.jsonl")
    assert len({(entry["partition"], entry["offset"]) for entry in found}) == len(found)
    assert len(found) == sum(summary.rejects.values())
    assert len(inserted("rows.csv", "x", "y")) == summary.rows
    assert summary.tombstones == sum(m is None for p in partitions for m in p)
    assert summary.rows + len(found) + summary.tombstones + len(partitions) == 3 * 501


class Whole(sr.Schema):
    n: int


def test_overflow_of_a_computed_integer_is_a_reject(processes: int) -> None:
    """A row whose integer leaves 64 bits is in no output, and the reject names the column."""
    t = read([[b"1", b"9223372036854775807", b"3"]], schema=Whole, header=["n"])
    sr.io.csv.write(t, "rows.csv")
    sr.io.csv.write(t.select(m=t.n + 1), "next.csv")
    sr.io.csv.write(t.reduce(total=sr.reducers.sum(t.n)), "total.csv")
    summary = sr.run(processes=processes, rejects="rejects.jsonl")
    assert inserted("rows.csv", "n") == [("1",), ("3",)]
    assert inserted("next.csv", "m") == [("2",), ("4",)]
    assert inserted("total.csv", "total") == [("4",)]
    [entry] = rejects("rejects.jsonl")
    assert (entry["offset"], entry["reason"], entry["column"]) == (1, "integer-overflow", "m")
    assert entry["value"] == "9223372036854775807"
    assert (summary.rows, summary.rejects) == (2, {"integer-overflow": 1})


def test_a_computed_number_that_is_not_finite_stays_out_of_sums(
    processes: int, caplog: pytest.LogCaptureFixture
) -> None:
    """The row is a row; sums and regressions go without it, it is counted and told of."""
    t = read([[b"1,1", b"-1,2", b"0,3"]], schema=Point, header=["x", "y"])
    t += t.select(log=sr.log(t.x))
    sr.io.csv.write(t, "rows.csv")
    sr.io.csv.write(t.reduce(n=sr.reducers.count(), s=sr.reducers.sum(t.log)), "sum.csv")
    with caplog.at_level(logging.WARNING, "streamreg"):
        summary = sr.run(processes=processes)
    assert [row[2] for row in inserted("rows.csv", "x", "y", "log")] == ["0.0", "nan", "-inf"]
    assert inserted("sum.csv", "n", "s") == [("3", "0.0")]
    assert (summary.rows, summary.excluded, summary.rejects) == (3, 2, {})
    assert "2 rows excluded" in str(summary)
    [record] = caplog.records
    assert "epoch 0: 2 rows excluded from a sum or regression" in record.getMessage()


def test_the_first_of_a_kind_is_logged_at_once(caplog: pytest.LogCaptureFixture) -> None:
    """However many they are, that is one line: how many of each kind, and the first."""
    bad = [b"nope,1"] * 500 + [b"1"] * 500
    t = read([[b"1,1", *bad, b"1,1"]], schema=Point, header=["x", "y"], batch=501)
    sr.io.csv.write(t, "rows.csv")
    with caplog.at_level(logging.WARNING, "streamreg"):
        summary = sr.run(processes=0)
    assert summary.epochs == 2
    first, second = (record.getMessage() for record in caplog.records)
    said = "500 rejects (invalid-number 500); the first at partition 0 offset 1: "
    assert first.startswith(said)
    assert first.endswith('"nope"')
    said = "500 more rejects (field-count 500); the first at partition 0 offset 501: "
    assert second.startswith(said)
    assert second.endswith("1 field, the header has 2")


def test_rejects_alone_make_no_epoch(caplog: pytest.LogCaptureFixture) -> None:
    """What brings no row takes no epoch's number; what comes soon after is told with all others at the end."""
    t = read([[b"1"] * 15 + [b"1,1"]], schema=Point, header=["x", "y"], batch=5)
    sr.io.csv.write(t, "rows.csv")
    with caplog.at_level(logging.WARNING, "streamreg"):
        summary = sr.run(processes=0)
    assert (summary.epochs, summary.rows, summary.rejects) == (1, 1, {"field-count": 15})
    assert [record.getMessage().split(":")[0] for record in caplog.records] == [
        "5 rejects (field-count 5); the first at partition 0 offset 0",
        "10 more rejects (field-count 10); the first at partition 0 offset 5",
    ]
