"""Source, Kafka: what the cluster says of itself and of the topics: who leads which partition."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from typing import TYPE_CHECKING, NamedTuple

from confluent_kafka import KafkaException
from confluent_kafka.admin._metadata import ClusterMetadata, TopicMetadata

from streamreg._dataclass import dataclass
from streamreg._kafka.in_thread import in_thread

if TYPE_CHECKING:
    from confluent_kafka.admin import AdminClient

    from streamreg._kafka.partition_table import Place
    from streamreg._kafka.topics import Topics

_REFRESH = 1.0
"""Seconds between two looks at the metadata while a request is waited for."""


class Refresh:
    """Looks at the metadata again and again."""

    def __init__(self, ask: Callable[[], Metadata]) -> None:
        self._ask = ask
        self._asked: Future[Metadata] | None = None
        self._ask_at = time.monotonic() + _REFRESH

    def look(self) -> Metadata | None:
        """What has come since the last call; asks if it is time to."""
        if self._asked is None and time.monotonic() >= self._ask_at:
            self._asked = in_thread(self._ask)
        if self._asked is None or not self._asked.done():
            return None
        asked, self._asked, self._ask_at = self._asked, None, time.monotonic() + _REFRESH
        # The connection says itself what is wrong with it.
        return asked.result() if asked.exception() is None else None


class Brokers(NamedTuple):
    """Who is asked about a topic, by their numbers."""

    controller: int
    """That of a cluster without ZooKeeper is any broker that is well, at each look another."""

    leaders: Mapping[Place, int]
    """By partition; -1: none."""


@dataclass(frozen=True)
class Metadata:
    """What the cluster says of itself, and of the topics."""

    cluster: ClusterMetadata
    topics: Mapping[str, TopicMetadata]

    @property
    def brokers(self) -> Brokers:
        leaders = {
            (topic, number): partition.leader
            for topic, found in self.topics.items()
            for number, partition in found.partitions.items()
        }
        return Brokers(self.cluster.controller_id, leaders)


def look_up(client: AdminClient, topics: Topics, timeout: float) -> Metadata:
    """The metadata of these topics.

    Raises:
        KafkaException: if there is none of one, with the name of the topic behind the error.
    """
    metadata = found(client, topics, timeout)
    for name, topic in metadata.topics.items():
        if topic.error is not None:
            raise KafkaException(topic.error, name)
    return metadata


def found(client: AdminClient, topics: Topics, timeout: float) -> Metadata:
    """The same, where a topic may have an error: by a request for each that is named, or for all where a pattern is."""
    if topics.pattern is None:
        clusters = [client.list_topics(name, timeout=timeout) for name in topics.names]
        pairs = zip(topics.names, clusters, strict=True)
        return Metadata(clusters[-1], {name: each.topics[name] for name, each in pairs})
    cluster = client.list_topics(timeout=timeout)
    return Metadata(cluster, {name: cluster.topics[name] for name in topics.among(cluster.topics)})
