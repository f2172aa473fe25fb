"""Source, Kafka: where a run without a state begins: what may be asked for, and which offsets that is."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from streamreg._exceptions import ConfigurationError, SourceError
from streamreg._source.contract import Watermarks
from streamreg._types import quoted

if TYPE_CHECKING:
    from streamreg._kafka.partition_table import Place
    from streamreg._kafka.topics import Topics

Offsets: TypeAlias = Mapping[int, int]
"""By partition."""

Start: TypeAlias = Literal["earliest", "latest"] | datetime | Offsets | Mapping[str, Offsets]
"""The ends of the partitions, a time, or offsets: by partition of the topic, or by topic and partition of several."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MOST_OFFSET = 2**63 - 1
_MOST_PARTITION = 2**31 - 1


def checked_start(start: object, topics: Topics) -> Start | None:
    """What was asked for; None if nothing was.

    Raises:
        ConfigurationError: if it is none of these, or of other topics.
    """
    if start is None or start == "earliest" or start == "latest":
        return start
    if isinstance(start, datetime):
        if start.tzinfo is None:
            raise ConfigurationError(f"start: {start} has no offset from UTC: give it a tzinfo")
        return start
    if isinstance(start, Mapping):
        if topics.alone is None:
            return _by_topic(start, topics)
        # Of one topic its name may be said, too.
        return _offsets(_by_topic(start, topics)[topics.alone] if topics.alone in start else start)
    raise ConfigurationError(
        f"start: expected 'earliest', 'latest', a datetime or offsets by partition, found {quoted(start)}"
    )


def _by_topic(start: Mapping[Any, Any], topics: Topics) -> dict[str, Offsets]:
    """Offsets of several topics."""
    found = {}
    for topic, offsets in start.items():
        if not isinstance(topic, str) or not isinstance(offsets, Mapping):
            raise ConfigurationError(
                "start: of several topics expected offsets by topic and partition, as {'a': {0: 1200}}, found "
                f"{quoted(topic)}: {quoted(offsets)}"
            )
        if not topics.has(topic):
            raise ConfigurationError(f"start: {topic!r} is none of the topics {topics.name}")
        found[topic] = _offsets(offsets)
    return found


def _offsets(start: Mapping[Any, Any]) -> Offsets:
    found: dict[int, int] = {}
    for partition, offset in start.items():
        if not (_is(partition, _MOST_PARTITION) and _is(offset, _MOST_OFFSET)):
            raise ConfigurationError(
                f"start: expected offsets by partition, as {{0: 1200}}, found {quoted(partition)}: {quoted(offset)}"
            )
        found[partition] = offset
    return found


def _is(value: object, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= most


def milliseconds(start: datetime) -> int:
    """A time as the brokers have it; one between two milliseconds is the later of them.

    None is before 1970: below 0 brokers take it for something else, such as the end of the log.
    """
    return max(-((_EPOCH - start) // timedelta(milliseconds=1)), 0)


def known_starts(
    start: Literal["earliest", "latest"] | Offsets | Mapping[str, Offsets],
    places: Mapping[int, Place],
    watermarks: Mapping[int, Watermarks],
) -> dict[int, int]:
    """The first offset to read of each partition, where no broker must be asked: of others than named ones all.

    `places` says which partition of which topic each is.

    Raises:
        SourceError: if there is no such partition or offset.
    """
    if not isinstance(start, Mapping):
        return {p: at.high if start == "latest" else at.low for p, at in watermarks.items()}
    [alone, *_] = {topic for topic, _ in places.values()}
    numbers = {place: number for number, place in places.items()}
    found = {p: at.low for p, at in watermarks.items()}
    for (topic, partition), offset in sorted(_by_place(start, alone).items()):
        number = numbers.get((topic, partition))
        if number is None:
            there = sorted(p for name, p in numbers if name == topic)
            raise SourceError(
                f"topic {topic!r} has no partition {partition}, at which start= is to begin: it has "
                f"{', '.join(map(str, there)) or 'none'}"
            )
        at = watermarks[number]
        if not at.low <= offset <= at.high:
            raise SourceError(
                f"topic {topic!r}, partition {partition}: start= is to begin at offset {offset}, but the broker has "
                f"{at.low} to {at.high}"
            )
        found[number] = offset
    return found


def _by_place(start: Mapping[Any, Any], alone: str) -> dict[Place, int]:
    found: dict[Place, int] = {}
    for key, value in start.items():
        if isinstance(key, str):
            found |= {(key, partition): offset for partition, offset in value.items()}
        else:
            found[alone, key] = value
    return found
