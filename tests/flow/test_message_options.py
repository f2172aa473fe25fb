"""What a message carries beside its value, and messages of many records, through the whole flow."""

import random
from collections import Counter
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import pytest

import streamreg as sr
from streamreg._compile.compile import compile as compile_plan
from streamreg._exceptions import ConfigurationError, StateError
from streamreg._language.outputs import Output
from streamreg._operate.verify.verify import verify
from streamreg._state.snapshot import read as state
from streamreg.testing import Message, read
from tests.support.changelog import inserted, rejects, result
from tests.support.plans import csv_output


class Point(sr.Schema):
    x: float
    y: float


def iso(ms: int) -> str:
    """A time near 1970."""
    fraction = f".{ms % 1000:03d}000" if ms % 1000 else ""
    return f"1970-01-01T00:00:0{ms // 1000}{fraction}Z"


PARTS = {
    "sensor": "key",
    "at": "timestamp",
    "place": "offset",
    "part": "partition",
    "u": "header:u",
}


def sent(partition: int, offset: int) -> bytes | Message | None:
    """A message of some kind; the kinds come in turn."""
    text = b"%d,%d" % (offset, 2 * offset + partition)
    headers = [("u", b"old"), ("u", b"km"), ("v", None)]
    match offset % 6:
        case 0:
            return Message(text, None, headers, 1000)
        case 1:
            return Message(text, b"\xff\xfe", headers, 1000)
        case 2:
            return Message(None, None)
        case 3:
            return Message(text, b"k", (), 1000)
        case _:
            return Message(text, b"s%d" % (offset % 2), headers, 1000 + offset)


TOPIC = [[sent(partition, offset) for offset in range(120)] for partition in range(3)]


def test_metadata_are_columns(folder: Path, processes: int) -> None:
    """Each row has its own; what is not there, or no text, is a reject that says which part."""
    table = read(TOPIC, schema=Point, header=["x", "y"], metadata=PARTS, batch=7)
    assert table.keys() == ["x", "y", *PARTS]
    sr.io.csv.write(table, "rows.csv")
    sr.run(processes=processes, rejects="rejects.jsonl")
    rows = inserted("rows.csv", "x", "y", *PARTS)
    expected = [
        (float(o), float(2 * o + p), f"s{o % 2}", iso(1000 + o), o, p, "km")
        for p in range(3)
        for o in range(120)
        if o % 6 > 3
    ]
    assert Counter(rows) == Counter(tuple(map(str, row)) for row in expected)
    reasons = Counter((r["reason"], r["column"], r["detail"]) for r in rejects("rejects.jsonl"))
    assert reasons == {
        ("null", "sensor", "the message's key is not there"): 60,
        ("invalid-utf8", "sensor", "the message's key is no text: invalid start byte"): 60,
        ("null", "u", "the message's header 'u' is not there"): 60,
    }


def test_timestamps_as_integers(folder: Path) -> None:
    """A column that the schema declares as int has milliseconds."""

    class Sent(sr.Schema):
        at: int
        x: float

    table = read(
        [[Message(b"1.5", timestamp=7)]], schema=Sent, header=["x"], metadata={"at": "timestamp"}
    )
    sr.io.csv.write(table, "rows.csv")
    sr.run()
    assert inserted("rows.csv", "at", "x") == [("7", "1.5")]


def test_keys_and_headers_as_bytes(folder: Path, processes: int) -> None:
    """A column that the schema declares as bytes takes any key."""

    class Keyed(sr.Schema):
        k: bytes
        x: float

    topic = [[Message(b"1.5", b"\xff"), Message(b"2.5", b"")]]
    table = read(topic, schema=Keyed, header=["x"], metadata={"k": "key"})
    sr.io.csv.write(table, "rows.csv")
    summary = sr.run(processes=processes)
    assert (summary.rows, summary.rejects) == (2, {})
    assert inserted("rows.csv", "k", "x") == [("/w==", "1.5"), ("", "2.5")]


@pytest.mark.parametrize(
    ("metadata", "why"),
    [
        ({"k": "Key"}, "metadata: k: expected"),
        ({"k": "header:"}, "metadata: k: expected"),
        ({"x": "key"}, "the schema says float, but the key of a message is str or bytes"),
        ({"x": "offset"}, "the schema says float, but the offset of a message is int"),
    ],
)
def test_metadata_that_cannot_be(metadata: dict[str, str], why: str) -> None:
    """The message names the column and says what there is."""
    with pytest.raises(ConfigurationError, match=why):
        read([[]], schema=Point, metadata=metadata)


def test_a_schema_of_metadata_alone_is_refused() -> None:
    """A row is what stands in the value of a message."""

    class Key(sr.Schema):
        k: str

    with pytest.raises(ConfigurationError, match="a column of the message's value"):
        read([[]], schema=Key, metadata={"k": "key"})


