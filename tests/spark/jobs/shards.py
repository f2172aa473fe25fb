"""Sums by key, or windows, in shards; the test says by environment what is read, where, and when the run dies."""

import json
import os
from pathlib import Path

import streamreg as sr
from tests.support.kafka import faults
from tests.support.shard_programs import PROGRAMS

if "CHAOS_STEP" in os.environ:
    faults.install(os.environ["CHAOS_STEP"], int(os.environ["CHAOS_COUNT"]))

program = PROGRAMS[os.environ["JOB_PROGRAM"]]
t = sr.io.kafka.read(
    json.loads(os.environ["JOB_SETTINGS"]),
    topic=os.environ["JOB_TOPIC"],
    schema=program.schema,
    format="json",
    mode="static",
    autocommit_duration_ms=100,
)
program.write(t, Path())
sr.run(
    state="state",
    rejects="rejects.jsonl",
    engine=sr.engines.spark(
        master=os.environ["JOB_MASTER"],
        trigger="100 milliseconds",
        max_rows=int(os.environ["JOB_MAX_ROWS"]),
        shards=5,
        conf={"spark.ui.enabled": "false", "spark.executor.memory": "900m"},
    ),
)
