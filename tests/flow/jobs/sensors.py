"""ROWS points of sensors, some thousand a second, with a state; a process that has seen one has left `worker.<pid>`."""

import os
import time
from pathlib import Path

import streamreg as sr
from tests.support.sensors import points, topic, write_lines


def slowed(x: float) -> float:
    Path(f"worker.{os.getpid()}").touch()
    time.sleep(0.0005)
    return x


t = topic(points(int(os.environ["ROWS"]), 1), 4, 16)
write_lines(t.select(t.name, t.odd, t.y, x=sr.apply(slowed, t.x)))
sr.run(state="state")
