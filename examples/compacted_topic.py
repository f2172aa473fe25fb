"""A regression over a table that changes: the key of a message names its row, which is replaced, or removed.

python examples/compacted_topic.py
"""

import json
import os
import tempfile
from pathlib import Path

import numpy as np

import streamreg as sr
from streamreg import testing

os.chdir(tempfile.mkdtemp())  # where changelogs are written


class House(sr.Schema):
    """What a message holds; with Kafka the table would come from `sr.io.kafka.read(…, upsert=True)`."""

    town: str
    area: float
    price: float


rng = np.random.default_rng(3)
table: dict[bytes, dict[str, object]] = {}
messages: list[testing.Message] = []
for _ in range(2000):
    key = f"house-{rng.integers(200)}".encode()
    if key in table and rng.random() < 0.2:
        del table[key]
        messages.append(testing.Message(None, key))  # sold: a tombstone
        continue
    area = float(rng.integers(40, 200))
    price = round(3000 * area + float(rng.normal(0, 2e4)), 2)
    table[key] = {"town": str(rng.choice(["east", "west"])), "area": area, "price": price}
    messages.append(testing.Message(json.dumps(table[key]).encode(), key))


def read(messages: list[testing.Message], *, upsert: bool) -> sr.Table:
    """The table that these messages tell of."""
    return testing.read([messages], schema=House, format="json", batch=100, upsert=upsert)


t = read(messages, upsert=True)
sr.io.csv.write(t.linear_regression(t.price, t.area, statistics=["n"]), "price.csv")
sr.io.csv.write(t, "houses.csv")
summary = sr.run(processes=0)
print(f"{summary.rows:,} rows and {summary.tombstones} tombstones came, {len(table)} rows stand")
print("houses.csv, the end:", *Path("houses.csv").read_text().splitlines()[-3:], sep="\n")

rest = [testing.Message(json.dumps(row).encode()) for row in table.values()]
alone = read(rest, upsert=False)
fit = testing.collect(alone.linear_regression(alone.price, alone.area, statistics=["n"]))
sr.run(processes=0)
last = Path("price.csv").read_text().splitlines()[-1].rsplit(",", 2)[0]
print("price = intercept + slope * area, of n rows:", last)
print("bit for bit the fit of the rows that stand:", last == ",".join(map(str, fit[-1][0])))
