"""Bench, contender: Quix Streams: a tumbling window of each key with the tutorial's sums, written when it has closed.

In its fastest form: one function for all sums, and no topic that its state could be restored from.
"""

from __future__ import annotations

import json
import sys
import time
import uuid
from typing import Any

from quixstreams import Application
from quixstreams.kafka import ConnectionConfig

Sums = list[Any]
"""How many rows; the sums of x, of y, of x squared and of x times y."""

job = json.load(sys.stdin)
file = open("output.csv", "w")  # noqa: SIM115 - for the whole run
file.write("sensor,window_start,n,intercept,x,time,diff\n")


left = job["rows"]


def count(value: dict[str, Any]) -> None:
    """Ends the run after the last message; a number given to `run` would count windows."""
    global left
    left -= 1
    if not left:
        app.stop()


def first(value: dict[str, Any]) -> Sums:
    """The sums of one message."""
    x, y = value["x"], value["y"]
    return [1, x, y, x * x, x * y]


def add(sums: Sums, value: dict[str, Any]) -> Sums:
    """Those with one message more."""
    n, sx, sy, sxx, sxy = sums
    x, y = value["x"], value["y"]
    return [n + 1, sx + x, sy + y, sxx + x * x, sxy + x * y]


def write(window: dict[str, Any], key: str, timestamp: int, headers: object) -> None:
    """Writes the line of a window."""
    n, sx, sy, sxx, sxy = window["value"]
    d = n * sxx - sx * sx
    intercept, slope = (0.0, 0.0)
    if d:
        intercept, slope = (sy * sxx - sx * sxy) / d, (n * sxy - sx * sy) / d
    file.write(f"{key},{window['start']},{n},{intercept!r},{slope!r},0,1\n")


connection = ConnectionConfig.from_librdkafka_dict(job["settings"], ignore_extras=True)
app = Application(
    broker_address=connection,
    # A new one each time: it would go on where the last one of its name has ended.
    consumer_group=f"streamreg-bench-{uuid.uuid4()}",
    auto_offset_reset="earliest",
    auto_create_topics=False,
    use_changelog_topics=False,
    commit_interval=job["autocommit_ms"] / 1000,
    loglevel="ERROR",
)
topic = app.topic(
    job["topic"],
    key_deserializer="str",
    value_deserializer="json",
    timestamp_extractor=lambda value, headers, timestamp, kind: value["at"],
)
rows = app.dataframe(topic).update(count)
windows = rows.tumbling_window(duration_ms=job["windowing"]["duration"])
windows.reduce(reducer=add, initializer=first).final().update(write, metadata=True)
started = time.time()
app.run()
file.close()
print(json.dumps({"seconds": time.time() - started}))
