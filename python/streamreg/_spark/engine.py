"""Spark: the engine: what it is asked for, checked, and what it refuses."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final

from streamreg._exceptions import ConfigurationError
from streamreg._source.contract import reads_anywhere
from streamreg._spark.pool import SparkPool
from streamreg._worker.task import packed

if TYPE_CHECKING:
    from pyspark import SparkContext
    from pyspark.sql import SparkSession

    from streamreg._formats.contract import Input
    from streamreg._worker.contract import MakePool, Merged, Pool
    from streamreg._worker.task import Task

_SECONDS: Final[Mapping[str, float]] = {
    "millisecond": 0.001,
    "second": 1.0,
    "minute": 60.0,
    "hour": 3600.0,
}
_TRIGGER: Final = re.compile(r"([0-9]{1,9}) ?([A-Za-z]+)")
MOST_ROWS: Final = 10**9
MOST_TASKS: Final = 100_000


def trigger_seconds(given: object) -> float:
    """The seconds of a trigger like "1 second". Raises ConfigurationError for anything else."""
    if isinstance(given, timedelta) and given >= timedelta(0):
        return given.total_seconds()
    found = _TRIGGER.fullmatch(given) if isinstance(given, str) else None
    unit = None if found is None else _SECONDS.get(found[2].lower().removesuffix("s"))
    if found is None or unit is None:
        raise ConfigurationError(
            'trigger: expected a time like "1 second", "500 milliseconds" or "2 minutes", '
            f"or a timedelta, found {given!r}"
        )
    return int(found[1]) * unit


def check_count(name: str, given: object, most: int) -> int:
    """Raises ConfigurationError for what is no number from 1 to the most."""
    if isinstance(given, bool) or not isinstance(given, int) or not 1 <= given <= most:
        raise ConfigurationError(f"{name}: expected 1 to {most}, found {given!r}")
    return given


@dataclass(frozen=True)
class SparkEngine:
    """Runs the batches of a run as jobs of Spark."""

    interval: float
    max_rows: int
    session: SparkSession | None = None
    master: str | None = None
    tasks: int | None = None
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
    def started(self) -> Iterator[MakePool]:
        """As an engine."""
        # Late: it is an extra, and slow to import.
        from streamreg._spark.session import context_of, own_context

        if self.session is not None:
            yield self._pools(context_of(self.session))
            return
        with own_context(self.master, self.conf) as context:
            yield self._pools(context)

    def _pools(self, context: SparkContext) -> MakePool:
        from streamreg._spark.jobs import SparkJobs

        def make(task: Task, merged: Merged, log_ends: Mapping[int, int]) -> Pool:
            fold = not task.plan.clocks and not task.input.upsert
            return SparkPool(
                SparkJobs(context, packed(task), fold=fold),
                task,
                merged,
                log_ends,
                interval=self.interval,
                max_rows=self.max_rows,
                tasks=self.tasks,
            )

        return make
