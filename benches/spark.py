"""Spark: the same line by streamreg on one machine, on Spark, and by Spark's own connector and SQL.

    python -m benches.spark [--rows 4000000] [--batch 800000] [--json FILE]

Points whose x are times in milliseconds, where the usual formula in doubles loses digits. Rates leave out the first
batch, in which everything starts. Needs Java and Maven, as the tests on a real broker do, and `streamreg[spark]`.
"""

from __future__ import annotations

import argparse
import json
import math
import subprocess
import sys
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

from confluent_kafka import Producer

from benches.broker import apache_kafka
from benches.spark_jobs import PARTITIONS
from streamreg._bench.tables import table
from tests.support.kafka.jars import cache
from tests.support.maven import fetch

TASKS = (1, 16, 100, 1000)
TASKS_HEAD = ["tasks in a batch", "seconds a batch"]
HEAD = ["who", "where", "rows/s", "µs CPU a row", "first result", "right digits of the slope"]
CLUSTER = "local-cluster[{},1,900]"
CONNECTOR = "spark-sql-kafka-0-10_2.13"
SPARK = "4.2.0"
_POM = f"""\
<project>
  <modelVersion>4.0.0</modelVersion>
  <groupId>streamreg.benches</groupId>
  <artifactId>connector</artifactId>
  <version>1</version>
  <dependencies>
    <dependency>
      <groupId>org.apache.spark</groupId>
      <artifactId>{CONNECTOR}</artifactId>
      <version>{SPARK}</version>
    </dependency>
  </dependencies>
</project>
"""
_COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies"
_FIRST_MS = 1_700_000_000_000
_UNIT = 1024


def point(number: int) -> tuple[int, int]:
    """x, and y in units of 1/1024."""
    return _FIRST_MS + number, 2 * _UNIT * number + number * 7919 % 2003


def exact_slope(rows: int) -> Fraction:
    """That of the first rows, by integers."""
    n = sx = sy = sxx = sxy = 0
    for number in range(rows):
        x, y = point(number)
        x -= _FIRST_MS  # It does not depend on where x begins.
        n, sx, sy, sxx, sxy = n + 1, sx + x, sy + y, sxx + x * x, sxy + x * y
    return Fraction(n * sxy - sx * sy, (n * sxx - sx * sx) * _UNIT)


def digits(found: float, exact: Fraction) -> float:
    """How many decimal digits are right, 16 at most."""
    if not math.isfinite(found):
        return 0.0
    error = abs(Fraction(found) - exact) / abs(exact)
    return 16.0 if not error else min(16.0, max(0.0, -math.log10(float(error))))


def load(settings: dict[str, str], topic: str, rows: int) -> None:
    """Fills a topic of four partitions."""
    producer = Producer({**settings, "linger.ms": 50, "queue.buffering.max.messages": 1_000_000})
    for number in range(rows):
        x, y = point(number)
        while True:
            try:
                producer.produce(topic, b"%d,%r" % (x, y / _UNIT), partition=number % PARTITIONS)
                break
            except BufferError:
                producer.poll(0.1)
    if producer.flush(120):
        raise SystemExit("not all messages were delivered")


def jars() -> str:
    """Spark's connector and what it needs, fetched once."""
    folder = cache().parent / f"{CONNECTOR}-{SPARK}"
    if not folder.is_dir():
        goal = [_COPY, "-DincludeScope=runtime", "-DexcludeGroupIds=org.apache.hadoop"]
        fetch(folder, f"{CONNECTOR} {SPARK}", goal, 300, _POM)
    return ",".join(sorted(str(path) for path in folder.glob("*.jar")))


def run(kind: str, *arguments: str, environment: dict[str, str] | None = None) -> dict[str, Any]:
    """One contender. Raises SystemExit with what it has said if it fails."""
    import os

    done = subprocess.run(
        [sys.executable, "-m", "benches.spark_jobs", kind, *arguments],
        env={**os.environ, **(environment or {})},
        capture_output=True,
        text=True,
        check=False,
    )
    for line in done.stdout.splitlines():
        if line.startswith("RESULT "):
            found: dict[str, Any] = json.loads(line.removeprefix("RESULT "))
            return found
    raise SystemExit(f"{kind} {arguments} failed:\n{done.stderr[-3000:]}")


def measured(rows: int, batch: int, chosen: Sequence[str]) -> dict[str, Any]:
    """All contenders, one after the other."""
    found = []
    exact = exact_slope(rows)
    with apache_kafka() as broker, broker.topic("spark") as topic:
        settings = {name: str(value) for name, value in broker.settings.items()}
        print(f"loading {rows:,} messages", flush=True)
        load(settings, topic, rows)
        servers = settings["bootstrap.servers"]
        contenders = [
            ("streamreg", "one machine, 1 process", "ours", "1", {}),
            (
                "streamreg, rows written too",
                "one machine, 1 process",
                "ours",
                "1",
                {"BENCH_ROWS": "yes"},
            ),
        ]
        for executors in (1, 2):
            where = f"Spark, {executors} executor{'s' * (executors > 1)}"
            master = CLUSTER.format(executors)
            contenders += [
                ("streamreg", where, "ours", master, {}),
                ("streamreg, rows written too", where, "ours", master, {"BENCH_ROWS": "yes"}),
                ("connector and regr_slope", where, "connector", master, {}),
            ]
        for who, where, kind, at, environment in contenders:
            if chosen and kind not in chosen:
                continue
            more = [jars()] if kind == "connector" else []
            took = run(kind, servers, topic, at, str(batch), *more, environment=environment)
            took |= {"who": who, "where": where, "digits": digits(took["slope"], exact)}
            print(row(took), flush=True)
            found.append(took)
        costs = [run("tasks", servers, topic, "local[2]", str(count)) for count in TASKS]
    return {"runs": found, "tasks": costs}


def row(took: dict[str, Any]) -> list[str]:
    """A line of the table."""
    return [
        took["who"],
        took["where"],
        f"{took['rows'] / took['seconds']:,.0f}",
        f"{took['cpu'] / took['rows'] * 1e6:.2f}",
        f"{took['start']:.1f} s",
        f"{took['digits']:.1f}",
    ]


def main() -> None:
    """Measures and prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=4_000_000)
    parser.add_argument("--batch", type=int, default=800_000)
    parser.add_argument("--only", nargs="*", default=[], help="ours, connector")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    found = measured(arguments.rows, arguments.batch, arguments.only)
    costs = [[f"{cost['tasks']:,}", f"{cost['seconds']:.2f}"] for cost in found["tasks"]]
    parts = {
        "table": table(HEAD, [row(took) for took in found["runs"]]),
        "tasks_table": table(TASKS_HEAD, costs),
    }
    print(*parts.values(), sep="\n\n")
    if arguments.json is not None:
        arguments.json.write_text(json.dumps({**found, **parts}))


if __name__ == "__main__":
    main()
