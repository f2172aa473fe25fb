"""A program whose instructions are counted: `os.getppid` marks where one section ends and the next begins."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Literal

os.getppid()
import streamreg as sr  # noqa: E402 - its import is a section of its own
from streamreg import testing  # noqa: E402

os.getppid()

import numpy as np  # noqa: E402

from streamreg._core import Moments  # noqa: E402

FEW, MANY = 10_000, 50_000


class Point(sr.Schema):
    """What a message holds."""

    x: float
    y: float


def flow(format: Literal["csv", "json"], rows: bool) -> None:
    """Two sections, of few and of many messages, after one that is thrown away: what is first used is loaded then."""
    text = "{},{}" if format == "csv" else '{{"x":{},"y":{}}}'
    header = ["x", "y"] if format == "csv" else None
    for count in (FEW, FEW, MANY):
        messages = [
            text.format((i * 7919 % MANY) / 1021, (i * 104729 % 65537) / 4093 + i / 64).encode()
            for i in range(count)
        ]
        table = testing.read([messages], schema=Point, format=format, header=header, batch=FEW)
        with tempfile.TemporaryDirectory() as folder:
            if rows:
                sr.io.csv.write(table, Path(folder) / "input.csv")
            sr.io.csv.write(table.linear_regression(table.y, table.x), Path(folder) / "output.csv")
            os.getppid()
            sr.run(processes=0, state=Path(folder) / "state")
            os.getppid()


def add(features: int) -> None:
    """The same of the core alone."""
    random = np.random.default_rng(5)
    for count in (FEW, FEW, MANY):
        columns = [random.normal(size=count) for _ in range(features + 1)]
        os.getppid()
        Moments(features).add(columns)
        os.getppid()


flow("csv", rows=True)
flow("csv", rows=False)
flow("json", rows=True)
add(1)
add(10)
