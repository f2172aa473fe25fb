"""A topic of which nothing fits: what it looks like is said once, and which setting to change."""

import gzip
import logging

import pytest

import streamreg as sr
from streamreg._formats.registry import FormatName
from streamreg.testing import collect, read
from tests.support.numbered import Point

FRAME = b"\0\0\0\0\x07"


def said(
    messages: list[bytes | None],
    caplog: pytest.LogCaptureFixture,
    *,
    format: FormatName = "csv",
    header: list[str] | None = None,
) -> list[str]:
    """What a run over the messages says of their looks."""
    collect(read([messages], schema=Point, format=format, header=header, batch=1))
    caplog.set_level(logging.WARNING)
    sr.run(processes=0)
    lines = [record.getMessage() for record in caplog.records]
    return [line for line in lines if "looks like" in line]


@pytest.mark.parametrize(
    ("format", "message", "words"),
    [
        ("json", b"1,2", 'CSV: set format to "csv"'),
        ("json", b"x,y\n", 'CSV: set format to "csv"'),
        ("json", FRAME + b'{"x":1,"y":2}', "Schema Registry"),
        ("json", FRAME + b"\x80\xff", "Schema Registry"),
        ("json", b'[{"x":1,"y":2}]', 'set records="many"'),
        ("json", b'{"schema":{},"payload":{"x":1,"y":2}}', "schemas.enable=false"),
        ("json", b'{"before":null,"after":{"x":1,"y":2}}', "ExtractNewRecordState"),
        ("csv", b'{"x":1,"y":2}', 'JSON: set format to "json"'),
        ("csv", b'\xef\xbb\xbf {"x":1,"y":2}', 'JSON: set format to "json"'),
        ("csv", FRAME + b"\x80\xff,", "Schema Registry"),
        ("csv", b"1;2", "semicolons"),
        ("csv", b"1\t2", "tabs"),
        ("csv", "1,2".encode("utf-16"), "UTF-16"),
        ("csv", "1,2".encode("utf-16-le"), "UTF-16"),
        ("json", '{"x":1,"y":2}'.encode("utf-16-be"), "UTF-16"),
        ("json", gzip.compress(b'{"x":1,"y":2}', mtime=0), "gzip"),
        ("csv", b"\x28\xb5\x2f\xfd\x04\x00\x19", "zstd"),
        ("json", b"\x03\x00" + bytes(16) + b'{"x":1,"y":2}', "Glue"),
        ("json", b"Obj\x01\x04\x14avro.codec", "Avro"),
        ("json", b"<row><x>1</x></row>", "XML"),
    ],
)
def test_what_it_looks_like_is_said_once(
    caplog: pytest.LogCaptureFixture, format: FormatName, message: bytes, words: str
) -> None:
    """Of three such messages in three epochs one line speaks, with the setting."""
    header = ["x", "y"] if format == "csv" else None
    lines = said([message] * 3, caplog, format=format, header=header)
    assert len(lines) == 1
    assert words in lines[0]


@pytest.mark.parametrize("messages", [[b'{"x":1,"y":2}', b"1,2"], [b"gibberish"], [b"1"], [None]])
def test_nothing_is_said_without_need(
    caplog: pytest.LogCaptureFixture, messages: list[bytes | None]
) -> None:
    """Where a message has fitted, or it is not clear what the others are."""
    assert not said(messages, caplog, format="json")


@pytest.mark.parametrize(
    ("first", "words"),
    [
        (b'{"x":1,"y":2}', 'It looks like JSON: set format to "json"'),
        (FRAME + b"x,y", "Schema Registry"),
        (b"x;y", "semicolons"),
        ("x,y".encode("utf-16"), "UTF-16"),
        (gzip.compress(b"x,y", mtime=0), "gzip"),
        (b"a,b", "Send the names as the first message"),
        (b"x,y\n1,2\n", "names of the columns and a record in one"),
        (b"\xef\xbb\xbfx,y\r\n1,2\r\n", "names of the columns and a record in one"),
        (b"y,z,x\r1,2,3", "names of the columns and a record in one"),
        (b"x,y,x", "names the column 'x' twice"),
    ],
)
@pytest.mark.parametrize("processes", [0, 1])
def test_a_first_message_that_is_no_header(processes: int, first: bytes, words: str) -> None:
    """The error of the source says what it is and what to do, before any worker starts."""
    output = sr.io.csv.write(read([[first, b"1,2"]], schema=Point), "rows.csv")
    with pytest.raises(sr.SourceError) as caught:
        sr.run(outputs=[output], processes=processes)
    assert words in str(caught.value)


def test_a_column_that_nobody_wants_may_stand_twice() -> None:
    """It is not asked which of the two is meant."""
    rows = collect(read([[b"x,z,y,z", b"1,9,2,9"]], schema=Point))
    sr.run(processes=0)
    assert [row for row, _, _ in rows] == [(1.0, 2.0)]


@pytest.mark.parametrize("end", [b"\r", b"\n", b"\r\n"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_line_ends_and_byte_order_marks(end: bytes, mark: bytes) -> None:
    """Every message, the header too, may end in one line end of any kind and begin with a mark."""
    messages = [mark + text + end for text in (b"x,y", b"1,2", b'"3",4')]
    rows = collect(read([messages], schema=Point))
    assert not sr.run(processes=0).rejects
    assert [row for row, _, _ in rows] == [(1.0, 2.0), (3.0, 4.0)]
    objects = collect(read([[mark + b'{"x":1,"y":2}' + end]], schema=Point, format="json"))
    assert not sr.run(processes=0).rejects
    assert [row for row, _, _ in objects] == [(1.0, 2.0)]
