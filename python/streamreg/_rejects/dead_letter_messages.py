"""Rejects: as messages of a dead-letter topic: each is the message that did not fit, with the reason in its headers.

Key, value and headers are those that it had; ours stand behind them. A line of a dead-letter file says the same: one
becomes the other, and back again, for `streamreg replay-rejects` and `streamreg verify`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Final, NamedTuple

from streamreg._rejects.dead_letters import Entry, dead_letter_lines, entry_of
from streamreg._rejects.reject import Reject
from streamreg._source.messages import Headers, Location, Origin

PREFIX: Final = "streamreg."
NUMBER: Final = f"{PREFIX}number"
"""Which reject of the run's state it is, from 1 on: the first of our headers."""

REASON: Final = f"{PREFIX}reason"
DETAIL: Final = f"{PREFIX}detail"
COLUMN: Final = f"{PREFIX}column"
TOPIC: Final = f"{PREFIX}topic"
PARTITION: Final = f"{PREFIX}partition"
OFFSET: Final = f"{PREFIX}offset"
TIMESTAMP: Final = f"{PREFIX}timestamp"
FILE: Final = f"{PREFIX}file"
"""In the place of topic and partition, where a file was read; the offset is a byte of it."""


class Letter(NamedTuple):
    """A message of a dead-letter topic."""

    key: bytes | None
    value: bytes
    headers: list[tuple[str, str | bytes | None]]
    timestamp: int
    """That of the message; 0: it had none."""


def letter_of(line: bytes, number: int) -> Letter:
    """The message for a line of a dead-letter file, the reject of this number.

    Raises:
        ValueError: if it is no such line.
    """
    entry, fields = entry_of(number, line), json.loads(line)
    place = {FILE: entry.topic} if "file" in fields else {TOPIC: entry.topic}
    if TOPIC in place:
        place[PARTITION] = str(entry.partition)
    found = {
        NUMBER: str(number),
        REASON: entry.reason,
        **({} if fields["column"] is None else {COLUMN: fields["column"]}),
        DETAIL: fields["detail"],
        **place,
        OFFSET: str(entry.offset),
        **({} if fields["timestamp"] is None else {TIMESTAMP: str(fields["timestamp"])}),
    }
    own: Headers = [(name, text.encode()) for name, text in found.items()]
    return Letter(entry.key, entry.value, [*entry.headers, *own], fields["timestamp"] or 0)


class NoLetterError(ValueError):
    """A message that no run has sent as a reject."""


def reject_of(
    key: bytes | None, value: bytes | None, headers: Sequence[tuple[str, bytes | None]]
) -> tuple[int, Reject]:
    """The number and the reject that a message of a dead-letter topic is.

    Raises:
        NoLetterError: if it is none.
    """
    names = [name for name, _ in headers]
    if NUMBER not in names:
        raise NoLetterError(f"it has no header {NUMBER}")
    # The last: a reject that was sent again, and rejected again, may have others.
    begin = len(names) - 1 - names[::-1].index(NUMBER)
    own = {name: (text or b"").decode("utf-8", "replace") for name, text in headers[begin:]}
    try:
        number, offset = int(own[NUMBER]), int(own[OFFSET])
        origin = Origin(own[FILE], None) if FILE in own else Origin(own[TOPIC], int(own[PARTITION]))
        timestamp = int(own[TIMESTAMP]) if TIMESTAMP in own else None
        reject = Reject(
            Location(origin.partition or 0, offset, timestamp, origin),
            own[REASON],
            own.get(COLUMN),
            own[DETAIL],
            value or b"",
            key,
            tuple(headers[:begin]),
        )
    except KeyError as error:
        raise NoLetterError(f"it has no header {error.args[0]}") from None
    except ValueError as error:
        raise NoLetterError(f"a header of it is no number: {error}") from None
    return number, reject


def line_of(reject: Reject) -> bytes:
    """The line of a dead-letter file for a reject whose message says its origin."""
    return next(dead_letter_lines("", [reject]))


def entry_of_letter(number: int, reject: Reject) -> Entry:
    """What is to be sent again."""
    origin = reject.location.origin or Origin("", 0)
    return Entry(
        line=number,
        topic=origin.name,
        partition=origin.partition or 0,
        offset=reject.location.offset,
        reason=reject.kind,
        value=reject.value,
        key=reject.key,
        headers=reject.headers,
    )
