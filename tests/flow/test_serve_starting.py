"""A run that starts: what it does not know yet is told as such, neither as 0 nor as none, and comes by itself."""

from __future__ import annotations

from pathlib import Path

import pytest

import streamreg as sr
from streamreg._cli import main
from streamreg._serve.address import Listen
from streamreg._serve.app import app_of
from streamreg._serve.feed import Feed
from streamreg._serve.messages import Layout, Standing, TableSpec
from streamreg._serve.tables import UNKNOWN
from streamreg._sinks.contract import ColumnSpec
from tests.support.numbered import row
from tests.support.plans import table_of_source
from tests.support.process import wait_until
from tests.support.served import SECONDS, HeldSource, LiveSource, ServedRun, ask

ROWS = 3
FLOW = ("epochs", "rows", "rows_per_second", "lag", "rejects", "tombstones", "excluded", "lost", "partitions",
        "epochs_closed", "checkpoints", "worker_restarts", "last_message")  # fmt: skip


def served(source: LiveSource, **options: object) -> ServedRun:
    t = table_of_source(source, {"x": "float", "y": "float"}, header=["x", "y"])
    fit = t.linear_regression(t.y, t.x)
    return ServedRun([sr.io.csv.write(fit, "line.csv")], processes=0, state="state", **options)


def counters(run: ServedRun) -> set[str]:
    """The names of all that only grows."""
    lines = run.get("/metrics").body.decode().splitlines()
    return {line.split()[2] for line in lines if line.startswith("# TYPE") and "counter" in line}


def test_counts_of_a_state_are_never_zero(folder: Path) -> None:
    """Prometheus takes a counter that falls for one that began anew, and would count all of the state's rows again."""
    first = LiveSource()
    with served(first) as run:
        run.until("/v1/tables")
        first.add(*map(row, range(ROWS)), b"no row")
        wait_until(lambda: run.json("/v1/status")["rows"] == ROWS, SECONDS)
        assert "streamreg_rows_total" in counters(run)
    held = HeldSource(first.messages)
    with served(held) as run:
        assert not counters(run)
        assert not any(b"duration" in line for line in run.get("/metrics").body.splitlines())
        status = run.json("/v1/status")
        assert (status["phase"], {name: status[name] for name in FLOW}) == (
            "starting",
            dict.fromkeys(FLOW),
        )
        assert run.json("/v1/rejects")["counts"] is None
        held.ready.set()
        wait_until(lambda: "streamreg_rows_total" in counters(run), SECONDS)
        assert f"streamreg_rows_total {ROWS}.0" in run.get("/metrics").body.decode()
        status = run.json("/v1/status")
        assert (status["rows"], status["rejects"]) == (ROWS, {"field-count": 1})


def test_a_first_run_knows_nothing_either(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As `streamreg top` says, without an error."""
    held = HeldSource([row(0)])
    with served(held) as run:
        assert not counters(run)
        assert main(["top", run.url]) == 0
        shown = capsys.readouterr().out
        assert "live  starting" in shown
        for name in (
            "rows     unknown",
            "rejects  unknown",
            "epochs   unknown",
            "results unknown yet",
        ):
            assert name in shown


TABLES = (
    *("/v1/tables", "/v1/tables/line", "/v1/tables/none", "/v1/tables/line/changes"),
    "/v1/predict?table=line&x=1",
    *(f"/v1/figures/{name}?table=line" for name in ("history", "fit", "residuals")),
)


def test_tables_are_not_known_until_the_run_has_told_them(folder: Path) -> None:
    """Neither that there are none nor that one is missing: who asks is told to ask again."""
    held = HeldSource([row(0)])
    with served(held) as run:
        for path in TABLES:
            answer = run.get(path)
            assert (answer.status, answer.json()["error"]) == (503, UNKNOWN)
            assert answer.headers["retry-after"] == "1"
            documented = run.json("/openapi.json")["paths"]
        for path in {path.partition("?")[0].replace("none", "line") for path in TABLES}:
            responses = documented[path.replace("/line", "/{name}")]["get"]["responses"]
            assert UNKNOWN in responses["503"]["description"]
        held.ready.set()
        assert run.until("/v1/tables").json()["tables"]
        assert run.get("/v1/tables/none").status == 404
        run.rows("line", 1)


def test_a_layout_alone_is_no_table() -> None:
    """Its rows come in a message of their own, before which it would be shown empty."""
    feed = Feed()
    columns = (ColumnSpec("x", "float", "x"),)
    feed.take(Layout((TableSpec("line", "line.csv", columns, (), 0),), ({},), None))
    app = app_of(feed, Listen("127.0.0.1", 1))
    assert ask(app, "/v1/tables").status == 503
    feed.take(Standing(3, ([b"1.5"],), ((),), (None,)))
    assert ask(app, "/v1/tables").json()["epoch"] == 3


def test_counts_are_those_of_the_checkpoint(folder: Path) -> None:
    """Tombstones too: after a crash those of an epoch that was open are read again, and no counter may have fallen."""
    source = LiveSource()
    source.autocommit_duration_ms = 60_000
    with served(source) as run:
        run.until("/v1/tables")
        source.add(row(0))
        wait_until(lambda: run.json("/v1/status")["rows"] == 1, SECONDS)
        source.add(row(1), None)
        wait_until(lambda: run.json("/v1/status")["partitions"][0]["offset"] == 3, SECONDS)
        status = run.json("/v1/status")
        assert (status["rows"], status["tombstones"]) == (1, 0)
