"""Readings with their scores, by all and by key, with a state; the test says by environment what it reads."""

import json
import os
from decimal import Decimal

import streamreg as sr


class Reading(sr.Schema):
    k: str
    n: int
    x: float
    d: Decimal
    w: float
    y: float


t = sr.io.kafka.read(
    json.loads(os.environ["JOB_SETTINGS"]),
    topic=os.environ["JOB_TOPIC"],
    schema=Reading,
    header=["k", "n", "x", "d", "w", "y"],
    mode="static",
    autocommit_duration_ms=int(os.environ["JOB_AUTOCOMMIT_MS"]),
)
scored = t.linear_regression(t.y, t.x, t.d, weights=t.w).predict_on(t)
sr.io.csv.write(scored, "scores.csv")
sr.io.csv.write(scored.filter(abs(scored.standardized_residual) > 2), "anomalies.csv")
sr.io.csv.write(sr.score(t.linear_regression(t.y, t.x, by=t.k), t), "keyed.csv")
sr.run(state="state")
