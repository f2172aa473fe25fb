"""Source, Kafka: what the cluster says of itself and of the topics: who leads which partition."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from typing import TYPE_CHECKING, Final, NamedTuple

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin._metadata import ClusterMetadata, TopicMetadata

from streamreg._dataclass import dataclass

if TYPE_CHECKING:
    from confluent_kafka.admin import AdminClient

    from streamreg._kafka.in_thread import Threads
    from streamreg._kafka.partition_table import Place
    from streamreg._kafka.topics import Topics

_REFRESH = 1.0
"""Seconds between two looks at the metadata while a request is waited for."""
_PIECE: Final = 1.0
"""Seconds after which it is looked, while no broker is connected, whether anybody still waits for the metadata."""
END_SECONDS: Final = 2.0
"""For which threads are waited for that look up metadata: pieces, and what the machine is slow by."""


class Refresh:
    """Looks at the metadata again and again."""

    def __init__(self, ask: Callable[[], Future[Metadata]]) -> None:
        self._ask = ask
        self._asked: Future[Metadata] | None = None
        self._ask_at = time.monotonic() + _REFRESH

    def look(self) -> Metadata | None:
        """What has come since the last call; asks if it is time to."""
        if self._asked is None and time.monotonic() >= self._ask_at:
            self._asked = self._ask()
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


def look_up(client: AdminClient, topics: Topics, timeout: float, threads: Threads) -> Metadata:
    """The metadata of these topics, in a thread of these.

    Raises:
        KafkaException: if there is none of one, with the name of the topic behind the error; or if the threads end.
    """
    metadata = found(client, topics, timeout, threads)
    for name, topic in metadata.topics.items():
        if topic.error is not None:
            raise KafkaException(topic.error, name)
    return metadata


def found(client: AdminClient, topics: Topics, timeout: float, threads: Threads) -> Metadata:
    """The same, where a topic may have an error: by a request for each that is named, or for all where a pattern is."""
    if topics.pattern is None:
        clusters = [listed(client, (name,), timeout, threads) for name in topics.names]
        pairs = zip(topics.names, clusters, strict=True)
        return Metadata(clusters[-1], {name: each.topics[name] for name, each in pairs})
    cluster = listed(client, (), timeout, threads)
    return Metadata(cluster, {name: cluster.topics[name] for name in topics.among(cluster.topics)})


def listed(
    client: AdminClient, topic: tuple[()] | tuple[str], timeout: float, threads: Threads
) -> ClusterMetadata:
    """The client's answer for one topic or all, as `list_topics` has it; it ends soon if the threads are to.

    Raises:
        KafkaException: as that does.
    """
    until = time.monotonic() + timeout
    piece = _PIECE
    while True:
        began = time.monotonic()
        seconds = min(piece, until - began)
        try:
            return client.list_topics(*topic, timeout=seconds)
        except KafkaException as error:
            code = error.args[0].code()
            lasted = time.monotonic() - began
            # The time of the piece is over, and that is all that is wrong: the client rounds it.
            over = lasted > 0.9 * seconds and code in (KafkaError._TRANSPORT, KafkaError._TIMED_OUT)
            if not over or threads.ending() or time.monotonic() >= until:
                raise
            if code == KafkaError._TIMED_OUT:
                # A broker has the request and takes its time: it is not asked anew.
                piece = timeout
