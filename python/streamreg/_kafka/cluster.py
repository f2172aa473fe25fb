"""Source, Kafka: what the parent process does with the cluster: offsets, first messages, commits, by confluent-kafka.

Partitions are assigned, never subscribed to, so that no rebalance can move them. The offsets of the run's own
state decide where a reader begins; the group's committed offsets are written for lag tools only.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from confluent_kafka import Consumer, KafkaError, TopicPartition

from streamreg._dataclass import dataclass
from streamreg._exceptions import SourceError
from streamreg._kafka import client as kafka_client
from streamreg._kafka.client import UnknownTopicError
from streamreg._kafka.commits import Commits
from streamreg._kafka.requests import Steps, TopicDescription, TopicRequests, waited
from streamreg._kafka.topic_id import TopicIdWatch

if TYPE_CHECKING:
    from streamreg._kafka.log_looks import LogLooks
    from streamreg._kafka.partition_table import PartitionTable, Place
    from streamreg._kafka.settings import Setting
    from streamreg._kafka.topics import Topics
    from streamreg._source.contract import Range, Report, Watermarks

T = TypeVar("T")

_GONE_SECONDS = 10.0
"""Seconds for which no broker may know the topic any more until it counts as deleted: one that starts may not yet."""
_LOOK_INTERVAL = 0.8
"""Seconds between two requests for the end offsets."""
_CLOSE_SECONDS = 1.5
_STATIC_CLOSE_SECONDS = 10.0
"""Seconds that the end waits for its last commit: a run that is stopped has five in all."""
_ERRORS = 100
"""Errors of the connection that are kept until they are reported."""


@dataclass
class _Open:
    """What this process holds of the cluster."""

    consumer: Consumer
    watch: TopicIdWatch
    commits: Commits


class Cluster:
    """Topics on their cluster; its methods are those of a source."""

    def __init__(
        self,
        settings: Mapping[str, Setting],
        topics: Topics,
        table: PartitionTable,
        *,
        static: bool,
        told: set[int],
    ) -> None:
        """`static`: whether it is read to its end. `told` collects the errors of the connection that were reported.

        Topics and partitions that are found are put into the table.
        """
        self._settings = settings
        self._topics = topics
        self._table = table
        self._static = static
        self._told = told
        self._held: _Open | None = None
        self._asked: TopicRequests | None = None
        self._discovery: Steps[dict[int, Watermarks]] | None = None
        self._look: Steps[dict[Place, int]] | None = None
        self._look_at = 0.0
        self._gone_since: float | None = None
        self._errors: deque[KafkaError] = deque(maxlen=_ERRORS)

    def pin(
        self,
        report: Report,
        stopping: Callable[[], bool],
        *,
        wait: bool = False,
    ) -> bool:
        """Looks up the topics; with `wait` for such as are not there yet, too. False if `stopping`.

        Raises:
            ConfigurationError: if the client would not read with these settings, whoever reads: it may have to.
        """
        kafka_client.check(self._settings)
        requests = self._requests
        steps = requests.created(report) if wait else requests.describe(report)
        found = waited(steps, stopping)
        if found is None:
            return False
        self._note(found)
        return True

    def _note(self, found: Mapping[str, TopicDescription]) -> None:
        """Puts what was found into the table.

        Raises:
            UnknownTopicError: if one that was there is not.
        """
        gone = sorted(self._table.topics - found.keys())
        if gone:
            raise UnknownTopicError(
                f"there is no topic {gone[0]!r} any more, but it was read", gone[0]
            )
        for topic, described in found.items():
            self._table.note(topic, described.id, described.partitions)

    def watermarks(self, report: Report, stopping: Callable[[], bool]) -> dict[int, Watermarks]:
        return waited(self._watermarks((), report), stopping) or {}

    def starts(
        self,
        start: datetime,
        watermarks: Mapping[int, Watermarks],
        report: Report,
        stopping: Callable[[], bool],
    ) -> dict[int, int]:
        """Of each partition the offset of the first message at or after a time; its end where there is none."""
        steps = self._requests.since(start, self._places(watermarks), report)
        found = self._numbered(waited(steps, stopping) or {})
        return {
            p: at.high if found[p] < 0 else min(max(found[p], at.low), at.high)
            for p, at in watermarks.items()
            if p in found
        }

    def _watermarks(self, known: Collection[int], report: Report) -> Steps[dict[int, Watermarks]]:
        described = yield from self._requests.describe(report)
        self._note(described)
        places = {
            (topic, partition): self._table.number(topic, partition)
            for topic, found in described.items()
            for partition in found.partitions
        }
        new = [place for place, number in places.items() if number not in set(known)]
        return self._numbered((yield from self._requests.watermarks(new, report)))

    def _places(self, numbers: Iterable[int]) -> list[Place]:
        return [self._table.place(number) for number in numbers]

    def _numbered(self, found: Mapping[Place, T]) -> dict[int, T]:
        return {self._table.number(*place): what for place, what in found.items()}

    def new_partitions(self, known: Collection[int]) -> dict[int, Watermarks] | None:
        if self._discovery is None:
            self._discovery = self._watermarks(known, _unheard)
        try:
            next(self._discovery)
            return None
        except StopIteration as end:
            self._discovery, self._gone_since = None, None
            found: dict[int, Watermarks] = end.value
            return found
        except UnknownTopicError as error:
            self._discovery = None
            self._gone_since = self._gone_since or time.monotonic()
            if time.monotonic() > self._gone_since + _GONE_SECONDS:
                raise SourceError(
                    f"topic {error.topic!r} was deleted while it was being read: what was read before is in the "
                    f"results. A topic of that name that is made again is another one ({error})"
                ) from None
            return None

    def log_ends(self, partitions: Collection[int]) -> Mapping[int, int]:
        if self._held is not None:
            self._held.commits.serve(self._held.consumer)
        if self._look is None:
            if time.monotonic() < self._look_at:
                return {}
            self._look = self._requests.ends(self._places(partitions), _unheard)
        try:
            next(self._look)
        except StopIteration as end:
            self._look, self._look_at = None, time.monotonic() + _LOOK_INTERVAL
            return self._numbered(end.value)
        except SourceError:
            # The reader reports the error, and partition discovery a topic that is gone.
            self._look, self._look_at = None, time.monotonic() + _LOOK_INTERVAL
        return {}

    def check_log(
        self, ranges: Mapping[int, Range], report: Report, stopping: Callable[[], bool]
    ) -> None:
        self._looks(report).check_log(ranges, stopping)

    def first_messages(
        self,
        partitions: Mapping[int, Watermarks],
        report: Report,
        stopping: Callable[[], bool],
    ) -> Iterator[tuple[int, bytes | None]]:
        return self._looks(report).first_messages(partitions, stopping, static=self._static)

    def _looks(self, report: Report) -> LogLooks:
        # Late: a new run whose format has no preamble looks at no message, and it brings the client's reader.
        from streamreg._kafka.log_looks import LogLooks

        held = self._open()
        return LogLooks(
            held.consumer,
            held.watch,
            self._table,
            self._settings,
            report,
            partial(self._tell, report),
        )

    def _tell(self, report: Report) -> None:
        """Reports errors of the connection, each kind once."""
        for error in self._errors:
            if error.code() not in self._told:
                self._told.add(error.code())
                report(str(kafka_client.source_error(error, self._topics.name, self._settings)))
        self._errors.clear()

    def commit_offsets(self, offsets: Mapping[int, int]) -> None:
        if "group.id" not in self._settings:
            return
        held = self._open()
        places = [TopicPartition(*self._table.place(p), offset) for p, offset in offsets.items()]
        held.commits.commit(held.consumer, places)

    def close(self) -> None:
        if self._held is not None:
            seconds = _STATIC_CLOSE_SECONDS if self._static else _CLOSE_SECONDS
            self._held.commits.close(self._held.consumer, seconds)
        if self._asked is not None:
            self._asked.close()
        self._held, self._asked, self._discovery, self._look = None, None, None, None

    @property
    def _requests(self) -> TopicRequests:
        if self._asked is None:
            self._asked = TopicRequests(self._settings, self._topics, self._told)
        return self._asked

    def _open(self) -> _Open:
        if self._held is None:
            # Where there is no first message, the broker is to say so at once, and not to delay the next request.
            settings = {"fetch.wait.max.ms": 10, **self._settings}
            watch = TopicIdWatch(self._table.ids)
            commits = Commits(self._settings, self._topics.name)
            consumer = kafka_client.consumer(
                settings, 1, self._errors.append, watch, commits.on_commit
            )
            self._held = _Open(consumer, watch, commits)
        return self._held


def _unheard(text: str) -> None:
    """While messages are read, their reader reports errors."""
