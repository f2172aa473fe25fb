"""A run that stands still at row GATE until there is a file `open`.

A process that stands there has left a file `gate.<pid>`, one that has seen a row `worker.<pid>`. MODE tells what the
gate does: "wait", or "die" as long as it is shut.
"""

import logging
import os
import signal
import time
from pathlib import Path

import streamreg as sr
from streamreg.testing import read
from tests.support.numbered import Point, stream, write_regression

GATE = float(os.environ["GATE"])
MODE = os.environ.get("MODE", "wait")


def passed(x: float) -> float:
    Path(f"worker.{os.getpid()}").touch()
    if x == GATE:
        Path(f"gate.{os.getpid()}").touch()
        while not Path("open").exists():
            if MODE == "die":
                os.kill(os.getpid(), signal.SIGKILL)
            time.sleep(0.01)
    return x


logging.basicConfig(format="%(message)s", level=os.environ.get("LOG", "WARNING"))
t = read(stream(600, 3), schema=Point, batch=30)
write_regression(t.select(x=sr.apply(passed, t.x), y=t.y))
summary = sr.run()
print(f"ended by {summary.ended_by}")
