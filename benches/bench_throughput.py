"""Throughput on a real broker, beside what the client alone can read.

    python -m benches.bench_throughput [--rows 2000000] [--rounds 3]

The rival is the bare loop of `consume(50_000)` and joining the values, with the same settings of librdkafka and the
same number of processes, in the same run: rounds alternate between it and streamreg. Every answer is compared with the
exact one before its time counts. Needs Java and Maven, as the tests on a real broker do.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

from confluent_kafka import Consumer, Message, Producer, TopicPartition

from streamreg._kafka_settings import FETCH
from tests.kafka.broker import KafkaBroker

_PARTITIONS = 4
_PROGRAM = """
import json, sys
import streamreg as sr

settings, topic, processes, rows, state = json.loads(sys.argv[1])

class Point(sr.Schema):
    x: float
    y: float

t = sr.io.kafka.read(settings, topic, schema=Point, format=topic, mode="static")
if rows:
    sr.io.csv.write(t, "input.csv")
sr.io.csv.write(t.linear_regression(t.y, t.x), "output.csv")
answers = {}
summary = sr.run(
    processes=processes,
    state="state" if state else None,
    progress=lambda now: answers.update(now.answers.get("output.csv", {})),
)
print(json.dumps([summary.rows, summary.seconds, answers["intercept"], answers["x"]]))
"""


def points(rows: int) -> Iterator[tuple[float, float]]:
    """Points whose numbers have as many digits as measurements do."""
    for i in range(rows):
        yield (i * 7919 % rows) / 1024, (i * 104729 % 65537) / 4096 + i / 64


def exact(rows: int) -> tuple[float, float]:
    """Intercept and slope, from integers: x is in units of 1/1024, y in units of 1/4096."""
    n = sx = sy = sxx = sxy = 0
    for x, y in points(rows):
        a, b = int(x * 1024), int(y * 4096)
        n, sx, sy, sxx, sxy = n + 1, sx + a, sy + b, sxx + a * a, sxy + a * b
    d = n * sxx - sx * sx
    slope = Fraction(n * sxy - sx * sy, d) * Fraction(1024, 4096)
    return float(Fraction(sy * sxx - sx * sxy, d) / 4096), float(slope)


def load(settings: dict[str, str], topic: str, rows: int) -> None:
    """Sends the points, round robin over the partitions."""
    producer = Producer({**settings, "linger.ms": 50, "batch.size": 1_000_000})
    if topic == "csv":
        producer.produce(topic, b"x,y", partition=0)
        producer.flush()
    form = "{!r},{!r}" if topic == "csv" else '{{"x":{!r},"y":{!r}}}'
    for i, (x, y) in enumerate(points(rows)):
        value = form.format(x, y)
        while True:
            try:
                producer.produce(topic, value, partition=i % _PARTITIONS)
                break
            except BufferError:
                producer.poll(0.1)
        if i % 10_000 == 0:
            producer.poll(0)
    assert producer.flush(60) == 0


def bare_worker(
    settings: dict[str, str], topic: str, partitions: list[int], results: object
) -> None:
    """Reads its partitions to their ends: consume, join, count."""
    consumer = Consumer({**settings, **FETCH, "group.id": "bare", "enable.partition.eof": True})
    consumer.assign([TopicPartition(topic, p, 0) for p in partitions])
    count = ends = 0
    while ends < len(partitions):
        messages = consumer.consume(50_000, 0.1)
        if any(map(Message.error, messages)):
            ends += sum(message.error() is not None for message in messages)
            messages = [message for message in messages if message.error() is None]
        b"".join(map(Message.value, messages))  # type: ignore[arg-type]  # none is a tombstone
        count += len(messages)
    consumer.close()
    results.put(count)  # type: ignore[attr-defined]  # a queue of multiprocessing's


def bare(settings: dict[str, str], topic: str, processes: int) -> float:
    """Messages a second of the bare loop, start of its processes included."""
    context = multiprocessing.get_context("spawn")
    results = context.SimpleQueue()
    started = time.perf_counter()
    workers = [
        context.Process(
            target=bare_worker,
            args=(settings, topic, list(range(_PARTITIONS))[i::processes], results),
        )
        for i in range(processes)
    ]
    for worker in workers:
        worker.start()
    count = sum(results.get() for _ in workers)
    seconds = time.perf_counter() - started
    for worker in workers:
        worker.join()
    return float(count / seconds)


def streamreg(
    settings: dict[str, str],
    topic: str,
    processes: int,
    rows: bool,
    wanted: tuple[int, float, float],
) -> float:
    """Rows a second of the main job, start of its processes included, with its checkpoint."""
    with tempfile.TemporaryDirectory() as folder:
        options = json.dumps([settings, topic, processes, rows, True])
        done = subprocess.run(
            [sys.executable, "-c", _PROGRAM, options],
            cwd=folder,
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        )
        count, seconds, intercept, slope = json.loads(done.stdout)
        if (count, intercept, slope) != wanted:
            raise SystemExit(f"wrong answer: {(count, intercept, slope)}, not {wanted}")
        if rows:
            with (Path(folder) / "input.csv").open("rb") as file:
                lines = sum(1 for _ in file)
            if lines != count + 1:
                raise SystemExit(f"input.csv has {lines} lines, not {count + 1}")
    return float(count / seconds)


def main() -> None:
    """Measures and prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=2_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    wanted = (arguments.rows, *exact(arguments.rows))
    with tempfile.TemporaryDirectory() as folder:
        broker = KafkaBroker(Path(folder) / "broker")
        broker.start()
        try:
            for topic in ("csv", "json"):
                broker.create_topic(topic, _PARTITIONS)
                load(broker.plaintext, topic, arguments.rows)
            print("format processes  bare M/s  both files M/s (ratio)  answers only M/s (ratio)")
            for topic in ("csv", "json"):
                for processes in (1, 2):
                    rates: dict[str, list[float]] = {"bare": [], "both": [], "answers": []}
                    for _ in range(arguments.rounds):
                        rates["bare"].append(bare(broker.plaintext, topic, processes))
                        for name, rows in (("both", True), ("answers", False)):
                            rates[name].append(
                                streamreg(broker.plaintext, topic, processes, rows, wanted)
                            )
                    middle = {name: statistics.median(found) / 1e6 for name, found in rates.items()}
                    ratios = {
                        name: statistics.median(
                            a / b for a, b in zip(rates[name], rates["bare"], strict=True)
                        )
                        for name in ("both", "answers")
                    }
                    print(
                        f"{topic:<6} {processes:>9} {middle['bare']:>9.2f} "
                        f"{middle['both']:>14.2f} ({ratios['both']:.2f}) "
                        f"{middle['answers']:>16.2f} ({ratios['answers']:.2f})",
                        flush=True,
                    )
        finally:
            broker.close()


if __name__ == "__main__":
    main()
