"""Engines: where a run's messages are read and processed, if not by processes of this machine: `run(engine=…)`.

The results are the same bits. State, checkpoint and outputs stay with the program, the driver, as on one machine.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING

from streamreg._exceptions import ConfigurationError
from streamreg._spark.engine import SparkEngine
from streamreg._spark.options import (
    MOST_ROWS,
    MOST_SHARDS,
    MOST_TASKS,
    check_count,
    checked_conf,
    checked_master,
    trigger_seconds,
)

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

__all__ = ["spark"]

_log = logging.getLogger("streamreg")


def __dir__() -> list[str]:
    return __all__


def spark(
    session: SparkSession | None = None,
    *,
    master: str | None = None,
    checkpoint: str | os.PathLike[str] | None = None,
    trigger: str | timedelta = "1 second",
    max_rows: int = 1_000_000,
    tasks: int | None = None,
    shards: int | None = None,
    conf: Mapping[str, str | float] | None = None,
) -> SparkEngine:
    """Spark: executors read ranges of offsets, and hand in exact partial sums. Needs `streamreg[spark]`, and Java 17.

    Each batch is one job of Spark and one epoch: all that the topic has beyond the merged offsets, up to `max_rows`.
    What a batch comes to is put together on executors, so that the driver gets as little as the job allows. A task, an
    executor or a node that dies costs its share of a batch, read again; a driver that dies is started again with its
    state, which alone decides where it goes on. It may go on without an engine, too, and the other way.

    Executors need the same Python, the same streamreg, and what functions given to `apply` import; files that settings
    of the client name must be there on each.

    Args:
        session: a session that there is; the run leaves it as it is. Default: the one of this process (as under
            spark-submit), or one of the run's own.
        master: where a session of its own runs: "local[4]", "spark://host:7077", "yarn", "k8s://…". Default: as
            spark-submit says, else all cores of this machine.
        checkpoint: where a streaming query of Spark's would keep how far it has come. It may be given, and nothing is
            kept there: the state of the run alone says where it goes on, so that the two cannot disagree.
        trigger: the least time between the starts of two batches, in place of the source's `autocommit_duration_ms`:
            "1 second", "500 milliseconds", "1 minute 30 seconds", a timedelta; a year at most.
        max_rows: messages in a batch, at most. Where an output writes their rows, which pass through the driver, it has
            as many as fit into 64 MiB.
        tasks: tasks in a batch, at most. Default: one for each core of the executors. Partitions are cut where that
            evens them out, but for windows.
        shards: in how many parts tasks keep what is kept by keys (`by=`, `groupby`) and in windows, so that neither the
            driver nor an executor holds more of it than a batch changes. They are files in the folder `shards` of the
            state, which all executors must reach at the same path. Take some times as many as there are cores, up to
            512; another number at a later start is fine. Not with upserts, scores by keys, `listen`, and classes but
            those of windows. Default: the driver keeps it, in memory.
        conf: further settings of a session of its own, by Spark's names: texts, numbers, True and False.

    Returns:
        The engine, for `run(engine=…)`.

    Raises:
        ConfigurationError: naming the argument that cannot be used.
    """
    if session is not None and (master is not None or conf):
        raise ConfigurationError(
            "master, conf: a session was given, which has its own: leave them out"
        )
    if session is not None and not hasattr(type(session), "sparkContext"):
        raise ConfigurationError(
            f"session: expected a SparkSession, found {session!r:.200}; where one is to run is said by master="
        )
    if master is not None and conf and "spark.master" in conf:
        raise ConfigurationError("conf: spark.master is said by master=: leave one of them out")
    if checkpoint is not None:
        if not isinstance(checkpoint, str | os.PathLike):
            raise ConfigurationError(f"checkpoint: expected a path, found {checkpoint!r}")
        _log.info(
            "checkpoint: nothing is kept in %s: the state says where the run goes on", checkpoint
        )
    return SparkEngine(
        interval=trigger_seconds(trigger),
        max_rows=check_count("max_rows", max_rows, MOST_ROWS),
        session=session,
        master=None if master is None else checked_master(master),
        tasks=None if tasks is None else check_count("tasks", tasks, MOST_TASKS),
        shards=None if shards is None else check_count("shards", shards, MOST_SHARDS),
        conf=checked_conf({} if conf is None else conf),
    )
