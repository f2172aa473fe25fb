"""Spark: the engine: what it is asked for, checked, and what it refuses."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import field
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final

from streamreg._dataclass import dataclass
from streamreg._exceptions import ConfigurationError, StreamregError, WorkerError
from streamreg._source.contract import reads_anywhere
from streamreg._spark.errors import check_installed, ended, of_spark, said
from streamreg._spark.pool import SparkPool
from streamreg._worker.task import packed

if TYPE_CHECKING:
    from pyspark import SparkContext
    from pyspark.sql import SparkSession

    from streamreg._formats.contract import Input
    from streamreg._worker.contract import MakePool, Merged, Pool
    from streamreg._worker.task import Task

_OTHERWISE: Final = "run without engine, and with processes=0"
"""Where a function need not be sent anywhere."""


@dataclass(frozen=True)
class SparkEngine:
    """Runs the batches of a run as jobs of Spark."""

    interval: float
    max_rows: int
    session: SparkSession | None = None
    master: str | None = None
    tasks: int | None = None
    shards: int | None = None
    conf: Mapping[str, str] = field(default_factory=dict, repr=False)

    def check(self, input: Input) -> None:
        """As an engine."""
        if not reads_anywhere(input.source):
            raise ConfigurationError(
                f"engine: {input.source.name!r} can be read on this machine alone, and not by executors of Spark: "
                "they read topics of Kafka; run without engine"
            )
        if find_spec("pyspark") is None:
            raise ConfigurationError("engine: Spark needs pyspark: pip install 'streamreg[spark]'")

    @contextmanager
    def started(self, stopping: Callable[[], bool]) -> Iterator[MakePool | None]:
        """As an engine."""
        # Late: it is an extra, and slow to import.
        from streamreg._spark.session import context_of, own_context

        if self.session is not None:
            yield self._pools(context_of(self.session))
            return
        with own_context(self.master, self.conf, stopping) as context:
            yield None if context is None else self._pools(context)

    def _pools(self, context: SparkContext) -> MakePool:
        from streamreg._spark.jobs import Sharding, SparkJobs
        from streamreg._spark.session import why_ended

        def make(task: Task, merged: Merged, log_ends: Mapping[int, int]) -> Pool:
            try:
                return pool(task, merged, log_ends)
            except StreamregError:
                raise
            except Exception as error:
                name, why = f"Spark at {context.master}", why_ended(context, error)
                if why is not None:
                    raise ended(name, why) from error
                check_installed(error)
                if not of_spark(error):
                    raise
                raise WorkerError(f"{name}: {said(error)}") from error

        def pool(task: Task, merged: Merged, log_ends: Mapping[int, int]) -> Pool:
            fold = not task.plan.clocks and not task.input.upsert
            sharded = merged.sharded
            shards = None
            if sharded is not None:
                job = sharded.job
                shards = Sharding(len(sharded.shards.each), packed(job, _OTHERWISE), job.directory)
            return SparkPool(
                SparkJobs(context, packed(task, _OTHERWISE), fold=fold, shards=shards),
                task,
                merged,
                log_ends,
                interval=self.interval,
                max_rows=self.max_rows,
                tasks=self.tasks,
            )

        return make
