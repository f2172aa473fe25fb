"""A regression for each sensor, with a state; the test says by environment what it reads."""

import json
import os

import streamreg as sr


class Reading(sr.Schema):
    name: str
    odd: bool
    x: float
    y: float


t = sr.io.kafka.read(
    json.loads(os.environ["JOB_SETTINGS"]),
    topic=os.environ["JOB_TOPIC"],
    schema=Reading,
    format="json",
    mode="static",
    autocommit_duration_ms=int(os.environ["JOB_AUTOCOMMIT_MS"]),
)
sr.io.csv.write(t.linear_regression(t.y, t.x, by=(t.name, t.odd)), "lines.csv")
counts = t.groupby(t.name).reduce(t.name, n=sr.reducers.count())
sr.io.csv.write(counts, "counts.csv")
sr.run(state="state")
