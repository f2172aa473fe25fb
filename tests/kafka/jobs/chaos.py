"""The job under siege: rows, their regression and the rejects, with a state.

It may be told a step at which to die, to score some of the rows, and to run on Spark. No `__main__` guard, as in
users' programs.
"""

import json
import os

import streamreg as sr
from tests.support.kafka import faults, numbered


class InputSchema(sr.Schema):
    seq: int
    x: float
    y: float


if "CHAOS_STEP" in os.environ:
    faults.install(os.environ["CHAOS_STEP"], int(os.environ["CHAOS_COUNT"]))

t = sr.io.kafka.read(
    json.loads(os.environ["JOB_SETTINGS"]),
    topic=os.environ["JOB_TOPIC"],
    schema=InputSchema,
    autocommit_duration_ms=int(os.environ["JOB_AUTOCOMMIT_MS"]),
)
fit = t.linear_regression(t.y, t.x)
sr.io.csv.write(t, numbered.INPUT)
sr.io.csv.write(fit.select(a=fit.intercept, b=fit.x), numbered.COEFFICIENTS)
if "CHAOS_SCORES" in os.environ:
    some = t.filter(t.seq % numbered.SCORED_OF == 0)
    sr.io.csv.write(some.linear_regression(some.y, some.x).predict_on(some), numbered.SCORES)
engine = None
if "CHAOS_SPARK" in os.environ:
    engine = sr.engines.spark(
        master=os.environ["CHAOS_SPARK"],
        trigger="100 milliseconds",
        conf={"spark.ui.enabled": "false", "spark.executor.memory": "900m"},
    )
sr.run(state="state", rejects=numbered.REJECTS, engine=engine)
