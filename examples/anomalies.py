"""Live anomaly detection: every reading with its prediction from the readings before it.

python examples/anomalies.py
"""

import csv
import os
import tempfile

import numpy as np

import streamreg as sr
from streamreg import testing

os.chdir(tempfile.mkdtemp())  # where the changelogs are written


class Reading(sr.Schema):
    """What a message holds; with Kafka the table would come from `sr.io.kafka.read`."""

    pump: str
    second: int
    load: float
    power: float


rng = np.random.default_rng(3)
faults = {700, 1200, 1201, 1850}
messages = [b"pump,second,load,power"]
for second in range(2000):
    pump, load = "ab"[second % 2], rng.uniform(1, 5)
    power = 10 + 3 * load + rng.normal() / 4 + 4 * (second in faults)
    messages.append(f"{pump},{second},{load:.3f},{power:.3f}".encode())

t = testing.read([messages], schema=Reading, batch=50)
fit = t.linear_regression(t.power, t.load, by=t.pump)
scored = fit.predict_on(t)
# How many standard errors a reading is off, under the fit to the earlier epochs of its pump.
off = scored.standardized_residual
sr.io.csv.write(scored.filter(abs(off) > 6), "anomalies.csv")
sr.io.csv.write(scored.select(scored.pump, scored.second, off=off), "all.csv")
sr.run()

with open("anomalies.csv", newline="") as file:
    found = list(csv.DictReader(file))
for row in found:
    print(
        f"pump {row['pump']}, second {row['second']}: {float(row['power']):.2f} in place of "
        f"{float(row['prediction']):.2f}, {float(row['standardized_residual']):.1f} standard errors"
    )
print("every fault, and nothing else:", {int(row["second"]) for row in found} == faults)
