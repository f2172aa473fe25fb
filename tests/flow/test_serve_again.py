"""A process that serves is started again while an epoch is being closed: what it is given is what stands."""

from __future__ import annotations

import csv
import multiprocessing
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

import streamreg as sr
from tests.support.plans import table_of_source
from tests.support.process import wait_until
from tests.support.served import SECONDS, LiveSource, ServedRun


@pytest.mark.parametrize("state", [None, "state"])
def test_changes_of_an_epoch_that_waits_are_told_once(folder: Path, state: str | None) -> None:
    """While a destination is waited for, another process takes the place of the one that served."""
    source = LiveSource()
    t = table_of_source(source, {"k": "str", "x": "float"}, header=["k", "x"])
    by = t.groupby(t.k).reduce(t.k, n=sr.reducers.count())
    outputs = [sr.io.csv.write(by, "by.csv"), sr.io.sqlite.write(t, "out.db", table="rows")]
    with ServedRun(outputs, processes=0, state=state) as run:

        def rows() -> list[tuple[str, int]]:
            """The table as it is served, once there is one."""
            found: list[tuple[str, int]] = []

            def served() -> bool:
                try:
                    answer = run.get("/v1/tables/by")
                except OSError:
                    return False
                if answer.status == 200:
                    found[:] = [(row["k"], row["n"]) for row in answer.json()["rows"]]
                return answer.status == 200

            wait_until(served, SECONDS)
            return found

        source.add(b"a,1")
        wait_until(lambda: rows() == [("a", 1)], SECONDS)
        with closing(sqlite3.connect("out.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            source.add(b"a,2", b"b,3")
            run.until("/readyz", 503)
            [server] = [
                each
                for each in multiprocessing.active_children()
                if each.name == "streamreg-server"
            ]
            server.kill()
            server.join()
            # It answers again, though it may not know the tables before the epoch is closed.
            shown: set[float] = set()

            def shown_again() -> bool:
                """The loop has told the new process how it is more than once, and so all that it would."""
                shown.update(told(run))
                return len(shown) > 2

            wait_until(shown_again, SECONDS)
            other.execute("ROLLBACK")
        wait_until(lambda: rows() == [("a", 2), ("b", 1)], SECONDS)
        source.add(b"a,4")
        wait_until(lambda: rows() == [("a", 3), ("b", 1)], SECONDS)
    with Path("by.csv").open() as file:
        assert [*csv.reader(file)][-1][:2] == ["a", "3"]


def told(run: ServedRun) -> set[float]:
    """When the run has told how it is; nothing while nobody answers."""
    try:
        return {run.json("/v1/status")["unix"]}
    except OSError:
        return set()


@pytest.mark.parametrize("files", [200, 256, 1024, 4096])
def test_probes_have_connections_of_their_own(files: int) -> None:
    """However few files a process may have open, requests and streams leave some for others."""
    code = (
        "import resource as r; "
        "_, most = r.getrlimit(r.RLIMIT_NOFILE); "
        f"r.setrlimit(r.RLIMIT_NOFILE, (min({files}, most), most)); "
        "from streamreg._serve.connection import MOST_OPEN as a; "
        "from streamreg._serve.crowd import MOST_REQUESTS as b, MOST_STREAMS as c; "
        "assert a > b > c > 0, (a, b, c)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
