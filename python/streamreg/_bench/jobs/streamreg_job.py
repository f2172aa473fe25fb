"""Bench, contender: streamreg, the main job with both changelogs and its checkpoint."""

from __future__ import annotations

import json
import sys
import time

from processor_time import processor  # a neighbour: the folder of the program is on its path

import streamreg as sr


class Point(sr.Schema):
    """What a message holds."""

    x: float
    y: float


def main() -> None:
    """Runs the job, and notes when the first rows were in the files."""
    job = json.load(sys.stdin)
    table = sr.io.kafka.read(
        job["settings"],
        job["topic"],
        schema=Point,
        format=job["format"],
        mode="static" if job["static"] else "streaming",
        autocommit_duration_ms=job["autocommit_ms"],
        reader=job["reader"],
    )
    if job["changelog"]:
        sr.io.csv.write(table, "input.csv")
    sr.io.csv.write(table.linear_regression(table.y, table.x), "output.csv")
    first: list[tuple[int, float]] = []

    def note(now: sr.Progress) -> None:
        if now.rows and not first:
            first.append((now.rows, time.time()))

    before = processor()
    started = time.time()
    print(json.dumps({"started": started}), flush=True)
    summary = sr.run(processes=job["parallel"], state="state", progress=note, listen=job["listen"])
    ended = time.time()
    steady = [(summary.rows - rows, ended - moment) for rows, moment in first]
    found = {"rows": summary.rows, "seconds": ended - started, "processor": processor() - before}
    print(json.dumps({**found, "steady": steady[0] if steady else None}))


if __name__ == "__main__":
    main()
