"""A line for each sensor: a changelog of the keys that change, and any of them opened from the state.

python examples/keys.py
"""

import os
import tempfile
from pathlib import Path

import numpy as np

import streamreg as sr
from streamreg import testing

os.chdir(tempfile.mkdtemp())  # where changelog and state are written


class Reading(sr.Schema):
    """What a message holds; with Kafka the table would come from `sr.io.kafka.read`."""

    room: str
    sensor: int
    x: float
    y: float


rng = np.random.default_rng(9)
rooms = {"attic": 0.5, "cellar": -0.25, "hall": 2.0}
messages = [b"room,sensor,x,y"]
for second in range(300):
    room, sensor = str(rng.choice(list(rooms))), int(rng.integers(2))
    value = 20 + rooms[room] * second + rng.normal() / 8
    messages.append(f"{room},{sensor},{second},{value:.3f}".encode())

t = testing.read([messages], schema=Reading, batch=100)
fit = t.linear_regression(t.y, t.x, by=(t.room, t.sensor), statistics=("n", "r2"))
sr.io.csv.write(fit, "lines.csv")
# Results can be filtered before they are written: here the rooms that get warmer.
warmer = fit.filter(fit.x > 0).select(fit.room, fit.sensor, per_minute=fit.x * 60)
sr.io.csv.write(warmer, "warmer.csv")
sr.run(state="state")

print("lines.csv, the end:")
print(*Path("lines.csv").read_text().splitlines()[-4:], sep="\n")
print("warmer.csv, the end:")
print(*Path("warmer.csv").read_text().splitlines()[-2:], sep="\n")

hall = [
    sr.LinearRegression.from_state("state", output="lines.csv", key=("hall", n)) for n in (0, 1)
]
both = hall[0] + hall[1]
rows = [line.decode().split(",") for line in messages[1:] if line.startswith(b"hall")]
alone = sr.LinearRegression().fit(
    np.array([[row[2]] for row in rows], float), np.array([row[3] for row in rows], float)
)
print(
    f"the hall, both sensors together: {both.coef_[0]:.6f} a second, {both.n_samples_seen_} readings"
)
print("bit for bit the line through its readings:", both.coef_.tolist() == alone.coef_.tolist())
