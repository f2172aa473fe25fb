"""No `__main__` guard, functions of its own, and one that no pickle takes.

Says in ran.txt how often this file was run.
"""

import threading
from pathlib import Path

import streamreg as sr
from streamreg.testing import read
from tests.support.numbered import Point, stream

with Path("ran.txt").open("a") as ran:
    ran.write("once\n")

OFFSET = 1000.0
LOCK = threading.Lock()


def shifted(x: float) -> float:
    return x + OFFSET


def halved(n: int) -> float:
    # A lock cannot be pickled: this function can only work where the program runs.
    with LOCK:
        return n / 2


t = read(stream(90, 3), schema=Point, batch=10)
sr.io.csv.write(t.select(z=sr.apply(shifted, t.x)), "shifted.csv")
totals = t.reduce(n=sr.reducers.count())
sr.io.csv.write(totals.select(half=sr.apply(halved, totals.n)), "half.csv")
print(sr.run())
