"""Fakes for tests of programs that use streamreg: a topic that is a list."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from streamreg._source import Batch, Extent, Format, Location, Range, Report
from streamreg.schema import schema_columns
from streamreg.table import Table

if TYPE_CHECKING:
    from streamreg._source import Reader
    from streamreg._types import ColumnType
    from streamreg.schema import Schema

__all__ = ["read"]


def read(
    partitions: Sequence[Sequence[bytes | None]],
    *,
    schema: type[Schema],
    format: Format = "csv",
    header: Sequence[str] | None = None,
    autocommit_duration_ms: int = 0,
    batch: int = 1000,
) -> Table:
    """A table of messages held in memory, which ends with them: `io.kafka.read` without a broker.

    Args:
        partitions: the messages of each partition, in order; None is a tombstone.
        schema: the columns and their types.
        format: as for `io.kafka.read`.
        header: as for `io.kafka.read`.
        autocommit_duration_ms: as for `io.kafka.read`.
        batch: messages handed over at a time.
    """
    held = tuple(tuple(messages) for messages in partitions)
    names = None if header is None else list(header)
    return Table._from_source(
        ListSource(held, dict(schema_columns(schema)), format, names, autocommit_duration_ms, batch)
    )


@dataclass
class ListSource:
    """Source: messages held in memory."""

    partitions: Sequence[Sequence[bytes | None]]
    columns: Mapping[str, ColumnType]
    format: Format
    header: Sequence[str] | None
    autocommit_duration_ms: int
    batch: int
    name: str = "list"
    begins: Literal["earliest", "latest"] = "earliest"
    mode: Literal["streaming", "static"] = "static"
    refresh_seconds: float | None = None

    def extents(self, report: Report, stopping: Callable[[], bool]) -> dict[int, Extent]:
        return {
            partition: Extent(0, len(messages))
            for partition, messages in enumerate(self.partitions)
        }

    def new_partitions(self, known: Collection[int]) -> dict[int, Extent]:
        return {}

    def first_message(self, partition: int, timeout: float, report: Report) -> bytes | None:
        held = self.partitions[partition]
        return (held[0] or b"") if held else None

    def reader(self, ranges: Mapping[int, Range], report: Report) -> Reader:
        return _ListReader(self, ranges)

    def acknowledge(self, offsets: Mapping[int, int]) -> None:
        return

    def close(self) -> None:
        return


class _ListReader:
    """Hands over each partition's messages, in batches that mix the partitions."""

    def __init__(self, source: ListSource, ranges: Mapping[int, Range]) -> None:
        self._source = source
        self._next = {p: r.start for p, r in ranges.items()}
        self._ends = {
            p: len(source.partitions[p]) if r.end is None else r.end for p, r in ranges.items()
        }

    def read(self, timeout: float) -> Batch | None:
        share = max(self._source.batch // max(len(self._next), 1), 1)
        progress = {
            p: (start, min(start + share, self._ends[p]))
            for p, start in self._next.items()
            if start < self._ends[p]
        }
        if not progress:
            time.sleep(timeout)  # As a reader waits for a broker that has nothing.
            return None
        places = [
            (p, offset) for p, (start, end) in progress.items() for offset in range(start, end)
        ]
        self._next.update({p: end for p, (_, end) in progress.items()})
        return Batch(
            [self._source.partitions[p][offset] for p, offset in places],
            progress,
            locate=lambda index: Location(*places[index], None),
            partition_of=lambda index: places[index][0],
        )

    def lag(self) -> int | None:
        return sum(self._ends[p] - start for p, start in self._next.items())

    def close(self) -> None:
        return


def __dir__() -> list[str]:
    return sorted(__all__)
