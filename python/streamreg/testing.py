"""Fakes for tests of programs that use streamreg: a topic that is a list, and an output that is one."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias

from streamreg._exceptions import OutputError
from streamreg._plural import plural
from streamreg._source.contract import Beginnings, Range, Report, Watermarks
from streamreg._source.in_memory import InMemorySource
from streamreg._source.messages import Batch, Envelope, Headers, Location

if TYPE_CHECKING:
    from pathlib import Path

    from streamreg._formats.contract import Format
    from streamreg._formats.registry import FormatName
    from streamreg._language.outputs import Output
    from streamreg._language.schema import Schema
    from streamreg._language.table import Table
    from streamreg._sinks.contract import Changes, ColumnSpec, RunTerms
    from streamreg._source.contract import Reader

__all__ = ["Message", "collect", "read", "write"]


def __dir__() -> list[str]:
    return __all__


Change: TypeAlias = tuple[tuple[object, ...], int, int]
"""A row, its epoch, and its diff."""


def read(
    partitions: Sequence[Sequence[bytes | Message | None]],
    *,
    schema: type[Schema],
    format: FormatName | Format = "csv",
    header: Sequence[str] | None = None,
    autocommit_duration_ms: int = 0,
    batch: int = 1000,
    metadata: Mapping[str, str] | None = None,
    upsert: bool | None = None,
    **options: object,
) -> Table:
    """A table of messages held in memory, which ends with them: `io.kafka.read` without a broker.

    Args:
        partitions: the messages of each partition, in order; None is a tombstone. A `Message` has more than a value.
        schema: the columns and their types.
        format: as for `io.kafka.read`.
        header: as for `io.kafka.read`.
        autocommit_duration_ms: as for `io.kafka.read`.
        batch: messages handed over at a time.
        metadata: as for `io.kafka.read`.
        upsert: as for `io.kafka.read`.
        options: the other options of the format, as for `io.kafka.read`.
    """
    # Late: a worker process, which imports this module for its source, needs no tables.
    from streamreg._formats.registry import input_of
    from streamreg._language.schema import schema_columns
    from streamreg._language.table import Table

    held = tuple(tuple(messages) for messages in partitions)
    source = ListSource(held, autocommit_duration_ms, batch)
    options = {"header": header, **options}
    columns = schema_columns(schema)
    return Table._from_input(input_of(source, columns, format, metadata, options, upsert=upsert))


@dataclass(frozen=True)
class Message:
    """A message with more than a value."""

    value: bytes | None
    key: bytes | None = None
    headers: Headers = ()
    timestamp: int | None = None
    """Milliseconds since 1970-01-01 UTC."""


@dataclass
class ListSource(InMemorySource):
    """Source: messages held in memory."""

    partitions: Sequence[Sequence[bytes | Message | None]]
    autocommit_duration_ms: int = 0
    batch: int = 1000
    name: str = "list"
    begins: Literal["earliest", "latest"] = "earliest"
    goes_on_after_loss: bool = False
    mode: Literal["streaming", "static"] = "static"

    def lengths(self) -> dict[int, int]:
        return dict(enumerate(map(len, self.partitions)))

    def first_messages(
        self,
        partitions: Mapping[int, Watermarks],
        report: Report,
        stopping: Callable[[], bool],
    ) -> Iterator[tuple[int, bytes | None]]:
        for partition in partitions:
            if stopping():
                return
            held = self.partitions[partition]
            yield partition, (_message(held[0]).value or b"") if held else None

    def starts(
        self, watermarks: Mapping[int, Watermarks], report: Report, stopping: Callable[[], bool]
    ) -> Mapping[int, int]:
        return {p: at.high if self.begins == "latest" else at.low for p, at in watermarks.items()}

    def reader(self, ranges: Mapping[int, Range], report: Report) -> Reader:
        return _ListReader(self, ranges)


class _ListReader:
    """Hands over each partition's messages, in batches that mix the partitions."""

    def __init__(self, source: ListSource, ranges: Mapping[int, Range]) -> None:
        self._source = source
        self._next = {p: r.start for p, r in ranges.items()}
        self._ends = {
            p: len(source.partitions[p]) if r.end is None else r.end for p, r in ranges.items()
        }
        self._beginnings = Beginnings(ranges)

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

        partitions = self._source.partitions
        messages = [partitions[p][offset] for p, offset in places]

        def partitions_of() -> Iterable[int]:
            return (partition for partition, _ in places)

        return Batch(
            [message.value if isinstance(message, Message) else message for message in messages],
            progress,
            locate=lambda index: Location(*places[index], _message(messages[index]).timestamp),
            partitions=partitions_of,
            offsets=lambda: (offset for _, offset in places),
            firsts=self._beginnings.among(progress, partitions_of),
            envelope=lambda index: _envelope(_message(messages[index])),
        )

    def log_ends(self, partitions: Collection[int]) -> Mapping[int, int]:
        return {p: self._ends[p] for p in partitions}

    def close(self) -> None:
        return


