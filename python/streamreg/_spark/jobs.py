"""Spark, on the driver: runs the tasks of a batch as one job, and has their results put together on executors.

It calls Spark by RDDs: what goes to a task and comes back are a few bytes objects, for which no table format is needed,
and no Arrow.
"""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Final

from streamreg._core import __version__
from streamreg._spark import work
from streamreg._spark.contract import EndedError
from streamreg._spark.errors import first_line

if TYPE_CHECKING:
    from pyspark import SparkContext
    from pyspark.core.broadcast import Broadcast

    from streamreg._spark.batch import Piece
    from streamreg._spark.work import Done

_MOST: Final = 16
"""Results of tasks that the driver takes itself. More are put together on executors first, so many at a time."""


class SparkJobs:
    """Jobs of a Spark context."""

    def __init__(self, context: SparkContext, task: bytes, *, fold: bool) -> None:
        """`task` is that of all pieces, packed; `fold` says whether results can be put together."""
        self._context = context
        self._fold = fold
        self._group = f"streamreg-{id(self):x}"
        self._shared: Broadcast[tuple[str, bytes]] = context.broadcast((__version__, task))
        self._number = 0
        self._busy = False

    @property
    def name(self) -> str:
        return f"Spark at {self._context.master}"

    def slots(self) -> int:
        return self._context.defaultParallelism

    def executors(self) -> int:
        # The driver is among them; where it runs the tasks itself there is no other.
        count: int = self._context._jsc.sc().getExecutorMemoryStatus().size()
        return max(count - 1, 1)

    def run(self, pieces: Sequence[Piece]) -> list[Done]:
        self._busy = True
        try:
            return self._run(pieces)
        except Exception as error:
            if self._ended():
                raise EndedError(first_line(error)) from error
            raise
        finally:
            self._busy = False

    def _run(self, pieces: Sequence[Piece]) -> list[Done]:
        self._number += 1
        self._context.setJobGroup(
            self._group, f"streamreg: batch {self._number}", interruptOnCancel=True
        )
        packed = [pickle.dumps(piece, pickle.HIGHEST_PROTOCOL) for piece in pieces]
        count = len(packed)
        found = self._context.parallelize(packed, count).mapPartitionsWithIndex(
            partial(work.read, self._shared)
        )
        while self._fold and count > _MOST:
            count = -(-count // _MOST)
            found = (
                found.map(partial(work.grouped, _MOST))
                .groupByKey(count)
                .map(partial(work.joined, self._shared))
            )
        return [pickle.loads(done) for _, done in sorted(found.collect())]

    def _ended(self) -> bool:
        try:
            return bool(self._context._jsc.sc().isStopped())
        except Exception:  # Whatever the gateway raises: the process behind it is gone.
            return True

    def close(self) -> None:
        if not self._ended():
            if self._busy:
                self._context.cancelJobGroup(self._group)
            self._shared.destroy()
