"""Bench, start-up: a program that reads a topic without messages to its end, with two processes."""

from __future__ import annotations

import json
import sys
import time

import streamreg as sr

job = json.load(sys.stdin)


class Point(sr.Schema):
    """What a message would hold."""

    x: float
    y: float


t = sr.io.kafka.read(
    job["settings"], topic=job["topic"], schema=Point, format="json", mode="static"
)
sr.io.csv.write(t, "input.csv")
sr.io.csv.write(t.linear_regression(t.y, t.x), "output.csv")
started = time.perf_counter()
sr.run(state="state", processes=2)
print(time.perf_counter() - started)
