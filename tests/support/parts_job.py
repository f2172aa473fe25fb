"""A job whose files have parts; it may be told a step at which to die."""

import os

import streamreg as sr
from streamreg.testing import read
from tests.support import parts_faults
from tests.support.numbered import Point, stream

if "CHAOS_STEP" in os.environ:
    parts_faults.install(os.environ["CHAOS_STEP"], int(os.environ["CHAOS_COUNT"]))

t = read(stream(int(os.environ["ROWS"]), 3), schema=Point, batch=6)
fit = t.linear_regression(t.y, t.x)
sr.io.csv.write(t, "rows.csv", rotate="300 B")
sr.io.csv.write(fit.select(a=fit.intercept, b=fit.x), "line.csv", rotate="200 B")
sr.run(processes=0, state="state")
