"""Kinds classified in three ways, with a state; the test says by environment what it reads."""

import json
import os

import streamreg as sr


class Seen(sr.Schema):
    kind: str
    x: float
    z: int


t = sr.io.kafka.read(
    json.loads(os.environ["JOB_SETTINGS"]),
    topic=os.environ["JOB_TOPIC"],
    schema=Seen,
    format="json",
    mode="static",
    autocommit_duration_ms=int(os.environ["JOB_AUTOCOMMIT_MS"]),
)
sr.io.csv.write(t.linear_discriminant(t.kind, t.x, t.z, unbiased=True), "linear.csv")
sr.io.csv.write(t.quadratic_discriminant(t.kind, t.x, t.z), "quadratic.csv")
sr.io.csv.write(t.gaussian_naive_bayes(t.kind, t.x, t.z, var_smoothing=0.25), "bayes.csv")
sr.run(state="state")
