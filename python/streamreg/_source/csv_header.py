"""Header: finds the message that names the columns of a CSV topic, before any worker starts.

The first message of the topic names the columns, once. With several partitions the header stands first in at
least one of them. It is found here, in the parent, and given to every worker, so that what a worker makes of a
message depends on no other message.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from streamreg._core import split_header
from streamreg._exceptions import SourceError
from streamreg._source.contract import Extent, Report, Source

_PATIENCE = 0.5
"""Seconds to wait for the first message of one partition before looking at the next."""
_PAUSE = 0.1
"""Seconds before partitions that had nothing are looked at again."""
_SHOWN = 80
"""Characters of a message shown in an error."""


def find_header(
    source: Source,
    extents: Mapping[int, Extent],
    report: Report,
    stopping: Callable[[], bool],
) -> list[str] | None:
    """The names of the fields of a CSV message.

    `extents` are the partitions there are. Waits while one that could still bring the header is empty. None if
    `stopping`, or if there is nothing to read and nothing to wait for.

    Raises:
        SourceError: if every partition begins with something else.
    """
    if source.header is not None:
        return list(source.header)
    final = source.mode == "static"
    # First those that hold something: each of the others takes its time to say that it does not.
    filled = [partition for partition, extent in extents.items() if extent.low < extent.high]
    partitions = filled
    others: dict[int, str] = {}
    while not stopping():
        unanswered = False
        for partition in partitions:
            if partition in others:
                continue
            if stopping():
                return None
            try:
                value = source.first_message(partition, _PATIENCE, report)
            except TimeoutError:
                unanswered = True
                continue
            if value is None:
                continue
            names = _names(value)
            if set(names) >= source.columns.keys():
                return names
            others[partition] = value[:_SHOWN].decode("utf-8", "replace")
        if final and unanswered:
            continue  # It is not known yet what there is.
        if others and (final or len(others) == len(extents)):
            raise _no_header(source, others)
        if final:
            return None
        if partitions is filled:
            partitions = [*filled, *(p for p in extents if p not in filled)]
            report(f"topic {source.name!r}: waiting for the header {_wanted(source)!r}")
        else:
            time.sleep(_PAUSE)
    return None


def _names(value: bytes) -> list[str]:
    try:
        return split_header(value)
    except ValueError:
        return []


def _wanted(source: Source) -> str:
    return ",".join(source.columns)


def _no_header(source: Source, others: dict[int, str]) -> SourceError:
    partition, value = next(iter(others.items()))
    return SourceError(
        f"topic {source.name!r} has no header: the first message of partition {partition} is "
        f"{value!r}, not the names of the columns {_wanted(source)!r}. Send the names as the first "
        "message, or give them as header=[…] if the messages come without"
    )
