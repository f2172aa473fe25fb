"""A run over all kinds of tables, which has read what there is, and waits for more."""

from __future__ import annotations

import csv
import json
import random
from collections import Counter
from decimal import Decimal
from pathlib import Path

import streamreg as sr
from streamreg._kafka.mock_broker import EmbeddedBroker
from tests.support.process import wait_until
from tests.support.produce import send
from tests.support.sensors import NAMES
from tests.support.served import SECONDS, ServedRun

ROWS = 300


EPOCH = 100


COLUMNS = ("name", "n", "x", "d", "y")


class Reading(sr.Schema):
    name: str
    n: int
    x: float
    d: Decimal
    y: float


def messages(count: int, seed: int = 7) -> list[bytes]:
    chance = random.Random(seed)
    return [
        json.dumps(
            {
                "name": chance.choice(NAMES),
                "n": chance.randrange(2**53, 2**60),
                "x": chance.gauss(0, 1e3),
                "d": "PLACE",
                "y": chance.gauss(0, 1),
            }
        )
        .replace('"PLACE"', f"{chance.randrange(10**20)}.{chance.randrange(10**6):06}")
        .encode()
        for _ in range(count)
    ]


class Whole:
    """A run over all kinds of tables, which has read what there is, and waits for more."""

    def __init__(self, broker: EmbeddedBroker, folder: Path) -> None:
        self.folder = folder
        self.broker, self.topic = broker, "served"
        broker.create_topic(self.topic)
        t = sr.io.kafka.read(
            {"bootstrap.servers": broker.bootstrap_servers},
            self.topic,
            schema=Reading,
            format="json",
            autocommit_duration_ms=50,
        )
        line = t.linear_regression(t.y, t.x, statistics=["n", "std_error"])
        by = t.linear_regression(t.y, t.x, by=t.name, singular="null")
        sums = t.groupby(t.name).reduce(t.name, n=sr.reducers.sum(t.n), d=sr.reducers.sum(t.d))
        self.paths = {
            name: folder / f"{name}.csv" for name in ("line", "by", "sums", "curve", "exact", "odd")
        }
        outputs = [
            sr.io.csv.write(line, self.paths["line"]),
            sr.io.csv.write(by, self.paths["by"]),
            sr.io.csv.write(sums, self.paths["sums"]),
            sr.io.csv.write(t.linear_regression(t.y, sr.poly(t.x, 3)), self.paths["curve"]),
            sr.io.csv.write(t.linear_regression(t.y, t.d, t.n), self.paths["exact"]),
            sr.io.csv.write(sums.select(odd=sums.n % 2), self.paths["odd"]),
        ]
        self.run = ServedRun(outputs, processes=0, state=folder / "state")

    def read(self) -> None:
        """All rows, in several epochs."""
        found = messages(ROWS)
        for start in range(0, ROWS, EPOCH):
            end = start + EPOCH
            send(self.broker, self.topic, {0: found[start:end]})
            wait_until(
                lambda: self.run.progress is not None and self.run.progress.rows == end,  # noqa: B023  # called here
                SECONDS,
            )

    def standing(self, name: str) -> Counter[tuple[str, ...]]:
        """The rows that stand in a file."""
        with self.paths[name].open(newline="", encoding="utf-8") as file:
            _, *rows = csv.reader(file)
        found: Counter[tuple[str, ...]] = Counter()
        for *row, _, diff in rows:
            found[tuple(row)] += int(diff)
        return +found
