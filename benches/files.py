"""Files as sources beside a topic of the same rows: rows a second of whole runs, on Apache Kafka.

    python -m benches.files [--rows 2000000] [--rounds 3] [--json FILE]

The sum is compared with the exact one before a time counts. A file is read by one process, and so is the topic, of one
partition. Needs Java and Maven, as the tests on a real broker do.
"""

from __future__ import annotations

import argparse
import json
import math
import tempfile
import time
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

import streamreg as sr
from benches.broker import apache_kafka
from streamreg._bench.broker import Broker
from streamreg._bench.tables import table
from streamreg.testing import collect

HEAD = ["source", "rows", "s", "rows/s", "beside the topic"]
TOPICS: Mapping[str, str] = {"csv": "csv", "json lines": "json", "parquet": "csv"}
"""Beside which format of a topic each kind of file stands."""


class Point(sr.Schema):
    """A row."""

    x: float
    y: float


def _texts(x: float, y: float) -> dict[str, str]:
    return {"csv": f"{x!r},{y!r}", "json": f'{{"x":{x!r},"y":{y!r}}}'}


def _filled(broker: Broker, format: str, rows: list[tuple[float, float]]) -> str:
    """A topic of the rows, of one partition."""
    topic = f"bench-{uuid.uuid4().hex}"
    settings: dict[str, Any] = dict(broker.settings)
    admin = AdminClient(settings)
    admin.create_topics([NewTopic(topic, 1, 1)])[topic].result(30)
    producer = Producer({**settings, "linger.ms": 50})
    for at, (x, y) in enumerate(rows):
        producer.produce(topic, _texts(x, y)[format].encode())
        if at % 1000 == 0:
            producer.flush()
    producer.flush()
    return topic


def sources(
    broker: Broker, folder: Path, rows: list[tuple[float, float]]
) -> dict[str, Callable[[], sr.Table]]:
    """What reads the rows from each place."""
    lines = [_texts(x, y) for x, y in rows]
    csv, jsonl, parquet = folder / "rows.csv", folder / "rows.jsonl", folder / "rows.parquet"
    csv.write_text("x,y\n" + "".join(f"{line['csv']}\n" for line in lines))
    jsonl.write_text("".join(f"{line['json']}\n" for line in lines))
    xs, ys = zip(*rows, strict=True)
    pq.write_table(pa.table({"x": xs, "y": ys}), parquet)
    settings: dict[str, Any] = dict(broker.settings)
    topics = {format: _filled(broker, format, rows) for format in ("csv", "json")}
    return {
        "topic, csv": lambda: sr.io.kafka.read(
            settings, topics["csv"], schema=Point, header=["x", "y"], mode="static"
        ),
        "topic, json": lambda: sr.io.kafka.read(
            settings, topics["json"], schema=Point, format="json", mode="static"
        ),
        "csv": lambda: sr.io.csv.read(csv, schema=Point, mode="static"),
        "json lines": lambda: sr.io.jsonlines.read(jsonl, schema=Point, mode="static"),
        "parquet": lambda: sr.io.parquet.read(parquet, schema=Point, mode="static"),
    }


def measured(source: Callable[[], sr.Table], total: float) -> float:
    """The seconds of one run. Raises AssertionError if its sum is another."""
    found = collect(source().reduce(total=sr.reducers.sum(sr.this.y)))
    begun = time.perf_counter()
    sr.run(processes=1)
    seconds = time.perf_counter() - begun
    assert found[-1][0] == (total,), found[-1]
    sr.clear()
    return seconds


def main() -> None:
    """Measures and prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=2_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    made = np.random.default_rng(5).normal(size=(arguments.rows, 2))
    rows = [(x, y) for x, y in made.tolist()]
    total = math.fsum(y for _, y in rows)
    with apache_kafka() as broker, tempfile.TemporaryDirectory() as folder:
        places = sources(broker, Path(folder), rows)
        best = dict.fromkeys(places, math.inf)
        # In turns: what else the machine does meets all alike.
        for _ in range(arguments.rounds):
            for name, source in places.items():
                best[name] = min(best[name], measured(source, total))
    found = {
        name: {"seconds": seconds, "rate": arguments.rows / seconds}
        for name, seconds in best.items()
    }
    for name, format in TOPICS.items():
        found[name]["of_topic"] = found[name]["rate"] / found[f"topic, {format}"]["rate"]
    text = table(
        HEAD,
        [
            [name, f"{arguments.rows:,}", f"{one['seconds']:.2f}", f"{one['rate']:,.0f}",
             f"{one['of_topic']:.2f}" if "of_topic" in one else ""]
            for name, one in found.items()
        ],
    )  # fmt: skip
    print(text)
    if arguments.json:
        arguments.json.write_text(json.dumps({"files": found, "table": text}))


if __name__ == "__main__":
    main()
