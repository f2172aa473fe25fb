"""A line that forgets: the time stands in the messages themselves, and old rows fade by half every minute.

python examples/fading.py
"""

import os
import tempfile
from datetime import timedelta

import numpy as np

import streamreg as sr
from streamreg import testing

os.chdir(tempfile.mkdtemp())  # where changelogs are written


class Reading(sr.Schema):
    """What a message holds; with Kafka the table would come from `sr.io.kafka.read`."""

    x: float
    y: float


rng = np.random.default_rng(5)
begin = 1_764_345_600_000  # 2025-11-28 16:00 UTC, in milliseconds
messages = []
for second in range(1200):
    x = float(rng.integers(100))
    slope = 2.0 if second < 900 else -1.0  # It changes after a quarter of an hour.
    text = f"{x},{slope * x + rng.normal():.3f}"
    messages.append(testing.Message(text.encode(), timestamp=begin + 1000 * second))

t = testing.read(
    [messages], schema=Reading, header=["x", "y"], metadata={"at": "timestamp"}, batch=60
)
fit = t.linear_regression(t.y, t.x, half_life=timedelta(minutes=1), time=t.at)
fading = testing.collect(fit, name="fading")
everything = testing.collect(t.linear_regression(t.y, t.x), name="everything")
sr.run()

for minute in (14, 15, 16, 17, 19):
    faded, whole = (
        next(row for row, epoch, diff in found if (epoch, diff) == (minute, 1))
        for found in (fading, everything)
    )
    print(
        f"minute {minute}: slope {faded[1]:6.3f} with a half-life of a minute, {whole[1]:6.3f} since the beginning"
    )

# A row of 101 minutes ago would be dropped; those of 20 are all there, and the order does not matter.
backwards = testing.read(
    [messages[::-1]], schema=Reading, header=["x", "y"], metadata={"at": "timestamp"}
)
again = backwards.linear_regression(
    backwards.y, backwards.x, half_life=timedelta(minutes=1), time=backwards.at
)
reverse = testing.collect(again)
sr.run()
print("bit for bit the same from the last message to the first:", reverse[-1][0] == fading[-1][0])
