"""A topic that is written to, as a table stands: keys a second of whole runs, on Apache Kafka.

    python -m benches.sinks [--keys 500000] [--rounds 3] [--json FILE]

Each row of a frame has a key of its own, so that a run writes as many messages as it has keys: from the frame over the
merge, the checkpoint and its outbox to the last transaction. What readers of committed messages find is compared before
a time counts. Needs Java and Maven, as the tests on a real broker do.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

import streamreg as sr
from benches.broker import apache_kafka
from streamreg._bench.broker import Broker
from streamreg._bench.tables import table
from tests.support.kafka.consumed import Load, current

HEAD = ["format", "keys", "s", "keys/s", "epochs"]
PARTITIONS = 4


class Point(sr.Schema):
    """A row."""

    k: int
    x: float


def measured(broker: Broker, format: str, keys: int) -> dict[str, Any]:
    """One run. Raises AssertionError if the topic does not hold the table."""
    xs = np.random.default_rng(5).normal(size=keys)
    frame = {"k": np.arange(keys), "x": xs}
    topic = f"bench-{uuid.uuid4().hex}"
    settings: dict[str, Any] = dict(broker.settings)
    t = sr.from_frame(frame, schema=Point)
    found = t.groupby(t.k).reduce(t.k, x=sr.reducers.sum(t.x))
    output = sr.io.kafka.write(
        found,
        settings,
        topic,
        mode="current",
        format=format,  # type: ignore[arg-type]  # one of those
        create={"num.partitions": PARTITIONS},
    )
    with tempfile.TemporaryDirectory() as folder:
        begun = time.perf_counter()
        summary = sr.run(outputs=[output], processes=1, state=Path(folder) / "state")
        seconds = time.perf_counter() - begun
    sr.clear()
    got = {int(row[0]): float(row[1]) for row in current(settings, topic, LOADS[format])}
    assert got == dict(enumerate(xs.tolist())), "the topic holds something else"
    return {
        "format": format,
        "keys": keys,
        "seconds": seconds,
        "rate": keys / seconds,
        "epochs": summary.epochs,
    }


LOADS: Mapping[str, Load] = {
    "json": json.loads,
    "csv": lambda value: dict(zip("kx", value.decode().split(","), strict=True)),
}


def main() -> None:
    """Measures and prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keys", type=int, default=500_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    best: list[dict[str, Any]] = []
    with apache_kafka() as broker:
        for format in LOADS:
            runs = [measured(broker, format, arguments.keys) for _ in range(arguments.rounds)]
            best.append(max(runs, key=lambda run: float(run["rate"])))
    text = table(
        HEAD,
        [
            [run["format"], f"{run['keys']:,}", f"{run['seconds']:.2f}", f"{run['rate']:,.0f}", str(run["epochs"])]
            for run in best
        ],
    )  # fmt: skip
    print(text)
    if arguments.json:
        arguments.json.write_text(json.dumps({"sinks": best, "table": text}))


if __name__ == "__main__":
    main()
