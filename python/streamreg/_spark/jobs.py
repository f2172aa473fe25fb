"""Spark, on the driver: runs the tasks of a batch as one job, and has their results put together on executors.

It calls Spark by RDDs: what goes to a task and comes back are a few bytes objects, for which no table format is needed,
and no Arrow.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple, TypeVar

from pyspark import StorageLevel

from streamreg._core import __version__
from streamreg._spark import shard_work, work
from streamreg._spark.contract import EndedError
from streamreg._spark.probe import check_folder
from streamreg._spark.session import why_ended

if TYPE_CHECKING:
    from pyspark import RDD, SparkContext
    from pyspark.core.broadcast import Broadcast

    from streamreg._spark.batch import Piece
    from streamreg._spark.shard_work import Kept, Step
    from streamreg._spark.work import Done
    from streamreg._state.shards import ShardChanges
    from streamreg._worker.mailbox import Failure

T = TypeVar("T")

_MOST: Final = 16
"""Results of tasks that the driver takes itself. More are put together on executors first, so many at a time."""


class Sharding(NamedTuple):
    """What is kept by keys in shards."""

    parts: int
    job: bytes
    """Packed, for those who keep one."""

    directory: Path
    """Of the state."""


class SparkJobs:
    """Jobs of a Spark context."""

    def __init__(
        self,
        context: SparkContext,
        task: bytes,
        *,
        fold: bool,
        shards: Sharding | None = None,
    ) -> None:
        """`task` is that of all pieces, packed; `fold` says whether results can be put together."""
        self._context = context
        self._sharding = shards
        self._shards = 0
        self._shard_job: Broadcast[tuple[str, bytes]] | None = None
        if shards is not None:
            self._shards = shards.parts
            self._shard_job = context.broadcast((__version__, shards.job))
        self._kept: RDD[Kept] | None = None
        """What the last batch has for its shards, where Spark keeps it."""

        self._fold = fold
        self._group = f"streamreg-{id(self):x}"
        self._shared: Broadcast[tuple[str, bytes]] = context.broadcast((__version__, task))
        self._renewed: bytes | None = None
        """What is shared from the next batch on: one that runs goes on with what it has."""

        self._number = 0
        self._busy = False

    @property
    def name(self) -> str:
        return f"Spark at {self._context.master}"

    def slots(self) -> int:
        return self._asked(lambda: self._context.defaultParallelism)

    def executors(self) -> int:
        # The driver is among them; where it runs the tasks itself there is no other.
        count: int = self._asked(lambda: self._context._jsc.sc().getExecutorMemoryStatus().size())
        return max(count - 1, 1)

    def check(self) -> None:
        if self._sharding is not None:
            self._watched(partial(self._check, self._sharding.directory))

    def _check(self, directory: Path) -> None:
        self._name_job("do all executors reach the folder of the shards?")
        check_folder(self._context, directory)

    def idle(self) -> bool:
        return self._asked(self._idle)

    def _idle(self) -> bool:
        tracker = self._context.statusTracker()
        for job in tracker.getJobIdsForGroup(self._group):
            found = tracker.getJobInfo(job)
            if found is None or found.status != "RUNNING":
                continue
            stages = [tracker.getStageInfo(stage) for stage in found.stageIds]
            return not any(s.numActiveTasks or s.numCompletedTasks for s in stages if s is not None)
        return False

    def run(self, pieces: Sequence[Piece]) -> list[Done]:
        return self._watched(partial(self._run, pieces))

    def change(self, step: Step) -> list[ShardChanges | Failure]:
        return self._watched(partial(self._change, step))

    def renew(self, task: bytes) -> None:
        self._renewed = task

    def _watched(self, job: Callable[[], T]) -> T:
        self._busy = True
        try:
            return self._asked(job)
        finally:
            self._busy = False

    def _asked(self, call: Callable[[], T]) -> T:
        """What Spark says. Raises EndedError where nobody is left to say it."""
        try:
            return call()
        except Exception as error:
            why = why_ended(self._context, error)
            if why is None:
                raise
            raise EndedError(why) from error

    def _run(self, pieces: Sequence[Piece]) -> list[Done]:
        self._number += 1
        self._name_job(f"batch {self._number}")
        self._let_go()
        if self._renewed is not None:
            self._shared.destroy()
            self._shared = self._context.broadcast((__version__, self._renewed))
            self._renewed = None
        packed = [pickle.dumps(piece, pickle.HIGHEST_PROTOCOL) for piece in pieces]
        count = len(packed)
        parts = self._context.parallelize(packed, count)
        if self._shards:
            self._kept = parts.mapPartitionsWithIndex(
                partial(shard_work.read, self._shared, self._shards)
            ).persist(StorageLevel.MEMORY_AND_DISK)
            found = self._kept.map(shard_work.handed_in)
        else:
            found = parts.mapPartitionsWithIndex(partial(work.read, self._shared))
        while self._fold and count > _MOST:
            count = -(-count // _MOST)
            found = (
                found.map(partial(work.grouped, _MOST))
                .groupByKey(count)
                .map(partial(work.joined, self._shared))
            )
        return [pickle.loads(done) for _, done in sorted(found.collect())]

    def _change(self, step: Step) -> list[ShardChanges | Failure]:
        kept: RDD[Kept] | None = self._kept if step.progress else self._context.parallelize([], 1)
        if kept is None or self._shard_job is None:
            raise AssertionError("a batch is read before its shards are changed")
        self._name_job(f"shards of batch {self._number}")
        found = (
            kept.flatMap(partial(shard_work.shuffled, step.progress))
            .partitionBy(self._shards, _itself)
            .mapPartitionsWithIndex(partial(shard_work.change, self._shard_job, step))
            .collect()
        )
        self._let_go()
        return [pickle.loads(handed) for handed in found]

    def _name_job(self, text: str) -> None:
        self._context.setJobGroup(self._group, f"streamreg: {text}", interruptOnCancel=True)

    def _let_go(self) -> None:
        """Spark need not keep what the last batch had for its shards."""
        if self._kept is not None:
            self._kept.unpersist()
            self._kept = None

    def close(self) -> None:
        # Where Spark has ended there is nothing to be freed.
        with suppress(EndedError):
            self._asked(self._free)

    def _free(self) -> None:
        if self._busy:
            self._context.cancelJobGroup(self._group)
        self._shared.destroy()
        if self._shard_job is not None:
            self._shard_job.destroy()


def _itself(shard: int) -> int:
    """The partition of a shard."""
    return shard
