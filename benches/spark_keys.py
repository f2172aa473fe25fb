"""Spark with very many keys: a regression for each, in shards that tasks own; what each process takes of memory.

    python -m benches.spark_keys [--keys 10000000] [--batch 1000000] [--shards 32] [--executors 2] [--json FILE]
                                 [--window 0]

Each key comes once, in a random order, and then a tenth of them again: so all keys are kept, and stored ones are
changed. With a window it is a regression for each key and window of so many messages, written when that is closed.
Needs Java and Maven, as the tests on a real broker do, and `streamreg[spark]`.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

from confluent_kafka import Producer

import streamreg as sr
from benches.broker import apache_kafka
from streamreg._bench.tables import table

PARTITIONS = 4
HEAD = ["process", "most memory, MB"]
BATCH_HEAD = ["rows before", "rows/s", "seconds a batch"]
CONF = {"spark.ui.enabled": "false", "spark.executor.memory": "900m"}
_STEP = 7_368_787
"""A prime: numbers so far apart pass each key once."""


class Reading(sr.Schema):
    """A message: of a key two numbers, and which message it is."""

    key: int
    x: int
    y: int
    at: int


def numbers(keys: int) -> Iterator[int]:
    """Each key once, and a tenth of them again."""
    for number in range(keys + keys // 10):
        yield number * _STEP % keys


def load(settings: dict[str, str], topic: str, keys: int) -> None:
    """Fills a topic."""
    producer = Producer({**settings, "linger.ms": 50, "queue.buffering.max.messages": 1_000_000})
    for number, key in enumerate(numbers(keys)):
        while True:
            try:
                message = b"%d,%d,%d,%d" % (key, number % 1000, number % 997, number)
                producer.produce(topic, message, partition=number % PARTITIONS)
                break
            except BufferError:
                producer.poll(0.1)
    if producer.flush(300):
        raise SystemExit("not all messages were delivered")


class Memory:
    """The most memory that each kind of process has had resident, looked at while a run goes on."""

    def __init__(self) -> None:
        """It looks from now on."""
        self.most: dict[str, dict[int, int]] = {}
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def _look(self) -> None:
        while not self._end.wait(0.25):
            for pid, kind in kinds(os.getpid()).items():
                try:
                    status = Path(f"/proc/{pid}/status").read_text()
                except OSError:  # it has ended
                    continue
                for line in status.splitlines():
                    if line.startswith("VmHWM:"):
                        self.most.setdefault(kind, {})[pid] = int(line.split()[1]) // 1024

    def end(self) -> dict[str, int]:
        """Of each kind that of the largest process, in megabytes."""
        self._end.set()
        self._thread.join()
        return {kind: max(of.values()) for kind, of in sorted(self.most.items())}


def kinds(root: int) -> dict[int, str]:
    """The processes of a run, and what each is."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                parents[int(entry.name)] = int(
                    (entry / "stat").read_text().rpartition(")")[2].split()[1]
                )
            except OSError:  # it has ended
                continue
    found = {}
    for pid in parents:
        at = pid
        while at in parents and at != root:
            at = parents[at]
        if at == root:
            try:
                line = Path(f"/proc/{pid}/cmdline").read_bytes()
            except OSError:
                continue
            if pid == root:
                found[pid] = "driver, Python"
            elif b"pyspark.daemon" in line:
                found[pid] = "executor, a Python worker"
            elif b"CoarseGrainedExecutorBackend" in line:
                found[pid] = "executor, Java"
            elif b"SparkSubmit" in line:
                found[pid] = "driver, Java"
    return found


def fits(t: sr.Table, window: int) -> sr.Table:
    """A regression for each key; in windows of so many messages, unless that is 0."""
    if not window:
        return t.linear_regression(t.y, t.x, by=t.key)
    once = sr.temporal.exactly_once_behavior()
    tumbling = sr.temporal.tumbling(window)
    windows = t.windowby(t.at, window=tumbling, instance=t.key, behavior=once)
    return windows.linear_regression(t.y, t.x)


def expected(keys: int, window: int) -> int:
    """How many rows stand at the end: one of each key, or of each key and window that is closed."""
    if not window:
        return keys
    # The time of all partitions is that of the one whose last message came first.
    time = keys + keys // 10 - PARTITIONS
    closed = time // window * window
    both = {(number // window, key) for number, key in enumerate(numbers(keys)) if number < closed}
    return len(both)


def measured(keys: int, batch: int, shards: int, executors: int, window: int) -> dict[str, Any]:
    """The run."""
    with (
        apache_kafka() as broker,
        broker.topic("keys") as topic,
        tempfile.TemporaryDirectory() as folder,
    ):
        settings = {name: str(value) for name, value in broker.settings.items()}
        print(f"loading {keys + keys // 10:,} messages of {keys:,} keys", flush=True)
        load(settings, topic, keys)
        names = ["key", "x", "y", "at"]
        t = sr.io.kafka.read(settings, topic=topic, schema=Reading, header=names, mode="static")
        sr.io.csv.write(fits(t, window), Path(folder) / "keys.csv")
        memory = Memory()
        times: list[tuple[int, float]] = []

        def tell(now: Any) -> None:  # noqa: ANN401  # a Progress
            if not times or now.rows != times[-1][0]:
                times.append((now.rows, time.monotonic()))
                print(f"{now.rows:,} rows", flush=True)

        started = time.monotonic()
        engine = sr.engines.spark(
            master=f"local-cluster[{executors},1,900]",
            trigger="10 milliseconds",
            max_rows=batch,
            shards=shards,
            conf=CONF,
        )
        summary = sr.run(state=Path(folder) / "state", engine=engine, progress=tell)
        seconds = time.monotonic() - started
        with (Path(folder) / "keys.csv").open("rb") as file:
            changes = sum(line.endswith(b",1\n") for line in file)
            file.seek(0)
            gone = sum(line.endswith(b",-1\n") for line in file)
        if changes - gone != expected(keys, window) or summary.rows != keys + keys // 10:
            raise SystemExit(f"{changes} - {gone} rows of {keys} keys: the benchmark is wrong")
        files = list((Path(folder) / "state" / "shards").iterdir())
        return {
            "keys": keys,
            "batch": batch,
            "shards": shards,
            "executors": executors,
            "window": window,
            "seconds": seconds,
            "memory": memory.end(),
            "batches": [
                [before, rows - before, end - begun]
                for (before, begun), (rows, end) in pairwise(times)
            ],
            "files": len(files),
            "megabytes": sum(file.stat().st_size for file in files) // 1_000_000,
        }


def main() -> None:
    """Measures and prints the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keys", type=int, default=10_000_000)
    parser.add_argument("--batch", type=int, default=1_000_000)
    parser.add_argument("--shards", type=int, default=32)
    parser.add_argument("--executors", type=int, default=2)
    parser.add_argument("--window", type=int, default=0)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    if arguments.keys % _STEP == 0:
        raise SystemExit("take another number of keys")
    found = measured(
        arguments.keys, arguments.batch, arguments.shards, arguments.executors, arguments.window
    )
    batches = [[f"{b:,}", f"{r / s:,.0f}", f"{s:.1f}"] for b, r, s in found["batches"]]
    memory = [[kind, str(most)] for kind, most in found["memory"].items()]
    print(table(HEAD, memory), table(BATCH_HEAD, batches), sep="\n\n")
    print(
        f"{found['seconds']:.0f} s in all; {found['files']} files of {found['megabytes']} MB",
        file=sys.stderr,
    )
    if arguments.json is not None:
        arguments.json.write_text(json.dumps(found))


if __name__ == "__main__":
    main()
