"""Bench, contender: Pathway, `windowby` with the tutorial's sums in each window.

Without a behavior: with one it would call late, and drop, what another partition was quicker with.
"""

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

    at: int
    sensor: str
    x: float
    y: float


def intercept(n: int, sum_x: float, sum_y: float, sum_xx: float, sum_xy: float) -> float:
    """The intercept of a line."""
    d = n * sum_xx - sum_x * sum_x
    return 0.0 if d == 0 else (sum_y * sum_xx - sum_x * sum_xy) / d


def slope(n: int, sum_x: float, sum_y: float, sum_xx: float, sum_xy: float) -> float:
    """The slope of a line."""
    d = n * sum_xx - sum_x * sum_x
    return 0.0 if d == 0 else (n * sum_xy - sum_x * sum_y) / d


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
    mode="static",
    autocommit_duration_ms=job["autocommit_ms"],
)
t += t.select(xx=t.x * t.x, xy=t.x * t.y)
windows = t.windowby(
    t.at,
    window=pw.temporal.tumbling(duration=job["windowing"]["duration"]),
    instance=t.sensor,
).reduce(
    sensor=pw.this._pw_instance,
    window_start=pw.this._pw_window_start,
    n=pw.reducers.count(),
    sum_x=pw.reducers.sum(pw.this.x),
    sum_y=pw.reducers.sum(pw.this.y),
    sum_xx=pw.reducers.sum(pw.this.xx),
    sum_xy=pw.reducers.sum(pw.this.xy),
)
sums = [windows.n, windows.sum_x, windows.sum_y, windows.sum_xx, windows.sum_xy]
results = windows.select(
    windows.sensor,
    windows.window_start,
    windows.n,
    intercept=pw.apply(intercept, *sums),
    x=pw.apply(slope, *sums),
)
pw.io.csv.write(results, "output.csv")

started = time.time()
pw.run(monitoring_level=pw.MonitoringLevel.NONE)
print(json.dumps({"seconds": time.time() - started}))
