"""The CSV header: the first message names the columns, once."""

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Final

import pytest

import streamreg as sr
from streamreg._kafka.mock_broker import EmbeddedBroker
from streamreg._source.contract import Report, Watermarks
from streamreg._types import ColumnType
from streamreg.testing import ListSource, read
from tests.support.changelog import Row, inserted
from tests.support.numbered import Point
from tests.support.plans import input_of
from tests.support.produce import send


def rows_of(
    partitions: list[list[bytes | None]], header: list[str] | None = None, processes: int = 0
) -> tuple[set[Row], sr.Summary]:
    sr.io.csv.write(read(partitions, schema=Point, header=header), "rows.csv")
    summary = sr.run(processes=processes)
    return set(inserted("rows.csv", "x", "y")), summary


@pytest.mark.parametrize(
    ("header", "message"),
    [
        (b"x,y", b"1,2"),
        (b"y,x", b"2,1"),
        (b"id,y,note,x", b'7,2,"any, thing",1'),
        (b'"x","y"', b"1,2"),
        (b"x,y\r\n", b"1,2\r\n"),
    ],
)
def test_columns_are_found_by_name(header: bytes, message: bytes) -> None:
    """In any order, beside others, quoted or with a line end: the header says which field is which."""
    rows, summary = rows_of([[header, message]])
    assert rows == {("1.0", "2.0")}
    assert summary.rows == 1
    assert not summary.rejects


def test_one_partition_may_bring_it_for_all(processes: int) -> None:
    """It stands first in one of the partitions; where it stands first again it is skipped."""
    rows, summary = rows_of(
        [[b"2,1", b"4,3"], [], [b"y,x", b"6,5"], [b"y,x", b"8,7"], [b"y,x"]], processes=processes
    )
    assert rows == {("1.0", "2.0"), ("3.0", "4.0"), ("5.0", "6.0"), ("7.0", "8.0")}
    assert summary.rows == 4
    assert not summary.rejects
    assert summary.tombstones == 0


def test_one_that_comes_alone_keeps_no_row_waiting() -> None:
    """The first row ends an epoch at once, though the next one may only end an hour later."""
    messages = [b"x,y", b"1,2", b"3,4"]
    table = read([messages], schema=Point, autocommit_duration_ms=3_600_000, batch=1)
    sr.io.csv.write(table, "rows.csv")
    summary = sr.run(processes=0, stop=lambda progress: progress.rows > 0)
    assert set(inserted("rows.csv", "x", "y")) == {("1.0", "2.0")}
    assert summary.ended_by == "stop"


def test_a_second_one_is_a_row_that_does_not_fit() -> None:
    """Past the first message of its partition it is an ordinary message: a reject, as x is no number."""
    rows, summary = rows_of([[b"x,y", b"1,2", b"x,y"], [b"3,4", b"x,y"]])
    assert rows == {("1.0", "2.0"), ("3.0", "4.0")}
    assert summary.rejects == {"invalid-number": 2}


def test_another_one_in_another_partition_is_no_header() -> None:
    """Only the same header is skipped at the start of a partition: one in another order is a reject."""
    rows, summary = rows_of([[b"x,y", b"1,2"], [b"y,x", b"3,4"]])
    assert rows == {("1.0", "2.0"), ("3.0", "4.0")}
    assert summary.rejects == {"invalid-number": 1}


def test_given_names_make_every_message_a_row() -> None:
    """With header=[…] no message is taken for a header, wherever it stands."""
    rows, summary = rows_of([[b"2,z,1"], [b"y,n,x", b"4,z,3"]], header=["y", "n", "x"])
    assert rows == {("1.0", "2.0"), ("3.0", "4.0")}
    assert summary.rejects == {"invalid-number": 1}


@pytest.mark.parametrize("first", [b"1,2", b"x,z", b'"x,y', b"\xff\xfe,1", b"", None])
def test_none_at_all_is_an_error_that_says_what_to_do(first: bytes | None) -> None:
    """The error shows the first message, names the columns, and what to send or to give."""
    with pytest.raises(sr.SourceError) as found:
        rows_of([[first, b"1,2"]])
    text = str(found.value)
    shown = (first or b"").decode("utf-8", "replace")
    assert f"the first message of partition 0 is {shown!r}" in text
    assert "not the names of the columns 'x,y'" in text
    assert "header=[" in text


