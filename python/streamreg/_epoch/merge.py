"""Epoch: score → merge → solve → changelog: how the parent merges partials, and how it closes an epoch.

`Merge` knows nothing of processes: whoever brings partials calls `apply`, whoever decides that an epoch is over calls
`close`. A partial counts only where it continues the merged offsets, so that none counts twice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from streamreg._core import Reduction, stamp
from streamreg._epoch.epoch_rejects import EpochRejects
from streamreg._epoch.event_clocks import EventClocks
from streamreg._epoch.excluded_rows import ExcludedRows
from streamreg._epoch.merged_offsets import MergedOffsets
from streamreg._epoch.reductions import Reductions
from streamreg._epoch.result_changes import ResultChanges
from streamreg._epoch.scorings import Scorings
from streamreg._epoch.slow_results import SlowResults
from streamreg._exceptions import CorruptStateError, MismatchError, StateError
from streamreg._state.keyed_rows import changes
from streamreg._state.upserted_rows import PART as UPSERTED
from streamreg._worker.partial import Move

if TYPE_CHECKING:
    from streamreg._epoch.outputs import Outputs
    from streamreg._epoch.sharded_keys import ShardedKeys
    from streamreg._epoch.upserts import TakenBack, Upserts
    from streamreg._epoch.watcher import EpochWatcher
    from streamreg._formats.contract import Found
    from streamreg._plan.plan import Plan
    from streamreg._source.contract import Identity, Range
    from streamreg._state.checkpoint import Checkpoint, KeyedPart
    from streamreg._state.shards import Span
    from streamreg._state.upserted_rows import UpsertedRows
    from streamreg._types import Moment
    from streamreg._worker.partial import Partial
    from streamreg._worker.task import Times


class Merge:
    """The run's state: merged offsets, exact states, last results."""

    def __init__(
        self,
        plan: Plan,
        checkpoint: Checkpoint,
        outputs: Outputs,
        *,
        commit: Callable[[Checkpoint], None] | None,
        unix_ms: Callable[[], int],
        interval: float = 0.0,
        max_rejects: int | None = None,
        upserted: UpsertedRows | None = None,
        watcher: EpochWatcher | None = None,
        sharded: ShardedKeys | None = None,
    ) -> None:
        """Goes on from `checkpoint`; `commit`, if there is one, is given the next one at the end of each epoch.

        Epochs are closed `interval` seconds apart, where results do not take longer. `upserted` has the rows that
        stand, of a source of upserts. `watcher` is told what the epochs bring. `sharded` is what is kept by keys, where
        others keep it.

        Raises:
            StateError: if the checkpoint holds states that are not those of this plan.
        """
        self._merged = MergedOffsets(plan.source, checkpoint)
        self.epochs = checkpoint.epochs
        self.rows = checkpoint.rows
        self.tombstones = checkpoint.tombstones
        self._rejects = EpochRejects(
            plan.input, outputs.rejects, Counter(checkpoint.rejects), max_rejects, watcher
        )
        self.pending = False
        self._base = checkpoint
        self._plan = plan
        self._outputs = outputs if watcher is None else outputs.watched(watcher)
        self._commit = commit
        self._unix_ms = unix_ms
        self._slow_results = SlowResults(interval)
        self.sharded = sharded
        self._results = ResultChanges(plan, outputs, self._slow_results, watcher, sharded)
        self._times = {"epoch": checkpoint.epochs - 1, "unix_ms": checkpoint.unix_ms}
        self.clocks = EventClocks(
            plan.rows.clocks, checkpoint.times, map(Move._make, checkpoint.moves)
        )
        self._reductions = Reductions(plan, sharded)
        if checkpoint.reductions or checkpoint.changelogs:
            self._restore(checkpoint)
            if checkpoint.rewrite:
                self._reductions.give_all()
        self._moves: Sequence[Move] = ()
        for clock, windows in self._reductions.by_clock():
            self.clocks.windows[clock].append(windows)
        self._scorings = Scorings(plan, self._reductions, self._outputs, self._slow_results)
        self._upserts = None if upserted is None else _upserts(plan, checkpoint.found, upserted)
        self._excluded = ExcludedRows(self._reductions.excluded(), can_miss=plan.rows.can_miss)
        self._opened = False
        self._open_rows = self._open_tombstones = 0
        self._outbox = False
        if checkpoint.rewrite and checkpoint.epochs:
            self._open()
            self.pending = True

    def _restore(self, checkpoint: Checkpoint) -> None:
        try:
            kept = len(checkpoint.reductions), len(checkpoint.changelogs)
            if kept != (len(self._reductions.each), len(self._plan.result_outputs)):
                raise CorruptStateError("a part of it is missing")
            self._reductions.restore(checkpoint, self._time)
            self._results.restore(checkpoint)
        except (CorruptStateError, MismatchError) as error:
            raise StateError(f"the state does not fit this job: {error}") from error

    @property
    def rejects(self) -> Counter[str]:
        """How many there are of each kind, in closed epochs."""
        return self._rejects.counts

    @property
    def excluded(self) -> int:
        """The most rows that one aggregate has left out, in closed epochs."""
        return self._excluded.count

    @property
    def lost(self) -> int:
        """The offsets of which the messages were deleted before they were read."""
        return self._merged.lost

    @property
    def offsets(self) -> Mapping[int, int]:
        """For each partition the offset from which on nothing is merged."""
        return self._merged.next

    @property
    def untouched(self) -> Collection[int]:
        """Partitions of which no message was looked at yet."""
        return self._merged.untouched

    @property
    def leader_epochs(self) -> Mapping[int, int]:
        """For each partition the leader epoch of the last merged message."""
        return self._merged.leader_epochs

    @property
    def results(self) -> Sequence[Mapping[str, object]]:
        """The last row of each result output, or how many it has."""
        return self._results.shown

    @property
    def unix_ms(self) -> int:
        """The wall clock of the last epoch with rows, in milliseconds; -1 before the first."""
        return self._times["unix_ms"]

    def result_rows(self) -> tuple[Sequence[bytes], ...]:
        """The rows of each result output as they stand, as CSV has them, of closed epochs."""
        return tuple([row for _, row in one.first()] for one in self._results.changelogs)

    def sums(self) -> tuple[bytes | None, ...]:
        """The state of each reduction, None of those with keys; asked right after an epoch was closed."""
        return tuple(
            one.to_bytes() if isinstance(one, Reduction) else None for one in self._reductions.each
        )

    def event_times(self, partitions: Collection[int]) -> Times:
        """How far these partitions have come in event time, by clock, for whoever reads on from the merged offsets."""
        self.clocks.keep(partitions)
        return [{p: time for p, time in of.items() if p in partitions} for of in self.clocks.times]

    def grow(self, ranges: Mapping[int, Range], identity: Identity) -> None:
        """Goes on with more partitions, of which nothing was read yet, and with what the source is now."""
        self.clocks.join(self.offsets, {p: r.start for p, r in ranges.items()})
        self._merged.grow(ranges)
        self._base = replace(
            self._base,
            began={**self._base.began, **ranges},
            identity=identity or self._base.identity,
        )

    def apply(self, partial: Partial) -> set[int]:
        """Adds a partial to the open epoch; one that was added before changes nothing.

        Returns the partitions, if any, that are to be read anew from the merged offsets: they were moved on in event
        time since, so that rows of the partial are late. Nothing of it is added then.

        Raises:
            SourceError: if there are too many classes.
            WorkerError: if the partial skips messages, or overlaps merged ones in part.
            OutputError: if a file cannot be written.
            RejectsError: if more was rejected than the run may reject; the partial is added, and the epoch can
                be closed.
        """
        if not partial.moves and self._merged.holds(partial):
            return set()
        self._merged.check(partial)
        if stale := self.clocks.stale(partial.clocks):
            self.clocks.keep(stale)
            return set(partial.progress)
        if partial.shards and partial.spans != self.spans(partial):
            # Partitions have come since: other windows are due than those that were closed.
            return set(partial.progress)
        if self._upserts is None and partial.kept:
            raise AssertionError("upserts have rows that stand")
        back = None if self._upserts is None else self._upserts.taken_back(partial)
        if partial.rows or back:
            if not self._opened:
                self._open()
            self._add(partial, back)
        if partial.moves:
            self._move(partial.moves)
        if self.sharded is not None and partial.shards:
            self.sharded.take(partial.shards)
        if self._upserts is not None:
            self._upserts.put(partial)
        self.clocks.take(partial.clocks)
        if partial.rejects:
            self._rejects.keep(partial.rejects)
        self._open_tombstones += partial.tombstones
        self._merged.advance(partial)
        self.pending = True
        if partial.rejects:
            self._rejects.check_limit(partial.rejects)
        return set()

    def pass_idle(self, idle: Callable[[float], Collection[int]]) -> None:
        """Lets event time pass idle partitions, so that their windows close.

        `idle` gives the partitions that have no more messages for some seconds. Where windows are in shards, a partial
        does so, which says what it closes.
        """
        moves = self.clocks.idle_moves(self.offsets, idle)
        if self.sharded is not None:
            self._moves = moves
        elif moves:
            self._move(moves)
            self.pending = True

    def _move(self, moves: Sequence[Move]) -> None:
        if not self._opened:
            self._open()
        for move in moves:
            self.clocks.move(move)

    @property
    def moves(self) -> Sequence[Move]:
        """Idle partitions that are to be moved on in event time by whoever has the shards."""
        return [move for move in self._moves if self.offsets[move.partition] == move.offset]

    def spans(self, partial: Partial) -> Mapping[str, Span]:
        """For each reduction in windows that are in shards from when to when its event time goes with a partial."""
        after = self.clocks.after(self.offsets, partial.clocks, partial.moves)
        return {
            f"reduction {index}": (self.clocks.time(clock, self.offsets), after[clock])
            for index, clock in self._reductions.sharded_windows()
        }

    @property
    def waits_for_idle(self) -> bool:
        """Whether windows close where partitions are idle."""
        return self.clocks.wait_for_idle

    def stamps(self) -> Mapping[str, int]:
        """What the column `time` may hold of the open epoch, which is opened, for whoever works on it elsewhere."""
        if not self._opened:
            self._open()
        return dict(self._times)

    def _open(self) -> None:
        """Gives the epoch its time (its number, and a wall-clock time later than the last) and its scoring models."""
        self._opened = True
        self._times = {
            "epoch": self.epochs,
            "unix_ms": max(self._unix_ms(), self._times["unix_ms"] + 1),
        }
        self._scorings.begin(self.epochs)

    def _add(self, partial: Partial, back: TakenBack | None) -> None:
        if back is None:
            self._insert(partial)
            return
        # An epoch of which some rows are taken back, and not the others, cannot be closed.
        self.pending = False
        for replaced in back.replaced():
            self._change(replaced, -1)
        if partial.rows:
            self._insert(partial)
        for own in back.own:
            self._change(own, -1)

    def _insert(self, partial: Partial) -> None:
        self._scorings.write(partial, self._times)
        self._change(partial, 1)
        self._open_rows += partial.rows

    def _change(self, partial: Partial, diff: Literal[1, -1]) -> None:
        """Adds rows, or takes them back."""
        for output, pieces in zip(self._outputs.rows, partial.outputs, strict=True):
            for rows in pieces:
                output.append(stamp(rows, self._times[output.spec.time], diff))
        self._reductions.change(partial, diff)

    def close(self) -> bool:
        """Ends the open epoch: solves, writes what changed, flushes, commits.

        Returns whether it held more than offsets: a row or a reject, or time that has passed. What waits for
        destinations is in the checkpoint then: `deliver` it before the next epoch is closed.

        Raises:
            SourceError: if there are too many classes.
            OutputError: if a file cannot be written.
            StateError: if the checkpoint cannot be written.
        """
        if self._opened:
            times = [self._time(index) for index in range(len(self._reductions.each))]
            self._results.write(self._reductions.each, self.epochs, self._times, times)
            self.epochs += 1
        self._outputs.flush(self._times["unix_ms"] if self._opened else None)
        self.rows += self._open_rows
        self.tombstones += self._open_tombstones
        held = self._opened or self._rejects.any
        self._rejects.count()
        if self._commit is not None:
            self._commit(checkpoint := self._checkpoint())
            self._outbox = bool(checkpoint.outbox)
        for kept in (*self._reductions.each, *self._results.changelogs):
            if not isinstance(kept, Reduction):
                kept.mark_clean()
        if self._upserts is not None:
            self._upserts.rows.mark_clean()
        if self.sharded is not None:
            self.sharded.end()
        self._excluded.add(self.epochs - 1, self._reductions.excluded())
        self.tell()
        self._opened, self._open_rows, self._open_tombstones = False, 0, 0
        self.pending = False
        return held

    @property
    def full(self) -> bool:
        """Whether the open epoch holds so many changes for destinations that it should be closed early."""
        return self._outputs.full

    @property
    def due_at(self) -> float | None:
        """When `deliver` is due although no epoch was closed, by the monotonic clock; None if nothing is gathered."""
        return self._outputs.due_at

    def deliver(self, stopping: Callable[[], bool], *, gather: bool = True) -> bool:
        """Delivers what closed epochs hold for destinations; as `Outputs.deliver`."""
        return self._outputs.deliver(stopping, gather=gather)

    def settle(self) -> None:
        """At the end of a run: the state holds no more what was delivered since the last epoch was closed."""
        if self._commit is not None and self._outbox and not self.pending:
            self._commit(self._checkpoint())

    def _time(self, reduction: int) -> Moment | None:
        """Up to where the event time of a reduction has come in all partitions; None if it has no such time."""
        windows = self._plan.rows.reductions[reduction].windows
        return None if windows is None else self.clocks.time(windows.clock, self.offsets)

    def _keyed(self) -> dict[str, KeyedPart | UpsertedRows]:
        """The parts that the checkpoint keeps by key."""
        found: dict[str, KeyedPart | UpsertedRows] = {**self._reductions.keyed()}
        if self._upserts is not None:
            found[UPSERTED] = self._upserts.rows
        return found | self._results.keyed()

    def _checkpoint(self) -> Checkpoint:
        keyed = self._keyed()
        digests = {part: kept.digest() for part, kept in keyed.items()}
        if self.sharded is not None:
            digests |= self.sharded.digests()
        return replace(
            self._merged.kept(self._base),
            times=[dict(of) for of in self.clocks.times],
            moves=self.clocks.moves,
            epochs=self.epochs,
            unix_ms=self._times["unix_ms"],
            rows=self.rows,
            tombstones=self.tombstones,
            rewrite=False,
            rejects=dict(self.rejects),
            positions=self._outputs.positions(),
            outbox=self._outputs.outbox(),
            reductions=self._reductions.states(),
            changelogs=self._results.states(),
            digests=digests,
            shards=None if self.sharded is None else self.sharded.shards,
            changes={part: changes(kept) for part, kept in keyed.items()},
        )

    def tell(self, *, end: bool = False) -> None:
        """Logs the rejects and the excluded rows of closed epochs, now and then, and at the `end` of a run the rest."""
        self._rejects.tell(any_row=self.rows > 0, end=end)
        self._excluded.tell(end=end)


def _upserts(plan: Plan, found: Found, rows: UpsertedRows) -> Upserts:
    # Late: few jobs have them, and they bring NumPy, whose import takes longer than all of the rest.
    from streamreg._epoch.upserts import Upserts

    return Upserts(plan, found, rows)
