"""A topic as any reader of committed messages sees it: by the client alone, with nothing of streamreg's."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import closing
from typing import Any, NamedTuple

from confluent_kafka import Consumer, KafkaError, TopicPartition


class Consumed(NamedTuple):
    """A message."""

    partition: int
    key: bytes | None
    value: bytes | None
    headers: dict[str, bytes]


def consumed(settings: Mapping[str, str], topic: str) -> list[Consumed]:
    """All committed messages of a topic up to its end, in the order of each partition."""
    found: list[Consumed] = []
    options: dict[str, Any] = {
        **settings,
        "group.id": "reader",
        "isolation.level": "read_committed",
        "enable.partition.eof": True,
        "auto.offset.reset": "earliest",
    }
    with closing(Consumer(options)) as client:
        partitions = client.list_topics(topic, timeout=30).topics[topic].partitions
        client.assign([TopicPartition(topic, partition, 0) for partition in partitions])
        left = set(partitions)
        while left:
            message = client.poll(30)
            assert message is not None, f"{topic}: {left} do not end"
            error = message.error()
            if error is not None:
                assert error.code() == KafkaError._PARTITION_EOF, error
                left.discard(message.partition() or 0)
                continue
            headers: dict[str, Any] = dict(message.headers() or ())
            found.append(
                Consumed(message.partition() or 0, message.key(), message.value(), headers)
            )
    return found


Load = Callable[[bytes], Mapping[str, Any]]
"""What makes the fields of a row of a message."""


def changes(
    settings: Mapping[str, str], topic: str, load: Load = json.loads
) -> list[tuple[Any, ...]]:
    """The changes that messages of a changelog hold, in the order of their times; headers say the same."""
    found = consumed(settings, topic)
    rows = []
    for message in found:
        assert message.value is not None
        row = tuple(load(message.value).values())
        assert message.headers == {"time": b"%d" % row[-2], "diff": b"%d" % row[-1]}
        rows.append(row)
    return sorted(rows, key=lambda row: row[-2])  # stable: partitions are in order


def current(
    settings: Mapping[str, str], topic: str, load: Load = json.loads
) -> list[tuple[Any, ...]]:
    """The rows that stand where each message replaces the last one of its key, which is always in one partition."""
    standing: dict[bytes, tuple[Any, ...]] = {}
    places: dict[bytes, int] = {}
    for message in consumed(settings, topic):
        assert message.key is not None
        assert places.setdefault(message.key, message.partition) == message.partition
        standing.pop(message.key, None)
        if message.value is not None:
            standing[message.key] = tuple(load(message.value).values())
    return list(standing.values())
