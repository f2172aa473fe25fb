"""Source, Kafka: topics, as a program describes them: who reads it, and what it gives of the cluster.

It is what a worker's task brings along, and imports no client: a worker that reads natively has none.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import field, fields
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from streamreg._dataclass import dataclass
from streamreg._kafka import settings as kafka_settings
from streamreg._kafka.native_reader import NativeReader, obstacle
from streamreg._kafka.partition_table import PartitionTable, identity_after
from streamreg._kafka.start import Start, known_starts
from streamreg._kafka.switching_reader import SwitchingReader
from streamreg._kafka.topics import Topics
from streamreg._process import imported_when_used, quick_imports

if TYPE_CHECKING:
    from pathlib import Path

    from streamreg._kafka.cluster import Cluster
    from streamreg._kafka.settings import ReaderChoice
    from streamreg._source.contract import Identity, Range, Reader, Report, Watermarks
    from streamreg._source.messages import Origin


@dataclass
class KafkaSource:
    """Topics on a Kafka cluster."""

    settings: Mapping[str, kafka_settings.Setting] = field(repr=False)
    asked: Topics
    mode: Literal["streaming", "static"]
    autocommit_duration_ms: int
    reads_by: ReaderChoice = "auto"
    start: Start | None = None
    """Where a run without a state begins; None: as `auto.offset.reset` says."""

    wait_for_topic: bool = False
    """Whether a run waits for topics that are not there yet."""

    goes_on_after_loss: bool = False
    _table: PartitionTable = field(init=False, repr=False, compare=False)
    _told: set[int] = field(default_factory=set, init=False, repr=False, compare=False)
    _open: Cluster | None = field(default=None, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """No topic is looked up yet."""
        self._table = PartitionTable(self.asked)

    @property
    def refresh_seconds(self) -> float | None:
        return kafka_settings.refresh_seconds(self.settings)

    @property
    def name(self) -> str:
        return self.asked.name

    @property
    def topics(self) -> Sequence[str]:
        return self.asked.names or sorted(self._table.topics)

    @property
    def reads_anywhere(self) -> bool:
        return True

    @property
    def silence_seconds(self) -> float:
        return kafka_settings.silence_seconds(self.settings)

    def __repr__(self) -> str:
        # Late: it brings more than all else here, and a worker never shows its settings.
        from streamreg._secrets import masked

        return f"KafkaSource({self.name!r}, {masked(self.settings)})"

    def __getstate__(self) -> dict[str, object]:
        kept = {one.name: getattr(self, one.name) for one in fields(self) if one.init}
        return {**kept, "_table": self._table, "_told": self._told}

    def __setstate__(self, state: Mapping[str, object]) -> None:
        init = {one.name: state[one.name] for one in fields(self) if one.init}
        self.__init__(**init)  # type: ignore[misc]  # connections are opened again
        self._table = state["_table"]  # type: ignore[assignment]
        self._told = state["_told"]  # type: ignore[assignment]

    @property
    def identity(self) -> Identity:
        return self._table.identity

    def identity_after(
        self, name: str, identity: Identity, partitions: Collection[int]
    ) -> Identity | None:
        return identity_after(self.asked, name, identity, partitions)

    def origin(self, partition: int) -> Origin:
        return self._table.origin(partition)

    def would_read(self, path: Path) -> bool:
        return False

    def pin(self, identity: Identity, report: Report, stopping: Callable[[], bool]) -> Identity:
        self._table.restore(identity)
        return (
            self.identity if self._cluster.pin(report, stopping, wait=self.wait_for_topic) else None
        )

    def watermarks(self, report: Report, stopping: Callable[[], bool]) -> dict[int, Watermarks]:
        return self._cluster.watermarks(report, stopping)

    def starts(
        self, watermarks: Mapping[int, Watermarks], report: Report, stopping: Callable[[], bool]
    ) -> Mapping[int, int]:
        start = kafka_settings.begins(self.settings) if self.start is None else self.start
        if isinstance(start, datetime):
            return self._cluster.starts(start, watermarks, report, stopping)
        return known_starts(start, {p: self._table.place(p) for p in watermarks}, watermarks)

    def new_partitions(self, known: Collection[int]) -> dict[int, Watermarks] | None:
        return self._cluster.new_partitions(known)

    def log_ends(self, partitions: Collection[int]) -> Mapping[int, int]:
        return self._cluster.log_ends(partitions)

    def check_log(
        self, ranges: Mapping[int, Range], report: Report, stopping: Callable[[], bool]
    ) -> None:
        self._cluster.check_log(ranges, report, stopping)

    def first_messages(
        self,
        partitions: Mapping[int, Watermarks],
        report: Report,
        stopping: Callable[[], bool],
    ) -> Iterator[tuple[int, bytes | None]]:
        return self._cluster.first_messages(partitions, report, stopping)

    def commit_offsets(self, offsets: Mapping[int, int]) -> None:
        self._cluster.commit_offsets(offsets)

    def close(self) -> None:
        if self._open is not None:
            self._open.close()
            self._open = None

    @property
    def _cluster(self) -> Cluster:
        if self._open is None:
            # Late: it brings the client, whose import is slow: a third of it is asyncio, for interfaces not used here.
            with quick_imports(), imported_when_used("asyncio"):
                from streamreg._kafka.cluster import Cluster

            self._open = Cluster(
                self.settings,
                self.asked,
                self._table,
                static=self.mode == "static",
                told=self._told,
            )
        return self._open

    def reader(self, ranges: Mapping[int, Range], report: Report) -> Reader:
        def client(ranges: Mapping[int, Range]) -> Reader:
            from streamreg._kafka.reader import KafkaReader  # Late, too.

            return KafkaReader(
                self._table,
                self.settings,
                ranges,
                report,
                self._told,
                goes_on_after_loss=self.goes_on_after_loss,
            )

        if self.obstacle_to_native_reading is not None:
            return client(ranges)
        return SwitchingReader(self.name, ranges, self.native_reader, client, report)

    def native_reader(self, ranges: Mapping[int, Range]) -> NativeReader:
        """Opens the native reader alone, which gives up where anything is unusual."""
        return NativeReader(self._table, self.settings, ranges)

    @property
    def reads(self) -> str | None:
        why = self.obstacle_to_native_reading
        return "natively" if why is None else f"by the client: {why}"

    @property
    def obstacle_to_native_reading(self) -> str | None:
        """Why messages are read by the client; None if they are read natively."""
        return "reader='client'" if self.reads_by == "client" else obstacle(self.settings)
