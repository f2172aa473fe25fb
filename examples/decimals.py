"""Decimals as they are written, and exact powers: a polynomial found again to the last digit.

python examples/decimals.py
"""

import os
import tempfile
from decimal import Decimal

import streamreg as sr
from streamreg import testing

os.chdir(tempfile.mkdtemp())  # where the changelogs are written

CHOSEN = [Decimal(text) for text in ("1", "0.1", "0.01", "0.001", "0.0001", "0.00001")]


class Reading(sr.Schema):
    """What a message holds: numbers with all the digits that they have there."""

    x: Decimal
    y: Decimal


# y is the polynomial's very value: nothing is rounded, as in NIST's data set Wampler2.
points = [(x, sum(c * Decimal(x) ** power for power, c in enumerate(CHOSEN))) for x in range(1, 22)]
messages = [b"x,y", *(f"{x},{y}".encode() for x, y in points)]
print("the first messages:", *(message.decode() for message in messages[1:4]))

t = testing.read([messages], schema=Reading)
sr.io.csv.write(t.linear_regression(t.y, sr.poly(t.x, 5)), "decimals.csv")
doubles = t.select(x=sr.cast(float, t.x), y=sr.cast(float, t.y))
sr.io.csv.write(doubles.linear_regression(doubles.y, sr.poly(doubles.x, 5)), "doubles.csv")
totals = t.reduce(sum=sr.reducers.sum(t.y), most=sr.reducers.max(t.y))
sr.io.csv.write(totals, "totals.csv")

results: dict[str, dict[str, object]] = {}
sr.run(progress=lambda now: results.update({k: dict(v) for k, v in now.results.items()}))
for name, result in results.items():
    print(f"{name:13}", *result.values())

found = list(results["decimals.csv"].values())
print("every coefficient as it was chosen:", found == [float(c) for c in CHOSEN])
