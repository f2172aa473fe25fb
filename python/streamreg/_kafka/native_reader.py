"""Source, Kafka: reading ranges of partitions natively: no object a message, no queue of messages on their way."""

from __future__ import annotations

import base64
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, get_args

from streamreg._core import KafkaFetcher, unknown_to_fetcher
from streamreg._exceptions import ConfigurationError
from streamreg._kafka.settings import ReaderChoice
from streamreg._source.contract import Beginnings, Range
from streamreg._source.messages import Batch, Envelope, Location

if TYPE_CHECKING:
    from streamreg._core import FetchedMessages
    from streamreg._kafka.partition_table import PartitionTable
    from streamreg._kafka.settings import Setting

_BATCH = 20_000
"""Messages at a time, at most: each is sixteen bytes, and several times that as columns and lines."""
_BATCH_BYTES = 4 * 1024 * 1024
"""About as many bytes at a time, at most."""


def obstacle(settings: Mapping[str, Setting]) -> str | None:
    """Why the native reader cannot read with these settings; None if it can."""
    return unknown_to_fetcher(_texts(settings))


def check_reader(choice: object, settings: Mapping[str, Setting]) -> None:
    """Raises ConfigurationError for a choice of reader that cannot be."""
    if choice not in get_args(ReaderChoice):
        raise ConfigurationError(f"reader: expected 'auto', 'client' or 'native', found {choice!r}")
    why = obstacle(settings) if choice == "native" else None
    if why is not None:
        raise ConfigurationError(f"reader='native': {why}: leave it out, or use reader='auto'")


class NativeReader:
    """Reads its ranges by requests of its own; raises `HandOverError` where anything is unusual."""

    def __init__(
        self,
        table: PartitionTable,
        settings: Mapping[str, Setting],
        ranges: Mapping[int, Range],
    ) -> None:
        """`table` has the topics, with their ids where they must have these."""
        self._table = table
        open_ranges = {p: r for p, r in ranges.items() if r.end is None or r.start < r.end}
        self._beginnings = Beginnings(open_ranges)
        self._fetcher = KafkaFetcher(
            _texts(settings),
            [
                (topic, _bytes(table.ids[topic]), numbers)
                for topic, numbers in table.by_topic(open_ranges).items()
            ],
            [(p, r.start, r.end, r.leader_epoch) for p, r in open_ranges.items()],
        )

    def read(self, timeout: float) -> Batch | None:
        """As a reader.

        Raises:
            HandOverError: if another reader is to go on.
        """
        fetched = self._fetcher.read(timeout, _BATCH, _BATCH_BYTES)
        if fetched is None:
            return None
        messages = fetched.messages
        return Batch(
            messages,
            fetched.progress,
            locate=lambda index: self._located(*messages.location(index)),
            partitions=messages.partitions,
            offsets=messages.offsets,
            leader_epochs=fetched.leader_epochs,
            firsts=self._beginnings.among(fetched.progress, lambda: messages.partitions().tolist()),
            envelope=lambda index: _envelope(messages, index),
            reader="native",
        )

    def _located(self, number: int, offset: int, timestamp: int | None) -> Location:
        return Location(number, offset, timestamp, self._table.told(number))

    def log_ends(self, partitions: Collection[int]) -> Mapping[int, int]:
        """As a reader: of the last fetch."""
        found = self._fetcher.log_ends()
        return {p: found[p] for p in partitions if p in found}

    @property
    def heard(self) -> int:
        return self._fetcher.heard()

    def close(self) -> None:
        """Ends connections and their threads."""
        self._fetcher.close()


def _bytes(id: str | None) -> bytes | None:
    return None if id is None else base64.urlsafe_b64decode(id + "==")


def _texts(settings: Mapping[str, Setting]) -> list[tuple[str, str]]:
    """As librdkafka takes them."""
    return [
        (name, str(value).lower() if isinstance(value, bool) else str(value))
        for name, value in settings.items()
    ]


def _envelope(messages: FetchedMessages, index: int) -> Envelope:
    try:
        headers = [(name.decode(), value) for name, value in messages.headers(index)]
    except UnicodeDecodeError:
        headers = []  # As the client has it, which cannot give a name that is not UTF-8.
    return Envelope(messages.key(index), headers)
