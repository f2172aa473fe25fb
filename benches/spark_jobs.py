"""One contender of `benches.spark`, in a process of its own: prints what it took as a line of JSON.

    python -m benches.spark_jobs ours|connector SERVERS TOPIC MASTER_OR_PROCESSES ROWS_A_BATCH [JARS]
    python -m benches.spark_jobs tasks SERVERS TOPIC MASTER TASKS

Plain data and no figures for people: those make `benches.spark`.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

PARTITIONS = 4
BATCHES = 5
CONF = {"spark.ui.enabled": "false", "spark.executor.memory": "900m"}


def cpu() -> float:
    """Seconds of processor time that this process and all that it has started have taken."""
    parents: dict[int, int] = {}
    seconds: dict[int, float] = {}
    tick = os.sysconf("SC_CLK_TCK")
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:  # it has ended
                continue
            parents[int(entry.name)] = int(fields[1])
            seconds[int(entry.name)] = sum(map(int, fields[11:15])) / tick

    def of_run(pid: int) -> bool:
        while pid in parents:
            if pid == os.getpid():
                return True
            pid = parents[pid]
        return False

    return sum(took for pid, took in seconds.items() if of_run(pid))


class Clock:
    """Time and processor time, from the second batch on: the first one is the start of everything."""

    def __init__(self) -> None:
        """It runs from now on."""
        self._begun = time.monotonic()
        self._first: tuple[float, float, int] | None = None
        self._last: tuple[float, float, int] | None = None
        self._start = 0.0

    def batch(self, rows: int) -> None:
        """A batch is done; so many rows are, in all."""
        now = (time.monotonic(), cpu(), rows)
        if self._first is None:
            self._first = now
            self._start = now[0] - self._begun
        self._last = now

    def figures(self) -> dict[str, float]:
        """What was measured."""
        if self._first is None or self._last is None or self._first[2] == self._last[2]:
            raise SystemExit("there were not two batches: give more rows")
        seconds, processor, rows = (
            last - first for first, last in zip(self._first, self._last, strict=True)
        )
        return {
            "start": self._start,
            "rows": rows,
            "seconds": seconds,
            "cpu": processor,
            "whole": time.monotonic() - self._begun,
        }


def ours(servers: str, topic: str, master: str, batch: int) -> dict[str, Any]:
    """The job on the engine, with its input changelog, its result and a state; a number is processes of one machine."""
    import streamreg as sr

    class Point(sr.Schema):
        x: float
        y: float

    clock = Clock()
    folder = Path(tempfile.mkdtemp())
    t = sr.io.kafka.read(
        {"bootstrap.servers": servers},
        topic=topic,
        schema=Point,
        header=["x", "y"],
        mode="static",
        autocommit_duration_ms=500,
    )
    fit = t.linear_regression(t.y, t.x)
    if os.environ.get("BENCH_ROWS") == "yes":
        sr.io.csv.write(t, folder / "rows.csv")
    sr.io.csv.write(fit, folder / "fit.csv")
    last: dict[str, Any] = {}
    seen = 0

    def progress(now: sr.Progress) -> None:
        nonlocal seen
        if now.epochs > seen:
            seen = now.epochs
            clock.batch(now.rows)
            last.update(now.results[str(folder / "fit.csv")])

    engine = None
    if not master.isdecimal():
        engine = sr.engines.spark(master=master, trigger="0 seconds", max_rows=batch, conf=CONF)
    sr.run(
        state=folder / "state",
        progress=progress,
        engine=engine,
        processes=None if engine else int(master),
    )
    shutil.rmtree(folder)
    return {**clock.figures(), "slope": last["x"], "intercept": last["intercept"]}


def connector(servers: str, topic: str, master: str, batch: int, jars: str) -> dict[str, Any]:
    """Spark's own way: its Kafka connector, SQL's regr_slope and regr_intercept, a checkpoint; results alone."""
    from pyspark.sql import DataFrame, SparkSession

    clock = Clock()
    folder = Path(tempfile.mkdtemp())
    spark = (
        SparkSession.builder.master(master)
        .config("spark.jars", jars)
        .config("spark.executor.memory", CONF["spark.executor.memory"])
        .config("spark.ui.enabled", "false")
        .config("spark.sql.shuffle.partitions", str(PARTITIONS))
        .getOrCreate()
    )
    points = (
        spark.readStream.format("kafka")
        .option("kafka.bootstrap.servers", servers)
        .option("subscribe", topic)
        .option("startingOffsets", "earliest")
        .option("maxOffsetsPerTrigger", batch)
        .load()
        .selectExpr("split(cast(value AS string), ',') AS cells")
        .selectExpr("cast(cells[0] AS double) AS x", "cast(cells[1] AS double) AS y")
    )
    sums = points.selectExpr(
        "regr_slope(y, x) AS slope", "regr_intercept(y, x) AS intercept", "count(*) AS n"
    )
    last: dict[str, Any] = {}

    def apply(frame: DataFrame, _number: int) -> None:
        [row] = frame.collect()
        last.update(slope=row["slope"], intercept=row["intercept"])
        clock.batch(row["n"])

    query = (
        sums.writeStream.outputMode("complete")
        .foreachBatch(apply)
        .trigger(availableNow=True)
        .option("checkpointLocation", str(folder / "checkpoint"))
        .start()
    )
    query.awaitTermination()
    found = {**clock.figures(), **last}
    spark.stop()
    shutil.rmtree(folder)
    return found


def tasks(servers: str, topic: str, master: str, count: int) -> dict[str, Any]:
    """What a batch takes that is cut for so many tasks, of ten rows each."""
    import streamreg as sr
    from streamreg._spark import batch

    batch._LEAST = 1  # type: ignore[misc]  # what is measured is the tasks

    class Point(sr.Schema):
        x: float
        y: float

    settings = {"bootstrap.servers": servers}
    t = sr.io.kafka.read(settings, topic=topic, schema=Point, header=["x", "y"])
    folder = Path(tempfile.mkdtemp())
    sr.io.csv.write(t.linear_regression(t.y, t.x), folder / "fit.csv")
    ends: dict[int, float] = {}

    def stop(now: sr.Progress) -> bool:
        ends.setdefault(now.epochs, time.monotonic())
        return now.epochs >= BATCHES

    engine = sr.engines.spark(
        master=master,
        trigger="0 seconds",
        max_rows=10 * count,
        tasks=count,
        conf=CONF,
    )
    sr.run(state=folder / "state", engine=engine, stop=stop)
    shutil.rmtree(folder)
    # In the first one everything starts, and partitions of which nothing was read are not cut.
    return {"tasks": count, "seconds": (ends[BATCHES] - ends[2]) / (BATCHES - 2)}


def main() -> None:
    """Runs one contender."""
    kind, servers, topic, where, batch, *jars = sys.argv[1:]
    os.environ["PYSPARK_PYTHON"] = sys.executable
    run: Callable[[], dict[str, Any]] = {
        "ours": lambda: ours(servers, topic, where, int(batch)),
        "tasks": lambda: tasks(servers, topic, where, int(batch)),
        "connector": lambda: connector(servers, topic, where, int(batch), *jars),
    }[kind]
    print("RESULT", json.dumps(run()))


if __name__ == "__main__":
    main()