def test_a_long_first_message_is_cut_in_the_error() -> None:
    """Nobody wants a megabyte in an error."""
    with pytest.raises(sr.SourceError) as found:
        rows_of([[b"9" * 1_000_000]])
    assert len(str(found.value)) < 500


@pytest.mark.parametrize("processes", [0, 1])
@pytest.mark.parametrize("partitions", [[[]], [[], [], []], [[b"x,y"]], [[], [b"x,y"]]])
def test_nothing_to_read_ends_without_rows(
    partitions: list[list[bytes | None]], processes: int
) -> None:
    """A topic that is empty, or holds a header only, gives an empty changelog and no error."""
    rows, summary = rows_of(partitions, processes=processes)
    assert rows == set()
    assert (summary.rows, summary.epochs, summary.ended_by) == (0, 0, "source")
    assert not summary.rejects


def test_static_on_an_empty_kafka_topic_ends(broker: EmbeddedBroker, topic: str) -> None:
    """The same with a broker: nothing is there, so nothing is waited for."""
    t = sr.io.kafka.read(broker.settings, topic, schema=Point, mode="static")
    sr.io.csv.write(t, "rows.csv")
    summary = sr.run()
    assert (summary.rows, summary.ended_by) == (0, "source")
    assert inserted("rows.csv", "x", "y") == []


COLUMNS: Final[dict[str, ColumnType]] = {"x": "float", "y": "float"}


def find_header(
    source: ListSource, stopping: Callable[[], bool] = lambda: False
) -> list[str] | None:
    input = input_of(source, COLUMNS)
    preamble = input.format.preamble
    assert preamble is not None
    found: list[str] | None = preamble.find(
        input, source.watermarks(print, stopping), print, stopping
    )
    return found


def test_the_wait_for_it_can_be_stopped_at_any_partition() -> None:
    """However many are empty, a stop is heeded soon."""
    told: list[int] = []

    class Told(ListSource):
        def first_messages(
            self,
            partitions: Mapping[int, Watermarks],
            report: Report,
            stopping: Callable[[], bool],
        ) -> Iterator[tuple[int, bytes | None]]:
            for partition, value in super().first_messages(partitions, report, stopping):
                told.append(partition)
                yield partition, value

    held: list[list[bytes]] = [[] for _ in range(64)]
    held[1] = [b"1,2"]
    assert find_header(Told(held, mode="streaming"), lambda: len(told) == 3) is None
    assert told == [0, 1, 2]


def test_a_slow_answer_is_waited_for() -> None:
    """A read up to the ends found at the start does not take a partition that is slow to answer for an empty one."""

    class Slow(ListSource):
        def first_messages(
            self,
            partitions: Mapping[int, Watermarks],
            report: Report,
            stopping: Callable[[], bool],
        ) -> Iterator[tuple[int, bytes | None]]:
            results = list(super().first_messages(partitions, report, stopping))
            yield from reversed(results)

    assert find_header(Slow([[b"x,y"], [b"1,2"]])) == ["x", "y"]
    assert find_header(Slow([[b"x,y"], []])) == ["x", "y"]


@pytest.mark.parametrize("processes", [0, 1])
def test_streaming_waits_for_it_and_says_so(
    broker: EmbeddedBroker, topic: str, processes: int, caplog: pytest.LogCaptureFixture
) -> None:
    """On an empty topic the run waits, with one line that tells; what comes then is read."""
    deadline = time.monotonic() + 30
    sent = False

    def send_once_it_waits(progress: sr.Progress) -> bool:
        nonlocal sent
        assert time.monotonic() < deadline
        if not sent and "waiting for the header" in caplog.text:
            sent = True
            send(broker, topic, {2: [b"y,x", b"2,1", b"4,3"]})
        return progress.rows == 2

    t = sr.io.kafka.read(broker.settings, topic, schema=Point, autocommit_duration_ms=0)
    sr.io.csv.write(t, "rows.csv")
    with caplog.at_level(logging.WARNING, "streamreg"):
        summary = sr.run(processes=processes, stop=send_once_it_waits)
    assert summary.ended_by == "stop"
    assert set(inserted("rows.csv", "x", "y")) == {("1.0", "2.0"), ("3.0", "4.0")}
    lines = [record.getMessage() for record in caplog.records]
    assert lines == [f"topic {topic!r}: waiting for the header 'x,y'"]
