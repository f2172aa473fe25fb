"""A line for each five minutes of each sensor, written once, when all partitions have passed the window.

python examples/windows.py
"""

import os
import tempfile
from datetime import UTC, datetime, timedelta

import numpy as np

import streamreg as sr
from streamreg import testing

os.chdir(tempfile.mkdtemp())  # where changelogs are written


class Reading(sr.Schema):
    """What a message holds; with Kafka the table would come from `sr.io.kafka.read`."""

    sensor: str
    at: datetime
    x: float
    y: float


rng = np.random.default_rng(7)
begin = datetime(2026, 3, 1, 12, tzinfo=UTC)
partitions: list[list[bytes]] = [[], []]
for second in range(0, 1200, 2):
    # Messages come up to a quarter of a minute out of order.
    at = begin + timedelta(seconds=second - int(rng.integers(15)))
    number = int(rng.integers(2))
    x = float(rng.integers(100))
    y = (1.0 + second // 600) * x + 5 * number
    partitions[number].append(f"s{number},{at.isoformat()},{x},{y}".encode())
# And one comes a quarter of an hour late.
partitions[0].append(f"s0,{begin.isoformat()},1.0,1.0".encode())

t = testing.read(partitions, schema=Reading, header=["sensor", "at", "x", "y"], batch=50)
windows = t.windowby(
    t.at,
    window=sr.temporal.tumbling(timedelta(minutes=5)),
    instance=t.sensor,
    behavior=sr.temporal.exactly_once_behavior(shift=timedelta(seconds=30)),
)
final = testing.collect(windows.linear_regression(t.y, t.x, statistics=["n"]))
summary = sr.run(processes=0)

for row, _, diff in sorted(final, key=lambda change: (change[0][1], change[0][0])):
    sensor, start, end, intercept, slope, n = row
    print(
        f"{sensor} {start:%H:%M} to {end:%H:%M}: y = {intercept:.1f} + {slope:.3f} x, of {n} rows ({diff:+d})"
    )
print(f"late: {summary.rejects['late']}")
