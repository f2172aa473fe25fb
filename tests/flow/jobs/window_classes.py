"""Classes of last rows and of sessions, some thousand rows a second, with a state."""

import os
import time

import streamreg as sr
from streamreg.testing import read
from tests.support import labelled
from tests.support.windows import events


class Row(sr.Schema):
    at: int
    x: float
    y: float
    k: str
    label: str | None


def slowed(x: float) -> float:
    time.sleep(0.0005)
    return x


source = read(labelled.messages(events(int(os.environ["ROWS"]), 4, seed=1)), schema=Row, batch=16)
t = source.select(source.at, source.y, source.k, source.label, x=sr.apply(slowed, source.x))
by = {
    "last": t.windowby(t.at, window=sr.temporal.last(rows=12), instance=t.k),
    "session": t.windowby(
        t.at,
        window=sr.temporal.session(max_gap=4),
        instance=t.k,
        behavior=sr.temporal.common_behavior(cutoff=15),
    ),
}
for name, w in by.items():
    sr.io.csv.write(w.linear_discriminant(t.label, t.x, t.y), f"{name}.csv")
sr.run(state="state")
