"""The job under siege: rows, their regression and the rejects, with a state.

It may be told a step at which to die, to score some of the rows, and to run on Spark. No `__main__` guard, as in
users' programs.
"""

import json
import os

import streamreg as sr
from tests.support import outbox_faults
from tests.support.kafka import faults, numbered


class InputSchema(sr.Schema):
    seq: int
    x: float
    y: float


if "CHAOS_STEP" in os.environ:
    step = os.environ["CHAOS_STEP"]
    of_outbox = "JOB_REJECTS_TOPIC" in os.environ
    install = outbox_faults.install if of_outbox else faults.install
    install(step, int(os.environ["CHAOS_COUNT"]))

# One topic, several, or a pattern.
named = os.environ["JOB_TOPIC"]
pattern = named if named.startswith("^") else None
t = sr.io.kafka.read(
    json.loads(os.environ["JOB_SETTINGS"]),
    topic=named.split(",") if pattern is None else None,
    pattern=pattern,
    schema=InputSchema,
    autocommit_duration_ms=int(os.environ["JOB_AUTOCOMMIT_MS"]),
)
fit = t.linear_regression(t.y, t.x)
sr.io.csv.write(t, numbered.INPUT)
sr.io.csv.write(fit.select(a=fit.intercept, b=fit.x), numbered.COEFFICIENTS)
if "CHAOS_SCORES" in os.environ:
    some = t.filter(t.seq % numbered.SCORED_OF == 0)
    sr.io.csv.write(some.linear_regression(some.y, some.x).predict_on(some), numbered.SCORES)
rejects_topic = os.environ.get("JOB_REJECTS_TOPIC")
engine = None
if "CHAOS_SPARK" in os.environ:
    engine = sr.engines.spark(
        master=os.environ["CHAOS_SPARK"],
        trigger="100 milliseconds",
        conf={"spark.ui.enabled": "false", "spark.executor.memory": "900m"},
    )
sr.run(
    state="state",
    rejects={"topic": rejects_topic} if rejects_topic else numbered.REJECTS,
    engine=engine,
)
