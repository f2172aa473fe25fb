"""Supervisor: the parent's loop. Frames in, epochs closed in time, a clean end."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from streamreg._exceptions import OutputError, StateError, StreamregError
from streamreg._run.contact import Contact
from streamreg._run.quiet_partitions import QuietPartitions

if TYPE_CHECKING:
    from streamreg._epoch.merge import Merge
    from streamreg._run.measures import Measures
    from streamreg._run.signals import StopSignals
    from streamreg._sinks.waits import Wait
    from streamreg._source.contract import Source
    from streamreg._source.partition_discovery import PartitionDiscovery
    from streamreg._worker.contract import Pool
    from streamreg._worker.mailbox import Frame

_COMMIT_INTERVAL = 1.0
_IDLE_INTERVAL = 0.2
"""Seconds after which it is looked for idle partitions, where windows wait for them."""
TELL_INTERVAL = 1.0
"""Seconds after which progress is reported although nothing has come."""


class Supervisor:
    """Carries the pool's frames to the merge until the source has ended or the run is stopped.

    An epoch is closed as soon as it holds something and `interval` seconds have passed since the one before was:
    a lone message after a pause waits for nothing, a stream of them is gathered.
    """

    def __init__(
        self,
        pool: Pool,
        merge: Merge,
        signals: StopSignals,
        *,
        interval: float,
        ends: Mapping[int, int | None],
        tell: Callable[[int | None, Mapping[str, Wait]], bool],
        source: Source,
        discovery: PartitionDiscovery,
        measures: Measures,
        closed: Callable[[], None],
    ) -> None:
        """`tell` is given the lag, and the topic if it does not respond, and returns whether to stop.

        The source commits the offsets of closed epochs, `measures` are kept here, and `closed` is called when an
        epoch was closed.
        """
        self._pool = pool
        self._merge = merge
        self._signals = signals
        self._interval = interval
        self._ends = ends
        self._tell = tell
        self._source = source
        self._discovery = discovery
        self._measures = measures
        self._closed = closed
        self._log_ends = measures.log_ends
        self._contact = Contact(source.name, measures.log_ends)
        self._quiet = QuietPartitions()
        # Of closed epochs. Those of the last run too: it may have crashed before it could commit.
        self._to_commit: Mapping[int, int] | None = dict(merge.offsets)
        self._may_close_at = self._commit_at = time.monotonic()
        self._tell_at = self._may_close_at + TELL_INTERVAL
        self._stopped = False
        self._ending = False
        """Whether an error ends the run: nobody is waited for then."""

    def run(self) -> str:
        """Returns what ended the run: "source", "stop" or the name of a signal."""
        try:
            while (reason := self._reason_to_end()) is None:
                self._take(self._pool.collect(self._patience(), self._signals.wake))
                now = time.monotonic()
                if self._merge.pending and (now >= self._may_close_at or self._merge.full):
                    self._close()
                elif (due_at := self._merge.due_at) is not None and now >= due_at:
                    self._merge.deliver(self._to_end)
                self._learn(self._source.log_ends(self._merge.offsets))
                self._merge.pass_idle(self._quiet.idle)
                if now >= self._commit_at:
                    self._commit()
                if now >= self._tell_at:
                    self._say()
                self._grow()
            if reason != "source":  # Then nothing is on its way, and a worker would wait for more.
                self._take(self._pool.stop())
            self._close()
            self._deliver_gathered()
            self._merge.settle()
            self._commit()
        except StreamregError as error:
            if not isinstance(error, OutputError | StateError):
                # What was merged is sound: the run ends with it. After a failed closing it is closed in part.
                self._ending = True
                self._close()
                self._deliver_gathered()
                self._commit()
            raise
        finally:
            self._merge.tell(end=True)
            self._pool.kill()
        return reason

    def _reason_to_end(self) -> str | None:
        if self._signals.received is not None:
            return self._signals.received.name
        if self._stopped:
            return "stop"
        done = self._merge.offsets
        if all(end is not None and done[p] >= end for p, end in self._ends.items()):
            return "source"
        return None

    def _grow(self) -> None:
        """Starts reading partitions that were added to the topic."""
        new = self._discovery.look(self._merge.offsets)
        if new:
            self._merge.grow(new, self._source.identity)
            self._pool.grow(new)

    def _patience(self) -> float:
        """Seconds to wait for a frame."""
        due = [self._tell_at]
        if self._merge.pending:
            due.append(self._may_close_at)
        if (due_at := self._merge.due_at) is not None:
            due.append(due_at)
        if self._to_commit is not None:
            due.append(self._commit_at)
        if self._merge.waits_for_idle:
            due.append(time.monotonic() + _IDLE_INTERVAL)
        return max(min(due) - time.monotonic(), 0.0)

    def _take(self, frames: Iterable[Frame]) -> None:
        for frame in frames:
            again = self._merge.apply(frame.partial)
            if again:
                self._pool.read_again(again)
            else:
                self._quiet.has_read(frame.partial.progress)
                self._measures.take(frame)
            self._learn(frame.log_ends)

    def _learn(self, log_ends: Mapping[int, int]) -> None:
        now = time.monotonic()
        self._log_ends.learn(log_ends, now)
        self._quiet.learn(log_ends, self._merge.offsets, now)

    def _close(self) -> None:
        if not self._merge.pending:
            return
        started = time.monotonic()
        held = self._merge.close()
        self._measures.epoch_seconds.add(time.monotonic() - started)
        self._closed()
        self._merge.deliver(self._to_end)
        now = time.monotonic()
        if held:  # A header that comes alone does not keep the first row waiting.
            self._may_close_at = now + self._interval
        self._to_commit = dict(self._merge.offsets)
        if now >= self._commit_at:
            self._commit()
        self._say()

    def _deliver_gathered(self) -> None:
        """At the end, what would have waited for more."""
        if self._merge.due_at is not None:
            self._merge.deliver(self._to_end, gather=False)

    def _to_end(self) -> bool:
        """Whether the run is to end, while a destination is waited for; tells how far it is meanwhile."""
        if time.monotonic() >= self._tell_at:
            self._say()
        return self._ending or self._stopped or self._signals.received is not None

    def _commit(self) -> None:
        """Commits offsets through the source, once in a while; nothing if there are no new ones."""
        if self._to_commit is not None:
            self._commit_at = time.monotonic() + _COMMIT_INTERVAL
            self._source.commit_offsets(self._to_commit)
            self._to_commit = None

    def _say(self) -> None:
        # Here too: an epoch that is long to close, or a destination that is waited for, makes no end of a log unknown.
        self._learn(self._source.log_ends(self._merge.offsets))
        now = time.monotonic()
        self._tell_at = now + TELL_INTERVAL
        self._merge.tell()
        lag = self._lag(now)
        self._contact.look(self._merge.offsets, lag, self._pool.troubled_at, now)
        self._stopped |= self._tell(lag, self._contact.waits)

    def _lag(self, now: float) -> int | None:
        """Messages of the topic that are not merged yet; None where the end of a log is not known."""
        lag = 0
        known = self._log_ends.known(now)
        for partition, offset in self._merge.offsets.items():
            end = self._ends.get(partition)
            end = known.get(partition) if end is None else end
            if end is None:
                return None
            lag += max(end - offset, 0)
        return lag
