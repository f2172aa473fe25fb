"""Spark, on the driver: the pool of a run: plans a batch, has it run, and gives the loop what came of it.

A batch begins at the merged offsets, wherever these come from: the state of the run alone decides where it goes on, and
Spark keeps nothing of it. What does not continue them is dropped, and read again by the next batch.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from multiprocessing.connection import wait
from queue import SimpleQueue
from typing import TYPE_CHECKING, Final

from streamreg._exceptions import ConfigurationError, WorkerError
from streamreg._plural import plural
from streamreg._spark.batch import Piece, cut
from streamreg._spark.contract import EndedError
from streamreg._spark.errors import first_line, said
from streamreg._worker.contract import EngineFigures
from streamreg._worker.mailbox import Frame
from streamreg._worker.task import remaining

if TYPE_CHECKING:
    from streamreg._source.contract import Range
    from streamreg._spark.contract import Jobs
    from streamreg._spark.work import Done
    from streamreg._worker.contract import Merged
    from streamreg._worker.task import Task

_log = logging.getLogger("streamreg")

_RETRIES = 5
"""Failures of a batch without progress in between, after which the run gives up."""
_FIRST_PAUSE = 0.5
"""Seconds before a batch that has failed is run again; doubled for each further time."""
_LOOK: Final = 0.1
"""Seconds between two looks at the ends of the logs while nothing waits."""
_QUIET: Final = 30.0
"""Seconds for which a notice is not told again: each batch opens readers anew, and they find the same trouble."""

_ADVICE: Final = {
    "No module named 'streamreg'": "streamreg is not installed on the executors: install the same wheel on each",
    "No module named 'confluent_kafka'": "the Kafka client is not installed on the executors: install streamreg by pip",
    "PYTHON_VERSION_MISMATCH": "the executors run another Python than the driver: set PYSPARK_PYTHON",
}
"""What a failure comes of that no retry mends."""


class SparkPool:
    """Batches of one run."""

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
        self._ranges = dict(task.ranges)
        # What is late in a range depends on those before it; and rows that are taken back are merged one by one.
        self._whole = bool(task.plan.clocks)
        self._merged = merged
        self._log_ends = log_ends
        self._interval = interval
        self._max_rows = max_rows
        self._tasks = tasks
        self._runner = _Runner(jobs)
        self._running: _Running | None = None
        self._start_at = time.monotonic()
        self._failures = 0
        self._told: dict[str, float] = {}
        self.restarts = 0
        self._figures = EngineFigures(jobs.name, 0, 0.0, 0, jobs.executors())

    def collect(self, timeout: float, wake: int) -> Iterator[Frame]:
        if self._running is None:
            pause = self._start_at - time.monotonic()
            pieces = self._next() if pause <= 0 else []
            if not pieces:
                wait([wake], min(timeout, max(pause, _LOOK)))
                return
            self._start_at = time.monotonic() + self._interval
            self._running = self._runner.start(pieces)
        if self._running.ended in wait([self._running.ended, wake], timeout):
            running, self._running = self._running, None
            yield from self._frames(running)

    def _next(self) -> list[Piece]:
        ranges = {p: remaining(p, r, self._merged) for p, r in self._ranges.items()}
        tasks = self._tasks or max(self._jobs.slots(), 1)
        parts = cut(ranges, self._log_ends, self._max_rows, tasks, whole=self._whole)
        # Asked for at once: whoever is asked notes that these are read by what it says now.
        times = self._merged.event_times({p for part in parts for p in part}) if parts else ()
        return [
            Piece(part, [{p: at for p, at in of.items() if p in part} for of in times])
            for part in parts
        ]

    def _frames(self, running: _Running) -> Iterator[Frame]:
        try:
            found = running.result()
        except EndedError as error:
            raise WorkerError(
                f"{self._jobs.name} has ended ({error}): what was merged is in the state, from which a new run goes on"
            ) from error
        except Exception as error:
            self._failed(error)
            return
        self._tell(found)
        for done in found:
            if done.failure is not None:
                raise done.failure.error or WorkerError(
                    f"a task on {self._jobs.name} failed:\n{done.failure.traceback}"
                )
        before = self._figures
        self._figures = replace(
            before,
            batches=before.batches + 1,
            seconds=before.seconds + running.seconds,
            ranges=sum(len(piece.ranges) for piece in running.pieces),
            executors=self._jobs.executors(),
        )
        for done in found:
            for partial in done.partials:
                # The loop merges each before it asks for the next.
                offsets = self._merged.offsets
                if all(start == offsets[p] for p, (start, _) in partial.progress.items()):
                    self._failures = 0
                    yield Frame(0, partial, {}, done.reader, done.timestamp)

    def _failed(self, error: Exception) -> None:
        """A job has failed although each of its tasks was tried as often as Spark does."""
        text = str(error)
        for sign, advice in _ADVICE.items():
            if sign in text:
                raise ConfigurationError(f"engine: {advice}") from error
        self._failures += 1
        if self._failures > _RETRIES:
            raise WorkerError(
                f"a batch on {self._jobs.name} has failed {plural(self._failures, 'time')} without progress: giving "
                f"up:\n{said(error)}"
            ) from error
        self.restarts += 1
        pause = _FIRST_PAUSE * 2 ** (self._failures - 1)
        self._start_at = time.monotonic() + pause
        _log.warning(
            "a batch on %s has failed: it is run again from the merged offsets in %.1f s: %s",
            self._jobs.name,
            pause,
            first_line(error),
        )

    def _tell(self, found: Sequence[Done]) -> None:
        now = time.monotonic()
        for text in dict.fromkeys(notice for done in found for notice in done.notices):
            if now >= self._told.get(text, now):
                self._told[text] = now + _QUIET
                _log.warning("%s", text)

    def grow(self, ranges: Mapping[int, Range]) -> None:
        self._ranges.update(ranges)

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

    def processes(self) -> Mapping[int, int]:
        return {}

    def figures(self) -> EngineFigures:
        return self._figures


class _Runner:
    """Runs batches in a thread, always the same: the loop looks after signals and progress meanwhile."""

    def __init__(self, jobs: Jobs) -> None:
        self._jobs = jobs
        self._batches: SimpleQueue[_Running | None] = SimpleQueue()
        threading.Thread(target=self._work, name="streamreg-batches", daemon=True).start()

    def start(self, pieces: Sequence[Piece]) -> _Running:
        """Begins a batch."""
        running = _Running(pieces)
        self._batches.put(running)
        return running

    def close(self) -> None:
        """Ends the thread, when what it runs has ended."""
        self._batches.put(None)

    def _work(self) -> None:
        while (running := self._batches.get()) is not None:
            running.run(self._jobs)


class _Running:
    """A batch under way."""

    def __init__(self, pieces: Sequence[Piece]) -> None:
        self.pieces = pieces
        self.seconds = 0.0
        self._found: list[Done] = []
        self._error: Exception | None = None
        self.ended, self._end = os.pipe()
        """Readable as soon as there is a result."""

    def run(self, jobs: Jobs) -> None:
        started = time.monotonic()
        try:
            self._found = jobs.run(self.pieces)
        except Exception as error:  # told to whoever asks for the result
            self._error = error
        finally:
            self.seconds = time.monotonic() - started
            os.close(self._end)

    def result(self) -> list[Done]:
        """What the tasks have handed in; once, when it has ended. Raises what `Jobs.run` has raised."""
        os.close(self.ended)
        if self._error is not None:
            raise self._error
        return self._found

    def drop(self) -> None:
        """Nobody asks for the result any more."""
        os.close(self.ended)
