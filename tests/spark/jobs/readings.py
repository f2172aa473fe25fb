"""Readings by all kinds of outputs, on an engine or not; the test says by environment where, and what it reads.

No `__main__` guard, as in users' programs; its function travels to the executors by value.
"""

import json
import os

import streamreg as sr
from tests.support.engine_jobs import Reading, write, write_windows


def doubled(x: float) -> float:
    return 2 * x


t = sr.io.kafka.read(
    json.loads(os.environ["JOB_SETTINGS"]),
    topic=os.environ["JOB_TOPIC"],
    schema=Reading,
    format="json",
    mode="static" if os.environ["JOB_MODE"] == "static" else "streaming",
    autocommit_duration_ms=100,
)
if "JOB_WINDOWS" in os.environ:
    write_windows(t)
else:
    write(t)
    sr.io.csv.write(t.select(t.k, twice=sr.apply(doubled, t.x)), "applied.csv")
engine = None
if "JOB_MASTER" in os.environ:
    engine = sr.engines.spark(
        master=os.environ["JOB_MASTER"],
        trigger="100 milliseconds",
        max_rows=int(os.environ.get("JOB_MAX_ROWS", "1000000")),
        conf={"spark.ui.enabled": "false"},
    )
sr.run(
    state="state",
    rejects="rejects.jsonl",
    engine=engine,
    processes=0 if engine is None else None,
    listen=os.environ.get("JOB_LISTEN"),
)
