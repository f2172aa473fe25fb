"""Replay: the messages of a dead-letter file or topic go to a topic again, as they were.

It is read twice: once to its end before anything is sent, so that an entry that is wrong is found while nothing has
happened, and then again, up to that end. A run may be adding to it meanwhile, even because of what is sent.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Set
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

from streamreg._dataclass import dataclass
from streamreg._exceptions import ConfigurationError, DeadLetterError, OutputError
from streamreg._kafka.producer import TopicWriter
from streamreg._rejects.dead_letter_messages import entry_of_letter
from streamreg._rejects.dead_letters import Entry, read_dead_letters
from streamreg._sinks.contract import AwayError

if TYPE_CHECKING:
    from streamreg._kafka.settings import Setting

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
    """Which rejects."""

    reasons: Set[str] = frozenset()
    """Only these; none: all."""

    skip: int = 0
    """So many of them are skipped first."""

    limit: int | None = None
    """No more than so many."""


@dataclass
class Survey:
    """What there is of what was chosen."""

    chosen: Counter[str] = field(default_factory=Counter)
    """By reason."""

    entries: int = 0
    """Chosen or not."""

    last: Entry | None = None
    """The entry with the highest partition of those chosen."""

    end: int = 0
    """How far it was read."""


class Rejects(Protocol):
    """Where rejects are kept."""

    @property
    def name(self) -> str:
        """What messages call it."""

    def entries(self, end: int | None = None) -> Iterator[tuple[Entry, int]]:
        """The entries in order, up to an end or to the end there is, each with the end behind it.

        Raises:
            DeadLetterError: naming the entry that is none.
            OSError: if it cannot be read.
        """


class RejectsOfFile:
    """A dead-letter file; an end is a byte of it."""

    def __init__(self, path: Path, settings: Mapping[str, object]) -> None:
        """`settings` are those of the client that sends. Raises ConfigurationError if they cannot be used."""
        self._path = path
        self._longest = _longest(settings)

    @property
    def name(self) -> str:
        return str(self._path)

    def entries(self, end: int | None = None) -> Iterator[tuple[Entry, int]]:
        return read_dead_letters(self._path, self._longest, end)


class RejectsOfTopic:
    """A dead-letter topic; an end is the number of a reject."""

    def __init__(self, topic: str, settings: Mapping[str, object]) -> None:
        """`settings` are those of the client, which reads and sends."""
        self._topic = topic
        self._settings = cast("Mapping[str, Setting]", settings)

    @property
    def name(self) -> str:
        return f"topic {self._topic}"

    def entries(self, end: int | None = None) -> Iterator[tuple[Entry, int]]:
        from streamreg._kafka.rejects_topic import SentRejects  # Late: a file needs none of it.

        sent = SentRejects(self._settings, self._topic, sys.maxsize if end is None else end)
        try:
            for number, reject in sent.rejects():
                yield entry_of_letter(number, reject), number
        except (OutputError, AwayError) as error:
            raise DeadLetterError(f"{self.name}: {error}") from None


def survey(rejects: Rejects, choice: Choice) -> Survey:
    """Reads rejects to their end.

    Raises:
        DeadLetterError: naming the entry that is none.
        OSError: if they cannot be read.
    """
    found = Survey()
    matching = 0
    for entry, end in rejects.entries():
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
    rejects: Rejects,
    choice: Choice,
    surveyed: Survey,
    *,
    same_partition: bool,
    stopping: Callable[[], bool],
) -> int:
    """Sends what was surveyed, until `stopping`; returns how many messages the broker has confirmed.

    Raises:
        DeliveryError: if a message was not delivered.
        DeadLetterError: if one is of a partition that the topic does not have, or they have changed since.
        OSError: if they cannot be read.
    """
    last = surveyed.last
    if same_partition and last is not None and last.partition >= writer.partitions:
        raise DeadLetterError(
            f"{rejects.name}:{last.line}: partition {last.partition}, but the topic has only {writer.partitions}: "
            "let the key choose the partition"
        )
    for entry in _chosen(rejects, choice, surveyed.end):
        if stopping():
            break
        partition = entry.partition if same_partition else None
        writer.send_message(entry.value, entry.key, entry.headers, partition)
    return writer.finish(_CONFIRM_SECONDS)


def client_settings(settings: Mapping[str, object]) -> dict[str, object]:
    """The user's settings, with a bound to what waits in the client: messages may be large."""
    most = max(_QUEUE_BYTES, 2 * _message_bytes(settings))
    return {"queue.buffering.max.kbytes": most // 1024, **settings}


def _chosen(rejects: Rejects, choice: Choice, end: int) -> Iterator[Entry]:
    matching = 0
    for entry, _ in rejects.entries(end):
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
