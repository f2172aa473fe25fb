"""ROWS rows, some thousand a second.

STATE names its state, if it has one, and DURABILITY what that survives. A process that has seen a
row has left a file `worker.<pid>`.
"""

import logging
import os
import time
from pathlib import Path

import streamreg as sr
from streamreg.testing import read
from tests.support.numbered import Point, stream, write_regression


def slowed(x: float) -> float:
    Path(f"worker.{os.getpid()}").touch()
    time.sleep(0.0002)
    return x


logging.basicConfig(format="%(message)s")
t = read(stream(int(os.environ["ROWS"]), 4), schema=Point, batch=16)
write_regression(t.select(x=sr.apply(slowed, t.x), y=t.y))
power = os.environ.get("DURABILITY") == "power"
summary = sr.run(state=os.environ.get("STATE"), durability="power" if power else "process")
print(f"ended by {summary.ended_by}")
