"""Which topics are asked for, and by which numbers their partitions are called."""

import json
import pickle
from typing import Any

import pytest

import streamreg as sr
from streamreg._kafka.partition_table import PartitionTable, identity_after
from streamreg._kafka.topics import Topics, checked_topics
from streamreg._source.messages import Origin
from tests.support.job_files import changed, problems, read

TWO = Topics(("a", "b"))
SENSORS = Topics(pattern="sensors-.*")


def test_names_are_known_in_any_order() -> None:
    """The same topics are the same job; one in a list is one."""
    assert checked_topics(["b", "a"]) == checked_topics(("a", "b")) == TWO
    assert checked_topics(["a"]) == checked_topics("a")
    assert (TWO.name, TWO.alone, checked_topics("a").alone) == ("a, b", None, "a")


@pytest.mark.parametrize(
    ("topic", "pattern", "why"),
    [
        (None, None, "topic: expected"),
        ("", None, "topic: expected"),
        ([], None, "topic: expected"),
        (["a", 1], None, "topic: expected"),
        (b"a", None, "topic: expected"),
        (["a", "a"], None, "'a' is named twice"),
        ("a", "a", "either topic or pattern"),
        (None, "", "pattern: expected"),
        (None, 7, "pattern: expected"),
        (None, "(", "no regular expression"),
    ],
)
def test_what_are_no_topics_is_named(topic: object, pattern: object, why: str) -> None:
    """Before anything is connected to."""
    with pytest.raises(sr.ConfigurationError, match=why):
        checked_topics(topic, pattern)


def test_a_pattern_matches_whole_names() -> None:
    """As in Java's clients; topics that Kafka and tools keep for themselves are left out."""
    known = ["sensors-b", "sensors-a", "old-sensors-a", "sensors", "__sensors-a"]
    assert SENSORS.among(known) == ["sensors-a", "sensors-b"]
    assert Topics(pattern="^sensors-.*").among(known) == ["sensors-a", "sensors-b"]
    assert Topics(pattern="^sensors-.*").name == SENSORS.name == "^sensors-.*"
    assert Topics(pattern=".*").among(["__consumer_offsets", "x"]) == ["x"]


def test_numbers_stay() -> None:
    """Partitions that come later get the next numbers, whatever their topics are called; a state gives them back."""
    table = PartitionTable(TWO)
    table.note("b", "id of b", [1, 0])
    table.note("a", "id of a", [0])
    table.note("b", "id of b", [0, 1, 2])
    places = [("b", 0), ("b", 1), ("a", 0), ("b", 2)]
    assert [table.place(number) for number in range(4)] == places
    again = PartitionTable(TWO)
    again.restore(json.loads(json.dumps(table.identity)))
    for each in (again, pickle.loads(pickle.dumps(table))):
        assert [each.number(*place) for place in places] == [0, 1, 2, 3]
        assert each.identity == table.identity
        assert each.by_topic([3, 2, 0]) == {"b": {2: 3, 0: 0}, "a": {0: 2}}
    assert table.origin(3) == Origin("b", 2)


def test_of_one_topic_a_state_knows_the_id_alone() -> None:
    """As states have it that know of no other."""
    table = PartitionTable(Topics(("a",)))
    assert (table.identity, table.ids) == (None, {"a": None})
    table.note("a", "id", [0, 1])
    assert (table.identity, table.place(1), table.number("a", 1)) == ("id", ("a", 1), 1)
    assert table.told(1) is None


def test_another_topic_of_a_name_is_named() -> None:
    """One that was made again is not read on."""
    table = PartitionTable(TWO)
    table.note("b", "old", [0])
    with pytest.raises(sr.SourceError, match="topic 'b': this is another topic"):
        table.note("b", "new", [0])


@pytest.mark.parametrize(
    "identity",
    [
        "id",
        7,
        {"files": ["a"]},
        {"topics": {}, "partitions": []},
        {"topics": {"a": 1}, "partitions": []},
        {"topics": {"a": None}, "partitions": [["b", 0]]},
        {"topics": {"a": None}, "partitions": [["a", -1]]},
        {"topics": {"a": None}, "partitions": [["a", True]]},
        {"topics": {"a": None}, "partitions": [["a", 0], ["a", 0]]},
        {"topics": {"a": None}, "partitions": ["a"]},
        {"topics": {"a": None}, "partitions": [["a", 0]], "more": 1},
    ],
    ids=str,
)
def test_a_state_of_something_else_is_refused(identity: Any) -> None:  # noqa: ANN401  # whatever JSON has
    """Nothing of it is taken for a table."""
    with pytest.raises(sr.SourceError, match="something else than the topic"):
        PartitionTable(TWO).restore(identity)


def test_more_topics_go_on_where_fewer_have_stopped() -> None:
    """Numbers stay; topics that are gone from the job make it another one."""
    of_a = {"topics": {"a": "id"}, "partitions": [["a", 0], ["a", 1]]}
    assert identity_after(TWO, "a", "id", {0: 7, 1: 7}) == of_a
    assert identity_after(TWO, "^a.*", of_a, {0: 7, 1: 7}) == of_a
    assert identity_after(TWO, "c", "id", {0: 7}) is None
    assert (
        identity_after(TWO, "a, c", {"topics": {"c": "id"}, "partitions": [["c", 0]]}, {0}) is None
    )
    assert identity_after(Topics(("a",)), "a, b", of_a, {0: 7, 1: 7}) is None
    assert identity_after(TWO, "a.csv", {"files": ["a.csv"]}, {0: 7}) is None
    assert identity_after(Topics(pattern="a.*"), "a", None, {0: 1}) == {
        "topics": {"a": None},
        "partitions": [["a", 0]],
    }


TOPIC = 'topic = "points"'


def test_job_files_name_topics() -> None:
    """One, several, or a pattern."""
    assert read(changed(TOPIC, 'topic = ["b", "a"]')).source.topics == TWO
    assert read(changed(TOPIC, 'pattern = "sensors-.*"')).source.topics == SENSORS
    assert read(changed(TOPIC, 'pattern = "sensors-.*"')).source.name == "^sensors-.*"


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ('topic = "a"\npattern = "b"', "source.topic: beside pattern"),
        ('pattern = "("', "source.pattern: '\\(' is no regular expression"),
        ('topic = ["a", "a"]', "source.topic: 2 strings, but only 1 different"),
        ("topic = []", "source.topic: "),
        ("topic = [1]", "source.topic: "),
        ("pattern = 3", "source.pattern: expected a string"),
    ],
)
def test_what_job_files_cannot_say(line: str, why: str) -> None:
    """The key is named."""
    assert any(why.replace("\\", "") in each for each in problems(changed(TOPIC, line)))