def _message(given: bytes | Message | None) -> Message:
    return given if isinstance(given, Message) else Message(given)


def _envelope(message: Message) -> Envelope:
    return Envelope(message.key, message.headers)


def collect(
    table: Table, into: list[Change] | None = None, *, name: str = "collected"
) -> list[Change]:
    """Writes every change of a table to a list, from the next `run` on: `io.csv.write` without a file.

    Args:
        table: the table to write.
        into: the list of an earlier run, for one that goes on from its state.
        name: what messages and the state call the list; each of a run has a name of its own.

    Returns:
        The list that runs append to: of each change the row, its epoch, and 1 where the row appears or -1 where it
        goes. A missing value is None.

    Raises:
        ProgramError: if the table has a column `time` or `diff`.
    """
    changes: list[Change] = [] if into is None else into
    write(table, changes, name=name)
    return changes


def write(table: Table, into: list[Change], *, name: str = "collected") -> Output:
    """Does the same with a list that is there, and returns the output, for `run(outputs=[…])`.

    Raises:
        ProgramError: if the table has a column `time` or `diff`.
    """
    from streamreg._language import outputs

    return outputs.write(table, ListSink(into, name))


@dataclass
class ListSink:
    """Sink, and its own description: a list. Its position is its length."""

    changes: list[Change]
    name: str = "collected"
    kind: str = "list"
    call: str = "testing.write"
    _pending: list[Change] = field(default_factory=list)
    _keep: int | None = None
    """How many changes of the last run the first flush is to leave; None after it."""

    @property
    def place(self) -> str:
        return f"list {id(self.changes)}"

    @property
    def position(self) -> int:
        kept = len(self.changes) if self._keep is None else self._keep
        return kept + len(self._pending)

    def files(self) -> Sequence[Path]:
        return ()

    def identity(self) -> Mapping[str, object]:
        return {"sink": "list"}

    def check(self, columns: Sequence[ColumnSpec], position: int | None, terms: RunTerms) -> None:
        if position is None and self.changes:
            raise OutputError(f"{self.name} holds changes, and there is no state to go on from")
        if len(self.changes) < (position or 0):
            raise OutputError(
                f"{self.name} holds {plural(len(self.changes), 'change')}, but the state says {position}"
            )

    def open(
        self, columns: Sequence[ColumnSpec], position: int | None, terms: RunTerms
    ) -> ListSink:
        self._keep = position or 0
        return self

    def append(self, changes: Changes) -> None:
        self._pending.extend(changes)

    def flush(self, *, durable: bool) -> None:
        if self._keep is not None:
            del self.changes[self._keep :]
            self._keep = None
        self.changes.extend(self._pending)
        self._pending.clear()

    def close(self) -> None:
        self._pending.clear()

    def read_back(self, columns: Sequence[ColumnSpec], position: int) -> ListReadBack:
        return ListReadBack(self.changes, position)


@dataclass(frozen=True)
class ListReadBack:
    """The first changes of a list."""

    held: Sequence[Change]
    position: int

    @property
    def extent(self) -> str:
        return plural(self.position, "change")

    def changes(self) -> Iterator[Sequence[bytes]]:
        from streamreg._sinks.cells import lines_of

        if len(self.held) < self.position:
            raise OutputError(f"it holds {len(self.held)} changes, not {self.position}")
        return lines_of(self.held[: self.position])

    def check_bytes(self) -> None:
        return
