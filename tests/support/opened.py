"""Runs whose states are opened as estimators."""

from typing import Any

import streamreg as sr
from streamreg import testing

open_state = sr.LinearRegression.from_state


def run(**outputs: sr.Table) -> dict[str, dict[str, Any]]:
    """The last results of a run with these outputs."""
    for name, output in outputs.items():
        sr.io.csv.write(output, f"{name}.csv")
    results: dict[str, Any] = {}
    sr.run(processes=0, state="state", progress=lambda now: results.update(now.results))
    return results


class Keyed(sr.Schema):
    k: int
    s: str
    x: float
    y: float


def keyed() -> sr.Table:
    lines = [f"{k},{s},{x},{x * k}".encode() for k in range(8) for s in "ab" for x in range(3)]
    return testing.read([[b"k,s,x,y", *lines]], schema=Keyed)
