"""Where a run may be asked to begin, and which offsets that is."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

import streamreg as sr
from streamreg._jobs import JobError
from streamreg._kafka.start import checked_start, known_starts, milliseconds
from streamreg._kafka.topics import Topics
from streamreg._source.contract import Watermarks
from tests.support.job_files import changed, problems, read

ONE, TWO = Topics(("t",)), Topics(("a", "b"))
PLACES = {0: ("t", 0), 1: ("t", 1)}
WATERMARKS = {0: Watermarks(5, 9), 1: Watermarks(0, 0)}
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("start", "why"),
    [
        ("first", "expected 'earliest'"),
        (7, "expected 'earliest'"),
        (NOON.replace(tzinfo=None), "no offset from UTC"),
        ({"0": 1}, "offsets by partition"),
        ({0: -1}, "offsets by partition"),
        ({True: 1}, "offsets by partition"),
        ({0: 2**63}, "offsets by partition"),
        ("x" * 1000, "…"),
    ],
    ids=["text", "number", "naive", "name", "below 0", "bool", "large", "long"],
)
def test_what_is_no_start_is_named(start: object, why: str) -> None:
    """Before anything is connected to, in a line of sensible length."""
    with pytest.raises(sr.ConfigurationError, match=why) as caught:
        checked_start(start, ONE)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize("start", [None, "earliest", "latest", NOON, {0: 3, 1: 0}, {}], ids=str)
def test_what_is_one_stays_as_it_is(start: object) -> None:
    """Ends, times and offsets."""
    assert checked_start(start, ONE) == start


def test_the_name_of_the_one_topic_may_be_said() -> None:
    """It means the same, and no other can be named."""
    assert checked_start({"t": {0: 1}}, ONE) == {0: 1}
    text = changed('topic = "points"', 'topic = "points"\nstart = { points = { 0 = 1200 } }')
    assert read(text).source.start == {0: 1200}
    for other, why in [
        ({"x": {0: 1}}, "offsets by partition"),
        ({"t": {0: 1}, "x": {0: 1}}, "'x' is none of the topics t"),
        ({"t": 1}, "by topic and partition"),
        ({"t": {0: 1}, 0: 1}, "by topic and partition"),
    ]:
        with pytest.raises(sr.ConfigurationError, match=why):
            checked_start(other, ONE)


def test_times_are_milliseconds_of_the_brokers() -> None:
    """A time between two is the later one, other zones are the same time, and none is before 1970."""
    assert milliseconds(NOON) == 1_772_366_400_000
    assert milliseconds(NOON + timedelta(microseconds=1)) == 1_772_366_400_001
    assert milliseconds(NOON.astimezone(timezone(timedelta(hours=9)))) == 1_772_366_400_000
    assert milliseconds(datetime.min.replace(tzinfo=UTC)) == 0
    assert milliseconds(datetime.max.replace(tzinfo=timezone(timedelta(hours=-14)))) > 2**47


def test_starts_that_need_no_broker() -> None:
    """The ends, and named offsets, beside which other partitions begin at the earliest."""
    assert known_starts("earliest", PLACES, WATERMARKS) == {0: 5, 1: 0}
    assert known_starts("latest", PLACES, WATERMARKS) == {0: 9, 1: 0}
    assert known_starts({0: 9}, PLACES, WATERMARKS) == {0: 9, 1: 0}


@pytest.mark.parametrize("start", [{2: 0}, {0: 4}, {0: 10}], ids=str)
def test_a_start_that_is_not_there(start: dict[int, int]) -> None:
    """The partition is named, and what there is."""
    with pytest.raises(sr.SourceError, match=rf"partition {next(iter(start))}"):
        known_starts(start, PLACES, WATERMARKS)


@pytest.mark.parametrize(
    ("start", "why"),
    [
        ({0: 1}, "by topic and partition"),
        ({"a": 1}, "by topic and partition"),
        ({"c": {0: 1}}, "'c' is none of the topics a, b"),
        ({"a": {"0": 1}}, "offsets by partition"),
    ],
    ids=["no topic", "no partition", "another topic", "a name"],
)
def test_offsets_of_several_topics_name_theirs(start: object, why: str) -> None:
    """A number alone would be one of any topic."""
    with pytest.raises(sr.ConfigurationError, match=why):
        checked_start(start, TWO)


def test_starts_of_several_topics() -> None:
    """Offsets are those of the partition of the topic, whichever number it has."""
    places = {0: ("a", 0), 1: ("b", 0)}
    assert checked_start({"b": {0: 0}}, TWO) == {"b": {0: 0}}
    assert known_starts({"a": {0: 9}}, places, WATERMARKS) == {0: 9, 1: 0}
    with pytest.raises(sr.SourceError, match=r"topic 'b' has no partition 1, .* it has 0"):
        known_starts({"b": {1: 0}}, places, WATERMARKS)
    with pytest.raises(sr.SourceError, match=r"topic 'a', partition 0: .* offset 10"):
        known_starts({"a": {0: 10}}, places, WATERMARKS)


def with_source(line: str) -> str:
    return changed("[source.kafka]", f"{line}\n[source.kafka]")


def test_job_files_say_it_in_toml() -> None:
    """Texts, times with an offset, and tables of offsets; the other two keys of reading as well."""
    assert read(with_source('start = "latest"')).source.given["start"] == "latest"
    assert read(with_source("start = 2026-03-01T12:00:00Z")).source.start == NOON
    assert read(with_source("start = { 0 = 7, 12 = 0 }")).source.start == {0: 7, 12: 0}
    several = changed('topic = "points"', 'topic = ["a", "b"]\nstart = { b = { 0 = 7 } }')
    assert read(several).source.start == {"b": {0: 7}}
    given = read(with_source('wait_for_topic = true\non_lost_offsets = "continue"')).source.given
    assert (given["wait_for_topic"], given["on_lost_offsets"]) == (True, "continue")
    assert "start" not in read(with_source("")).source.given


@pytest.mark.parametrize(
    "line", ["start = 2026-03-01T12:00:00", "start = { a = 1 }", "start = 3", "start = 2026-03-01"]
)
def test_job_files_that_say_it_wrongly(line: str) -> None:
    """One problem, at its key."""
    (problem,) = problems(with_source(line))
    assert problem.startswith("source.start: ")


def test_what_can_be_done_about_lost_offsets_is_listed() -> None:
    """As for every choice."""
    with pytest.raises(JobError, match='on_lost_offsets: expected one of "fail", "continue"'):
        read(with_source('on_lost_offsets = "skip"'))
