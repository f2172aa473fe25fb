"""Rows that are replaced and removed, and what is computed of them, with a state.

It may be told a step at which to die. No `__main__` guard, as in users' programs.
"""

import json
import os
from pathlib import Path

import streamreg as sr
from tests.support import upserts
from tests.support.kafka import faults

if "CHAOS_STEP" in os.environ:
    faults.install(os.environ["CHAOS_STEP"], 1)

t = sr.io.kafka.read(
    json.loads(os.environ["JOB_SETTINGS"]),
    topic=os.environ["JOB_TOPIC"],
    schema=upserts.Reading,
    format="json",
    mode="static" if os.environ["JOB_MODE"] == "static" else "streaming",
    autocommit_duration_ms=int(os.environ["JOB_AUTOCOMMIT_MS"]),
    upsert=True,
)
if "JOB_TOTALS" in os.environ:
    totals = t.reduce(n=sr.reducers.count(), s=sr.reducers.sum(t.d))
    sr.io.csv.write(totals, "totals.csv")
else:
    upserts.write(t, Path())
sr.run(state="state", rejects="rejects.jsonl")