def regression(
    topic: Sequence[Sequence[bytes | Message | None]], **options: object
) -> list[Output]:
    table = read(topic, schema=Point, **options)  # type: ignore[arg-type]
    fit = table.linear_regression(table.y, table.x)
    return [csv_output(table, "rows.csv"), csv_output(fit, "fit.csv")]


def slope(points: Sequence[tuple[float, float]]) -> float:
    n = len(points)
    sx, sy = (sum(Fraction(point[at]) for point in points) for at in (0, 1))
    sxx, sxy = (sum(Fraction(p[0]) * Fraction(p[at]) for p in points) for at in (0, 1))
    return float((n * sxy - sx * sy) / (n * sxx - sx * sx))


@pytest.mark.parametrize("format", ["csv", "json"])
def test_many_records_a_message(folder: Path, processes: int, format: str) -> None:
    """Each is a row or a reject of its own; a run goes on between any two messages, and verify finds all equal."""
    chance = random.Random(5)
    points = [(chance.random(), chance.random()) for _ in range(600)]
    messages: list[bytes] = []
    waiting = list(points)
    while waiting:
        taken = [waiting.pop() for _ in range(min(chance.randint(0, 9), len(waiting)))]
        if format == "csv":
            lines = [f"{x!r};{y!r}" for x, y in taken] + ["nope;1"] * (len(taken) == 5)
            messages.append("\n".join(["x;y"] * (len(taken) != 3 or not messages) + lines).encode())
        else:
            objects = [f'{{"p":{{"x":"{x!r}","y":{y!r}}}}}' for x, y in taken]
            objects += ['{"p":{"x":1}}'] * (len(taken) == 5)
            array = len(taken) % 2 == 0
            messages.append((f"[{','.join(objects)}]" if array else "\n".join(objects)).encode())
    messages = [message for message in messages if message]
    bad = sum(b"nope" in m or b'"x":1}' in m for m in messages)
    assert bad > 5
    options: dict[str, object] = {"format": format, "records": "many", "batch": 11}
    if format == "csv":
        options["delimiter"] = ";"
    else:
        paths = {"x": "/p/x", "y": "/p/y"}
        options |= {"json_field_paths": paths, "numbers_in_strings": True}
    for end in (20, len(messages)):
        outputs = regression([messages[:end:2], messages[1:end:2]], **options)
        summary = sr.run(
            outputs=outputs, processes=processes, state="state", rejects="rejects.jsonl"
        )
    assert summary.rows == len(points)
    told = rejects("rejects.jsonl")
    assert len(told) == bad
    assert {r["value"] for r in told} == {"nope;1" if format == "csv" else '{"p":{"x":1}}'}
    assert all("record " in r["detail"] for r in told)
    assert Counter(inserted("rows.csv", "x", "y")) == Counter((repr(x), repr(y)) for x, y in points)
    fit = result("fit.csv", "intercept", "x")
    assert fit is not None
    assert float(fit[1]) == slope(points)
    plan, kept = compile_plan(outputs), Path("rejects.jsonl")
    checks = verify(plan, state(Path("state")), kept, report=print, tell=lambda *_: None)
    assert [check for check in checks if check.difference] == []


def test_another_option_is_another_job(folder: Path) -> None:
    """A state goes on with the same options alone; the default says the same, and so does a column nobody reads."""
    topic = [[b'{"x":1,"y":2}', b'{"x":2,"y":3}']]
    sr.run(outputs=regression(topic, format="json"), state="state")
    same = regression(topic, format="json", records="one", numbers_in_strings=False)
    sr.run(outputs=same, state="state")
    others: dict[str, dict[str, object]] = {
        "records: ": {"records": "many"},
        "numbers_in_strings: ": {"numbers_in_strings": True},
    }
    for told, options in others.items():
        other = regression(topic, format="json", **options)
        with pytest.raises(StateError, match=told):
            sr.run(outputs=other, state="state")
    unread = regression(topic, format="json", metadata={"k": "key"})
    sr.run(outputs=unread, state="state")


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"delimiter": ".."}, "delimiter: expected one character"),
        ({"delimiter": "."}, "delimiter: expected one character"),
        ({"records": "some"}, "records: expected 'one' or 'many'"),
        ({"format": "json", "json_field_paths": {"x": "x"}}, "json_field_paths: .*no JSON pointer"),
        ({"format": "json", "json_field_paths": {"z": "/x"}}, "json_field_paths: .*no column"),
        ({"format": "json", "numbers_in_strings": 1}, "numbers_in_strings: expected True or False"),
        (
            {"json_field_paths": {"x": "/x"}},
            'json_field_paths: only format="json" or "debezium" or "avro" or "protobuf" has one',
        ),
        ({"format": "json", "delimiter": ";"}, 'delimiter: only format="csv" has one'),
    ],
)
def test_options_that_cannot_be(options: dict[str, object], why: str) -> None:
    """The message names the option."""
    with pytest.raises(ConfigurationError, match=why):
        read([[]], schema=Point, **options)  # type: ignore[arg-type]
