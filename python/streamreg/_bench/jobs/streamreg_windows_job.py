"""Bench, contender: streamreg, a line for each window of each sensor, with its checkpoint; or for each sensor."""

from __future__ import annotations

import json
import sys
import time

from processor_time import processor  # a neighbour: the folder of the program is on its path

import streamreg as sr


class Reading(sr.Schema):
    """What a message holds."""

    at: int
    sensor: str
    x: float
    y: float


def lines(table: sr.Table, windowing: dict[str, int] | None) -> sr.Table:
    """The results."""
    if windowing is None:
        return table.linear_regression(table.y, table.x, by=table.sensor, statistics=["n"])
    windows = table.windowby(
        table.at,
        window=sr.temporal.sliding(windowing["hop"], windowing["duration"]),
        instance=table.sensor,
        behavior=sr.temporal.exactly_once_behavior() if windowing["final"] else None,
    )
    return windows.linear_regression(table.y, table.x, statistics=["n"])


def main() -> None:
    """Runs the job, and notes when the first rows were merged."""
    job = json.load(sys.stdin)
    table = sr.io.kafka.read(
        job["settings"],
        job["topic"],
        schema=Reading,
        format=job["format"],
        header=["at", "sensor", "x", "y"] if job["format"] == "csv" else None,
        mode="static",
        autocommit_duration_ms=job["autocommit_ms"],
    )
    sr.io.csv.write(lines(table, job["windowing"]), "output.csv")
    first: list[tuple[int, float]] = []

    def note(now: sr.Progress) -> None:
        if now.rows and not first:
            first.append((now.rows, time.time()))

    before = processor()
    started = time.time()
    summary = sr.run(processes=job["parallel"], state="state", progress=note)
    ended = time.time()
    steady = [(summary.rows - rows, ended - moment) for rows, moment in first]
    found = {"rows": summary.rows, "seconds": ended - started, "processor": processor() - before}
    print(json.dumps({**found, "steady": steady[0] if steady else None}))


if __name__ == "__main__":
    main()
