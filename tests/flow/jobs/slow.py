"""Some thousand rows a second, for longer than a test lasts; STATE names its state, if it has one.

A process that has seen a row has left a file `worker.<pid>`.
"""

import logging
import os
import time
from pathlib import Path

import streamreg as sr
from streamreg.testing import read
from tests.flow.numbered import Point, stream, write_regression


def slowed(x: float) -> float:
    Path(f"worker.{os.getpid()}").touch()
    time.sleep(0.0002)
    return x


logging.basicConfig(format="%(message)s")
t = read(stream(int(os.environ["ROWS"]), 4), schema=Point, batch=16)
write_regression(t.select(x=sr.apply(slowed, t.x), y=t.y))
summary = sr.run(state=os.environ.get("STATE"))
print(f"ended by {summary.ended_by}")
