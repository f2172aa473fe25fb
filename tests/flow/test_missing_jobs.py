"""Missing values in job files, in metadata, and in what is opened from a state."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest
from confluent_kafka import Producer

import streamreg as sr
from streamreg import testing
from streamreg._cli import main
from streamreg._kafka.mock_broker import EmbeddedBroker
from streamreg.testing import Message
from tests.support.changelog import changes, inserted, rejects, result
from tests.support.job_files import MINIMAL, problems, read
from tests.support.rationals import fit, nearest

JOB = """
[source]
topic = "{topic}"
mode = "static"
header = ["sensor", "x", "y", "at"]
[source.kafka]
bootstrap.servers = "{servers}"
[source.metadata]
unit = "key"
[schema]
sensor = "str | None"
x = "float | None"
y = "float | None"
at = {{ type = "datetime | None", unit = "ms" }}
unit = "str | None"
[regression]
target = "y"
features = ["x"]
statistics = ["n"]
by = ["sensor"]
[output]
regression = "fit.csv"
input = "rows.csv"
scores = "scores.csv"
[state]
directory = "state"
[run]
rejects = "rejects.jsonl"
processes = {processes}
"""

LINES = ["a,1,2,0", "a,,5,1000", ",3,4,", "a,2,5,x", "a,2,5,2000", ",4,,", "b,7,7,", ",6,1,5"]


@pytest.mark.parametrize("processes", [1, 2])
def test_a_job_with_missing_values(
    folder: Path,
    broker: EmbeddedBroker,
    topic: str,
    processes: int,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A job says which columns they are in; a second run goes on, and verify finds everything as it should be."""
    producer = Producer({**broker.settings, "log_level": 0})
    Path("job.toml").write_text(
        JOB.format(topic=topic, servers=broker.settings["bootstrap.servers"], processes=processes)
    )
    for part in (LINES[:5], LINES[5:]):
        for at, line in enumerate(part):
            producer.produce(topic, line.encode(), b"k" if at % 2 else None, at % 3)
        assert producer.flush(30) == 0
        assert main(["run", "job.toml"]) == 0
    assert [reject["reason"] for reject in rejects("rejects.jsonl")] == ["invalid-datetime"]
    rows = inserted("rows.csv", "sensor", "x", "y", "at", "unit")
    assert ("", "4.0", "", "", "") in rows
    assert ("a", "", "5.0", "1970-01-01T00:00:01Z", "k") in rows
    assert len(rows) == len(LINES) - 1
    of_none = fit([[Fraction(3), Fraction(6)], [Fraction(4), Fraction(1)]])
    assert of_none is not None
    last = {
        row[0]: row
        for row, _, diff in changes("fit.csv", "sensor", "intercept", "x", "n")
        if diff > 0
    }
    assert last[""] == ("", *(repr(nearest(one)) for one in of_none), "2")
    assert last["a"] == ("a", "-1.0", "3.0", "2")
    assert last["b"][-1] == "1"
    capsys.readouterr()
    assert main(["verify", "job.toml"]) == 0
    told = capsys.readouterr().out
    assert "scores.csv, its scores: as the rows before each epoch give them" in told
    assert main(["inspect", "state"]) == 0
    assert "x float | None" in capsys.readouterr().out
    opened = sr.LinearRegression.from_state("state", key=(None,))
    assert [opened.intercept_, *opened.coef_] == [nearest(one) for one in of_none]
    with pytest.raises(
        sr.ConfigurationError, match=r"sensor \(str \| None\), and there is none for"
    ):
        sr.LinearRegression.from_state("state", key=("c",))


def test_the_types_of_a_job_file() -> None:
    """Only a type of a column stands before ` | None`, in a table too."""
    job = read(MINIMAL.replace('x = "float"', 'x = "float | None"'))
    assert job.schema["x"] == "float | None"
    for wrong in ("float | none", "None", "float | None | None", "real | None", "float?"):
        (told,) = problems(MINIMAL.replace('x = "float"', f'x = "{wrong}"'))
        assert told.startswith("schema.x: expected one of ")
    table = MINIMAL.replace('s = "str"', 's = { type = "datetime | None", tz = "Europe/Berlin" }')
    assert read(table).schema["s"] == "datetime tz=Europe/Berlin | None"
    (told,) = problems(table.replace("Berlin", "Atlantis"))
    assert told.startswith("schema.s.tz: ")


class Keyed(sr.Schema):
    sensor: str | None
    unit: bytes | None
    sent: int | None
    x: float


def test_parts_of_messages_that_are_not_there(folder: Path, processes: int) -> None:
    """A key, header or timestamp that is not there is missing where the column says so, and else a reject."""
    messages: list[bytes | Message | None] = [
        Message(b"1", key=b"north", headers=[("unit", b"\xff")], timestamp=7),
        Message(b"2", key=None, headers=[("unit", None)]),
        Message(b"x", key=None),
        Message(None, key=b"north"),
        Message(b"3", key=b"", timestamp=9),
        Message(b"4", key=b"\xff"),
    ]
    metadata = {"sensor": "key", "unit": "header:unit", "sent": "timestamp"}
    t = testing.read([messages], schema=Keyed, header=["x"], metadata=metadata)
    sr.io.csv.write(t, "rows.csv")
    summary = sr.run(processes=processes)
    assert Path("rows.csv").read_text().splitlines() == [
        "sensor,unit,sent,x,time,diff",
        "north,/w==,7,1.0,0,1",
        ",,,2.0,0,1",
        '"",,9,3.0,0,1',
    ]
    assert (summary.rejects, summary.tombstones) == ({"invalid-number": 1, "invalid-utf8": 1}, 1)


class Plain(sr.Schema):
    x: float
    y: float


class Gaps(sr.Schema):
    x: float | None
    y: float


@pytest.mark.parametrize("format", ["csv", "json"])
def test_a_column_that_is_not_optional_stays_strict(folder: Path, format: str) -> None:
    """Its state is another than that of an optional column, and its empty cell a reject."""
    messages: list[bytes | None] = [b"1,2", b",3"]
    if format == "json":
        messages = [b'{"x": 1, "y": 2}', b'{"x": null, "y": 3}', b'{"y": 3}']
    options = {"header": ["x", "y"]} if format == "csv" else {}

    def run(schema: type[sr.Schema]) -> sr.Summary:
        t = testing.read([messages], schema=schema, format=format, **options)  # type: ignore[arg-type]
        sr.io.csv.write(t.reduce(s=sr.reducers.sum(t.x), n=sr.reducers.count()), "sums.csv")
        return sr.run(processes=0, state="state")

    assert sum(run(Plain).rejects.values()) == len(messages) - 1
    with pytest.raises(
        sr.StateError, match=r"schema: x: it was 'float', now it is 'float \| None'"
    ):
        run(Gaps)
    sr.clear()
    for path in Path().iterdir():
        if path.is_file():
            path.unlink()
    t = testing.read([messages], schema=Gaps, format=format, **options)  # type: ignore[arg-type]
    sr.io.csv.write(t.reduce(s=sr.reducers.sum(t.x), n=sr.reducers.count()), "sums.csv")
    summary = sr.run(processes=0, state="other")
    assert (summary.rejects, summary.excluded) == ({}, len(messages) - 1)
    assert result("sums.csv", "s", "n") == ("1.0", str(len(messages)))
