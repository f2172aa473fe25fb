"""Epoch: the open outputs of a run."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from streamreg._dataclass import dataclass
from streamreg._sinks.contract import Changes
from streamreg._sinks.outbox import OutboxSink
from streamreg._sinks.parts_sink import PartsSink

if TYPE_CHECKING:
    from streamreg._epoch.watcher import EpochWatcher
    from streamreg._plan.output import OutputSpec
    from streamreg._sinks.contract import EpochChanges, Position, Sink
    from streamreg._sinks.rejects import OpenRejects


@dataclass(frozen=True)
class OpenOutput:
    """An output and its sink."""

    spec: OutputSpec
    sink: Sink
    told: Callable[[bytes], None] | None = None
    """Who is told of the same changes, if anybody is."""

    def append(self, lines: bytes) -> None:
        """Takes changes as lines of CSV. Raises OutputError if they cannot be written."""
        self.sink.append(Changes(self.spec.columns, lines))
        if self.told is not None:
            self.told(lines)


@dataclass(frozen=True)
class Outputs:
    """All outputs of a run, in the order of the plan's."""

    rows: Sequence[OpenOutput]
    scores: Sequence[OpenOutput]
    results: Sequence[OpenOutput]
    rejects: tuple[str, OpenRejects] | None
    """Where rejects are kept, if they are, with its name."""

    durable: bool = False
    """Whether a flush waits until everything would outlast a power cut."""

    def watched(self, watcher: EpochWatcher) -> Outputs:
        """The same, whose rows and scores somebody is told of."""
        rows, scores = (
            [
                replace(output, told=partial(watcher.written, index))
                for index, output in enumerate(outputs, first)
            ]
            for outputs, first in ((self.rows, 0), (self.scores, len(self.rows)))
        )
        return replace(self, rows=rows, scores=scores)

    def _tables(self) -> Iterator[OpenOutput]:
        yield from self.rows
        yield from self.scores
        yield from self.results

    def flush(self, unix_ms: int | None = None) -> None:
        """At the end of an epoch `unix_ms` is its wall clock. Raises OutputError if something is not taken."""
        for output in self._tables():
            output.sink.flush(durable=self.durable)
            if unix_ms is not None and isinstance(output.sink, PartsSink):
                output.sink.end_epoch(unix_ms)
        if self.rejects is not None:
            self.rejects[1].flush(durable=self.durable)

    def _outboxes(self) -> Iterator[tuple[str, OutboxSink]]:
        """Those that deliver to a destination, with their names."""
        for output in self._tables():
            if isinstance(output.sink, OutboxSink):
                yield output.spec.name, output.sink
        if self.rejects is not None:
            name, rejects = self.rejects
            if rejects.outbox is not None:
                yield name, rejects.outbox

    @property
    def full(self) -> bool:
        """Whether the open epoch holds so many changes that it should end."""
        return any(sink.full for _, sink in self._outboxes())

    def outbox(self) -> dict[str, list[EpochChanges]]:
        """What their destinations have not confirmed, by name, for the checkpoint."""
        return {name: list(sink.waiting) for name, sink in self._outboxes() if sink.waiting}

    @property
    def due_at(self) -> float | None:
        """When what is gathered for a destination is to be delivered, by the monotonic clock; None if nothing is."""
        due = [sink.due_at for _, sink in self._outboxes() if sink.due_at is not None]
        return min(due, default=None)

    def deliver(self, stopping: Callable[[], bool], *, gather: bool = False) -> bool:
        """Delivers what the last checkpoint holds for destinations, and waits for those that are away.

        Each is tried once at least; `gather` leaves what is not enough yet for its destination. Finished parts of files
        get their names. Returns whether all is delivered; not if the run is to end first.

        Raises:
            OutputError: if one refuses for good.
        """
        for output in self._tables():
            if isinstance(output.sink, PartsSink):
                output.sink.committed()
        done = [sink.deliver(stopping, gather=gather) for _, sink in self._outboxes()]
        return all(done)

    def positions(self) -> dict[str, Position]:
        """Where each output stands, by its name."""
        found = {output.spec.name: output.sink.position for output in self._tables()}
        if self.rejects is not None:
            name, rejects = self.rejects
            found[name] = rejects.position
        return found

    def close(self) -> None:
        """Lets go of all of them."""
        for output in self._tables():
            output.sink.close()
        if self.rejects is not None:
            self.rejects[1].close()
