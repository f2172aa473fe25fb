"""A regression as a user would write it; the test says by environment what it reads and keeps.

No `__main__` guard, on purpose: worker processes must not run this file again.
"""

import json
import os

import streamreg as sr


class InputSchema(sr.Schema):
    x: float
    y: float


t = sr.io.kafka.read(
    json.loads(os.environ["JOB_SETTINGS"]),
    topic=os.environ["JOB_TOPIC"],
    schema=InputSchema,
    format="json" if os.environ["JOB_FORMAT"] == "json" else "csv",
    mode="static" if os.environ["JOB_MODE"] == "static" else "streaming",
    autocommit_duration_ms=int(os.environ["JOB_AUTOCOMMIT_MS"]),
)
fit = t.linear_regression(t.y, t.x)
sr.io.csv.write(fit.select(a=fit.intercept, b=fit.x), "coefficients.csv")
sr.io.csv.write(t.reduce(n=sr.reducers.count()), "count.csv")
sr.run(rejects="rejects.jsonl")
