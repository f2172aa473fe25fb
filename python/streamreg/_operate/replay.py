"""Replay: the messages of a dead-letter file go to a topic again, as they were.

The file is read twice: once to its end before anything is sent, so that a line that is wrong is found while nothing
has happened, and then again, up to that end. A run may be adding to it meanwhile, even because of what is sent.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass, field
from pathlib import Path

from streamreg._exceptions import ConfigurationError, DeadLetterError
from streamreg._kafka.producer import TopicWriter
from streamreg._rejects.dead_letters import Entry, read_dead_letters

_CONFIRM_SECONDS = 60.0
_MESSAGE_BYTES = 1_000_000
"""What librdkafka sends at most in one message if message.max.bytes is not set."""
_MOST_MESSAGE_BYTES = 1_000_000_000
"""The most that librdkafka accepts there."""
_ROOM = 16
"""A line is at most so many times as long as its message: JSON writes some characters as six (`\\u0000`), and
headers without content in some thirty."""
_QUEUE_BYTES = 64 << 20


@dataclass(frozen=True)
class Choice:
    """Which entries of a dead-letter file."""

    reasons: Set[str] = frozenset()
    """Only these; none: all."""

    skip: int = 0
    """So many of them are skipped first."""

    limit: int | None = None
    """No more than so many."""


@dataclass
class Survey:
    """What a dead-letter file holds of what was chosen."""

    chosen: Counter[str] = field(default_factory=Counter)
    """By reason."""

    entries: int = 0
    """Chosen or not."""

    last: Entry | None = None
    """The entry with the highest partition of those chosen."""

    end: int = 0
    """Length of the file in bytes, as far as it was read."""


def survey(path: Path, choice: Choice, settings: Mapping[str, object]) -> Survey:
    """Reads a dead-letter file to its end.

    Raises:
        DeadLetterError: naming the line that is not one of a dead-letter file.
        ConfigurationError: if message.max.bytes of the client is no number.
        OSError: if the file cannot be read.
    """
    found = Survey()
    matching = 0
    for entry, end in read_dead_letters(path, _longest(settings)):
        found.entries += 1
        found.end = end
        if _wanted(entry, choice):
            matching += 1
            if _in_turn(matching, choice):
                found.chosen[entry.reason] += 1
                if found.last is None or entry.partition > found.last.partition:
                    found.last = entry
    return found


def replay(
    writer: TopicWriter,
    path: Path,
    choice: Choice,
    surveyed: Survey,
    settings: Mapping[str, object],
    *,
    same_partition: bool,
    stop: threading.Event,
) -> int:
    """Sends what was surveyed, until `stop`; returns how many messages the broker has confirmed.

    Raises:
        DeliveryError: if a message was not delivered.
        DeadLetterError: if the file names a partition that the topic does not have, or has changed since.
        OSError: if the file cannot be read.
    """
    last = surveyed.last
    if same_partition and last is not None and last.partition >= writer.partitions:
        raise DeadLetterError(
            f"{path}:{last.line}: partition {last.partition}, but the topic has only {writer.partitions}: "
            "let the key choose the partition"
        )
    for entry in _chosen(path, choice, _longest(settings), surveyed.end):
        if stop.is_set():
            break
        partition = entry.partition if same_partition else None
        writer.send_message(entry.value, entry.key, entry.headers, partition)
    return writer.finish(_CONFIRM_SECONDS)


def client_settings(settings: Mapping[str, object]) -> dict[str, object]:
    """The user's settings, with a bound to what waits in the client: messages may be large."""
    most = max(_QUEUE_BYTES, 2 * _message_bytes(settings))
    return {"queue.buffering.max.kbytes": most // 1024, **settings}


def _chosen(path: Path, choice: Choice, longest: int, end: int) -> Iterator[Entry]:
    matching = 0
    for entry, _ in read_dead_letters(path, longest, end):
        if _wanted(entry, choice):
            matching += 1
            if _in_turn(matching, choice):
                yield entry


def _wanted(entry: Entry, choice: Choice) -> bool:
    return not choice.reasons or entry.reason in choice.reasons


def _in_turn(number: int, choice: Choice) -> bool:
    """Whether the entry that is this one of those wanted, counted from 1, is to be sent."""
    return choice.skip < number and (choice.limit is None or number <= choice.skip + choice.limit)


def _longest(settings: Mapping[str, object]) -> int:
    return _ROOM * _message_bytes(settings) + (1 << 16)


def _message_bytes(settings: Mapping[str, object]) -> int:
    value = str(settings.get("message.max.bytes", _MESSAGE_BYTES))
    if not (value.isascii() and value.isdecimal()):
        raise ConfigurationError(f"message.max.bytes: expected a number, found {value!r}")
    return min(int(value), _MOST_MESSAGE_BYTES)
