"""Spark, on the driver: the pool of a run: plans a batch, has it run, and gives the loop what came of it.

A batch begins at the merged offsets, wherever these come from: the state of the run alone decides where it goes on, and
Spark keeps nothing of it. What does not continue them is dropped, and read again by the next batch.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from multiprocessing.connection import wait
from typing import TYPE_CHECKING, Any, Final

from streamreg._event import event
from streamreg._exceptions import StreamregError, WorkerError
from streamreg._plural import plural
from streamreg._source.contract import short_name, silence_seconds
from streamreg._spark.batch import Piece, cut, told
from streamreg._spark.contract import EndedError
from streamreg._spark.errors import check_installed, ended, first_line, remedy, said
from streamreg._spark.notices import Notices
from streamreg._spark.patience import Patience
from streamreg._spark.running import LOOK_SECONDS, Runner, Running
from streamreg._spark.shard_work import Step
from streamreg._state.shards import ShardEpoch
from streamreg._worker.contract import EngineFigures
from streamreg._worker.fold import folded
from streamreg._worker.mailbox import Failure, Frame
from streamreg._worker.partial import Partial
from streamreg._worker.task import packed, remaining

if TYPE_CHECKING:
    from streamreg._source.contract import Range
    from streamreg._spark.contract import Jobs
    from streamreg._spark.work import Done
    from streamreg._state.shards import ShardChanges
    from streamreg._worker.contract import Merged, Sharded
    from streamreg._worker.task import Task

_log = logging.getLogger("streamreg")

_RETRIES = 5
"""Failures of a batch without progress in between, after which the run gives up."""
_FIRST_PAUSE = 0.5
"""Seconds before a batch that has failed is run again; doubled for each further time."""
_LOOK: Final = 0.1
"""Seconds between two looks at the ends of the logs while nothing waits."""

_BATCH_BYTES: Final = 64 << 20
"""What the rows of a batch may take: they pass through the driver, whose Java has a gigabyte unless it is told."""


class SparkPool:
    """Batches of one run."""

    silent: Collection[int] = ()

    def __init__(
        self,
        jobs: Jobs,
        task: Task,
        merged: Merged,
        log_ends: Mapping[int, int],
        *,
        interval: float,
        max_rows: int,
        tasks: int | None,
    ) -> None:
        """`log_ends` is renewed by whoever asks for frames; `tasks` is the most of a batch, None: one for each slot."""
        self._jobs = jobs
        self._task = task
        self._ranges = dict(task.ranges)
        # What is late in a range depends on those before it; and rows that are taken back are merged one by one.
        self._plan = task.plan
        self._whole = bool(task.plan.clocks)
        self._merged = merged
        self._log_ends = log_ends
        self._interval = interval
        self._max_rows = self._most = max_rows
        self._tasks = tasks
        self._runner = Runner()
        self._running: Running[Any] | None = None
        self._start_at = time.monotonic()
        self._failures = 0
        self._source = task.input.source
        self._batch: Sequence[Piece] = ()
        self._checked = merged.sharded is None
        self._patience = Patience(self._source.name, silence_seconds(self._source))
        self._notices = Notices()
        self.restarts = 0
        self._figures = EngineFigures(jobs.name, 0, 0.0, 0, jobs.executors())

    def collect(self, timeout: float, wake: int) -> Iterator[Frame]:
        try:
            yield from self._collect(timeout, wake)
        except EndedError as error:
            raise ended(self._jobs.name, str(error)) from error

    def _collect(self, timeout: float, wake: int) -> Iterator[Frame]:
        if self._running is None and not self._checked:
            if self._start_at > time.monotonic():
                wait([wake], min(timeout, self._start_at - time.monotonic()))
                return
            self._start(Running(self._jobs.check, self._was_checked))
        elif self._running is None:
            pause = self._start_at - time.monotonic()
            pieces = self._next() if pause <= 0 else []
            if not pieces and pause <= 0 and self._merged.moves and self._merged.sharded:
                self._batch = ()
                self._start_at = time.monotonic() + self._interval
                self._step(Frame(0, Partial({}), {}, ""), self._merged.sharded)
            elif not pieces:
                wait([wake], min(timeout, max(pause, _LOOK)))
                return
            else:
                self._batch = pieces
                now = time.monotonic()
                self._start_at = now + self._interval
                self._start(
                    Running(partial(self._jobs.run, pieces), partial(self._read, pieces, now))
                )
        running = self._running
        if running is None:
            return
        if running.ended not in wait([running.ended, wake], timeout):
            self._tell_idle(running)
        else:
            self._running = None
            self._figures = replace(self._figures, seconds=self._figures.seconds + running.seconds)
            yield from self._frames(running)

    def _start(self, running: Running[Any]) -> None:
        self._running = running
        self._runner.start(running)

    def _was_checked(self, _found: None) -> Iterator[Frame]:
        self._checked = True
        self._succeeded()
        yield from ()

    def _tell_idle(self, running: Running[Any]) -> None:
        """Says of a job that nobody takes its tasks."""
        if time.monotonic() < running.look_at:
            return
        running.look_at += LOOK_SECONDS
        if self._jobs.idle():
            _log.warning(
                "no executor of %s has taken a task for %.0f s: has the cluster room for those that are asked for "
                "(spark.executor.memory, spark.executor.cores)?",
                self._jobs.name,
                LOOK_SECONDS,
                extra=event("idle"),
            )

    def _next(self) -> list[Piece]:
        ranges = {p: remaining(p, r, self._merged) for p, r in self._ranges.items()}
        # Asked for at any time, so that an end of Spark is noticed while nothing comes.
        slots = self._jobs.slots()
        parts = cut(
            ranges,
            self._log_ends,
            self._most,
            self._tasks or max(slots, 1),
            turn=self._figures.batches,
            whole=self._whole,
        )
        # Asked for at once: whoever is asked notes that these are read by what it says now.
        times = self._merged.event_times({p for part in parts for p in part}) if parts else ()
        return [
            Piece(
                part,
                [{p: at for p, at in of.items() if p in part} for of in times],
                self._patience.seconds,
                max(_BATCH_BYTES // len(parts), 1),
            )
            for part in parts
        ]

    def _frames(self, running: Running[Any]) -> Iterator[Frame]:
        try:
            frames = running.frames()
        except (EndedError, StreamregError):
            raise
        except Exception as error:
            self._failed(error)
            return
        yield from frames

    def _read(
        self, pieces: Sequence[Piece], started: float, found: Sequence[Done]
    ) -> Iterator[Frame]:
        """What comes of a batch that was read."""
        self._notices.tell(notice for done in found for notice in done.notices)
        for done in found:
            self._check(done.failure)
        self._fit(found)
        self._patience.batch(
            started,
            sum((r.end or 0) - r.start for piece in pieces for r in piece.ranges.values()),
            came=any(
                _goes_on(own, self._merged.offsets) for done in found for own in done.partials
            ),
        )
        self._figures = replace(
            self._figures,
            batches=self._figures.batches + 1,
            ranges=sum(len(piece.ranges) for piece in pieces),
            executors=self._jobs.executors(),
        )
        if self._merged.sharded is not None:
            yield from self._change(found, self._merged.sharded)
            return
        for done in found:
            for own in done.partials:
                # The loop merges each before it asks for the next.
                if _goes_on(own, self._merged.offsets):
                    self._succeeded()
                    yield Frame(0, own, {}, done.reader, done.timestamp)

    def _fit(self, found: Sequence[Done]) -> None:
        """Chooses how many messages the next batch may have by how wide the rows of this one are."""
        partials = [own for done in found for own in done.partials]
        read = sum(end - start for own in partials for start, end in own.progress.values())
        size = sum(own.size for own in partials)
        if read:
            self._most = min(self._max_rows, max(_BATCH_BYTES * read // max(size, 1), 1))

    def _change(self, found: Sequence[Done], sharded: Sharded) -> Iterator[Frame]:
        """Has the shards changed by what counts of a batch, in one piece: it is one epoch, all or nothing."""
        offsets = dict(self._merged.offsets)
        goes_on: list[Partial] = []
        for done in found:
            for own in done.partials:
                if _goes_on(own, offsets):
                    goes_on.append(own)
                    offsets.update({p: end for p, (_, end) in own.progress.items()})
        # What cannot be put together with the rest is read again by the next batch.
        whole = next(folded(self._plan, goes_on, upsert=False, cut=True), None)
        if whole is None:
            return
        reader = next((done.reader for done in reversed(found) if done.reader), "")
        times = [done.timestamp for done in found if done.timestamp is not None]
        frame = Frame(0, whole, {}, reader, max(times, default=None))
        if not whole.rows:
            self._succeeded()
            yield frame
            return
        self._step(frame, sharded)

    def _step(self, frame: Frame, sharded: Sharded) -> None:
        """Has the shards changed by a frame, and by event time, which passes idle partitions with it."""
        whole = frame.partial
        whole.moves = [m for m in self._merged.moves if m.partition not in whole.progress]
        whole.spans = self._merged.spans(whole)
        epoch = ShardEpoch(self._merged.epochs, self._merged.stamps(), whole.spans)
        step = Step(whole.progress, epoch, sharded.shards.each)
        self._start(Running(partial(self._jobs.change, step), partial(self._changed, frame)))

    def _changed(self, frame: Frame, changes: Sequence[ShardChanges | Failure]) -> Iterator[Frame]:
        """The batch with what it has changed in the shards."""
        shards: list[ShardChanges] = []
        for change in changes:
            if isinstance(change, Failure):
                self._check(change)
            else:
                shards.append(change)
        frame.partial.shards = shards
        self._succeeded()
        yield frame

    def _check(self, failure: Failure | None) -> None:
        if failure is not None:
            raise failure.error or WorkerError(
                f"a task on {self._jobs.name} failed:\n{failure.traceback}"
            )

    def _failed(self, error: Exception) -> None:
        """A job has failed although each of its tasks was tried as often as Spark does."""
        check_installed(error)
        text = str(error)
        self._failures += 1
        if self._failures > _RETRIES:
            raise WorkerError(
                f"a batch on {self._jobs.name} has failed {plural(self._failures, 'time')} without progress: giving "
                f"up; it had {told(self._batch, partial(short_name, self._source))}{remedy(text)}:\n{said(error)}"
            ) from error
        self.restarts += 1
        pause = _FIRST_PAUSE * 2 ** (self._failures - 1)
        self._start_at = time.monotonic() + pause
        _log.warning(
            "a batch on %s has failed: it is run again from the merged offsets in %.1f s: %s",
            self._jobs.name,
            pause,
            first_line(error),
            extra=event("batch_failed", again_in=pause, reason=first_line(error)),
        )

    def _succeeded(self) -> None:
        """What a job has come to counts."""
        if self._failures:
            _log.info("%s works again", self._jobs.name, extra=event("batch_recovery"))
        self._failures = 0

    def grow(self, ranges: Mapping[int, Range]) -> None:
        self._ranges.update(ranges)
        self._jobs.renew(packed(self._task))

    def read_again(self, partitions: Collection[int]) -> None:
        """Nothing is to be done: what follows of them does not continue the merged offsets."""

    def stop(self) -> Iterator[Frame]:
        """What is under way is read again by the next run: an end waits for no batch."""
        yield from ()

    def kill(self) -> None:
        self._runner.close()
        self._jobs.close()
        if self._running is not None:
            self._running.drop()
            self._running = None

    @property
    def troubled_at(self) -> float | None:
        return self._notices.troubled_at

    def processes(self) -> Mapping[int, int]:
        return {}

    def figures(self) -> EngineFigures:
        return self._figures


def _goes_on(own: Partial, offsets: Mapping[int, int]) -> bool:
    """Whether it begins at these offsets of its partitions."""
    return all(start == offsets[p] for p, (start, _) in own.progress.items())
