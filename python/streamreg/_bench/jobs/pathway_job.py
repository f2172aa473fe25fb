"""Bench, contender: Pathway, with the program of its tutorial; as JSON, since it no longer reads CSV from Kafka."""

from __future__ import annotations

import json
import os
import sys
import time
import uuid

job = json.load(sys.stdin)
os.environ["PATHWAY_THREADS"] = str(job["parallel"])  # read when the package is imported

import pathway as pw  # noqa: E402 - after its setting


class InputSchema(pw.Schema):
    """What a message holds."""

    x: float
    y: float


def compute_a(sum_x: float, sum_y: float, sum_x_square: float, sum_x_y: float, count: int) -> float:
    """The intercept."""
    d = count * sum_x_square - sum_x * sum_x
    return 0 if d == 0 else (sum_y * sum_x_square - sum_x * sum_x_y) / d


def compute_b(sum_x: float, sum_y: float, sum_x_square: float, sum_x_y: float, count: int) -> float:
    """The slope."""
    d = count * sum_x_square - sum_x * sum_x
    return 0 if d == 0 else (count * sum_x_y - sum_x * sum_y) / d


# A new group each time: it would go on where the last one of its name has ended.
settings = {
    "group.id": f"streamreg-bench-{uuid.uuid4()}",
    "auto.offset.reset": "earliest",
    **job["settings"],
}
t = pw.io.kafka.read(
    {key: str(value) for key, value in settings.items()},
    topic=job["topic"],
    schema=InputSchema,
    format="json",
    mode="static" if job["static"] else "streaming",
    autocommit_duration_ms=job["autocommit_ms"],
)
pw.io.csv.write(t, "input.csv")
t += t.select(x_square=t.x * t.x, x_y=t.x * t.y)
statistics_table = t.reduce(
    count=pw.reducers.count(),
    sum_x=pw.reducers.sum(t.x),
    sum_y=pw.reducers.sum(t.y),
    sum_x_y=pw.reducers.sum(t.x_y),
    sum_x_square=pw.reducers.sum(t.x_square),
)
results_table = statistics_table.select(
    a=pw.apply(compute_a, **statistics_table),
    b=pw.apply(compute_b, **statistics_table),
)
pw.io.csv.write(results_table, "output.csv")

started = time.time()
print(json.dumps({"started": started}), flush=True)
pw.run(monitoring_level=pw.MonitoringLevel.NONE)
print(json.dumps({"seconds": time.time() - started}))
