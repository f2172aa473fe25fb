"""A row for each of many windows, one after another, with a state; memory and state are measured as it runs.

Prints JSON: bytes of memory and of the state after the first thousand windows, and the most of each after that.
"""

import json
import os
from collections.abc import Sequence
from pathlib import Path

import streamreg as sr
from streamreg.testing import ListSource
from tests.support.plans import table_of_source

WINDOWS = int(os.environ["WINDOWS"])
FIRST = 1000
STATE = Path("state")
PAGE = os.sysconf("SC_PAGE_SIZE")


class Rows(Sequence[bytes]):
    """One row a window, made when it is read: ten million are not held."""

    def __len__(self) -> int:
        return WINDOWS

    def __getitem__(self, at: int) -> bytes:  # type: ignore[override]  # no slices are read
        return b"%d,%d,%d" % (10 * at, at % 7, at % 11)


def memory() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE


def stored() -> int:
    return sum(path.stat().st_size for path in STATE.iterdir())


def measure(progress: sr.Progress) -> bool:
    """At the end of each epoch; it stops nothing."""
    now = {"memory": memory(), "state": stored()}
    if progress.rows >= FIRST:
        first = found.setdefault("first", now)
        most = found.setdefault("most", dict(first))
        for name, size in now.items():
            most[name] = max(most[name], size)
    return False


found: dict[str, dict[str, int]] = {}
source = ListSource([Rows()], batch=FIRST)
t = table_of_source(source, {"at": "int", "x": "float", "y": "float"}, header=["at", "x", "y"])
window = sr.temporal.sliding(5, 10) if "SLIDING" in os.environ else sr.temporal.tumbling(10)
if "SESSION" in os.environ:
    window = sr.temporal.session(max_gap=5)
behavior = (
    sr.temporal.exactly_once_behavior()
    if "FINAL" in os.environ
    else sr.temporal.common_behavior(cutoff=10, keep_results=True)
)
w = t.windowby(t.at, window=window, behavior=behavior)
sr.io.csv.write(w.linear_regression(t.y, t.x, statistics=["n"]), "fit.csv")
summary = sr.run(processes=0, state=STATE, stop=measure)
print(json.dumps({**found, "rows": summary.rows}))
