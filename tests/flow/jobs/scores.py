"""ROWS readings, some thousand a second, scored, with a state; a process that has seen one has left `worker.<pid>`."""

import os
import time
from pathlib import Path

import streamreg as sr
from tests.support.readings import readings, topic


def slowed(x: float) -> float:
    Path(f"worker.{os.getpid()}").touch()
    time.sleep(0.0005)
    return x


t = topic(readings(int(os.environ["ROWS"]), 12), 4, 16)
t = t.select(*sr.this.without("x"), x=sr.apply(slowed, t.x))
sr.io.csv.write(t.linear_regression(t.y, t.x).predict_on(t), "scores.csv")
keyed = t.linear_regression(t.y, t.x, by=t.k)
sr.io.csv.write(keyed, "lines.csv")
sr.io.csv.write(sr.score(keyed, t), "keyed.csv")
sr.run(state="state")
