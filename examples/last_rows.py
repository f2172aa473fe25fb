"""The line through the last 250 observations of each sensor, whatever order they come in.

python examples/last_rows.py
"""

import os
import tempfile

import numpy as np

import streamreg as sr
from streamreg import testing

os.chdir(tempfile.mkdtemp())  # where changelogs are written


class Reading(sr.Schema):
    """What a message holds; with Kafka the table would come from `sr.io.kafka.read`."""

    sensor: str
    step: int
    x: float
    y: float


rng = np.random.default_rng(3)
messages = []
for step in range(2000):
    x = float(rng.integers(1000))
    slope = 3.0 if step < 1500 else -2.0  # It changes for the last quarter.
    messages.append(f"s{step % 2},{step},{x},{slope * x + 1e12 * (step == 1490)}".encode())


def last(order: list[bytes]) -> list[tuple[object, ...]]:
    """The last row of each sensor."""
    t = testing.read([order], schema=Reading, header=["sensor", "step", "x", "y"], batch=100)
    windows = t.windowby(t.step, window=sr.temporal.last(rows=250), instance=t.sensor)
    changes = testing.collect(windows.linear_regression(t.y, t.x, statistics=["n"]))
    sr.run(processes=0)
    return [row for row, _, diff in changes if diff == 1][-2:]


found = last(messages)
for sensor, first, final, intercept, line, n in found:
    print(f"{sensor}: steps {first} to {final}: y = {intercept} + {line} x, of {n} rows")
# The outlier of 1e12 has left, and nothing of it is in the digits. Any order of the messages gives the same bits:
shuffled = [messages[i] for i in rng.permutation(len(messages))]
print("the same from any order:", last(shuffled) == found)
