"""Source, Kafka: where a run without a state begins: what may be asked for, and which offsets that is."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Literal, TypeAlias

from streamreg._exceptions import ConfigurationError, SourceError
from streamreg._source.contract import Watermarks
from streamreg._types import quoted

Start: TypeAlias = Literal["earliest", "latest"] | datetime | Mapping[int, int]
"""The ends of the partitions, a time, or offsets by partition."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MOST_OFFSET = 2**63 - 1
_MOST_PARTITION = 2**31 - 1


def checked_start(start: object) -> Start | None:
    """What was asked for; None if nothing was.

    Raises:
        ConfigurationError: if it is none of these.
    """
    if start is None or start == "earliest" or start == "latest":
        return start
    if isinstance(start, datetime):
        if start.tzinfo is None:
            raise ConfigurationError(f"start: {start} has no offset from UTC: give it a tzinfo")
        return start
    if isinstance(start, Mapping):
        for partition, offset in start.items():
            if not (_is(partition, _MOST_PARTITION) and _is(offset, _MOST_OFFSET)):
                raise ConfigurationError(
                    f"start: expected offsets by partition, as {{0: 1200}}, found {quoted(partition)}: {quoted(offset)}"
                )
        return dict(start)
    raise ConfigurationError(
        f"start: expected 'earliest', 'latest', a datetime or offsets by partition, found {quoted(start)}"
    )


def _is(value: object, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= most


def milliseconds(start: datetime) -> int:
    """A time as the brokers have it; one between two milliseconds is the later of them.

    None is before 1970: below 0 brokers take it for something else, such as the end of the log.
    """
    return max(-((_EPOCH - start) // timedelta(milliseconds=1)), 0)


def known_starts(
    topic: str,
    start: Literal["earliest", "latest"] | Mapping[int, int],
    watermarks: Mapping[int, Watermarks],
) -> dict[int, int]:
    """The first offset to read of each partition, where no broker must be asked: of others than named ones all.

    Raises:
        SourceError: if there is no such partition or offset.
    """
    if not isinstance(start, Mapping):
        return {p: at.high if start == "latest" else at.low for p, at in watermarks.items()}
    for partition, offset in sorted(start.items()):
        if partition not in watermarks:
            raise SourceError(
                f"topic {topic!r} has no partition {partition}, at which start= is to begin: it has "
                f"{', '.join(map(str, sorted(watermarks)))}"
            )
        at = watermarks[partition]
        if not at.low <= offset <= at.high:
            raise SourceError(
                f"topic {topic!r}, partition {partition}: start= is to begin at offset {offset}, but the broker has "
                f"{at.low} to {at.high}"
            )
    return {p: start.get(p, at.low) for p, at in watermarks.items()}
