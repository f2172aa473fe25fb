"""A run whose destination is away says so wherever it can be asked, and reads on by itself."""

from __future__ import annotations

import logging
import sqlite3
from contextlib import closing
from datetime import UTC, datetime

import pytest

import streamreg as sr
from streamreg._operate.top.picture import lines
from streamreg._operate.top.sources import Port
from streamreg._run import lifecycle
from tests.support.numbered import row
from tests.support.plans import table_of_source
from tests.support.process import wait_until
from tests.support.served import SECONDS, LiveSource, ServedRun

OUTPUT = "out.db:rows"
REASON = f"reads nothing: waits for {OUTPUT}, for "


@pytest.mark.parametrize("state", ["state", None])
def test_a_destination_that_is_away(
    state: str | None,
    folder: object,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Not ready, named with its name by status, `top` and metrics; heartbeats say why; all of it ends with it."""
    monkeypatch.setattr(lifecycle, "HEARTBEAT_SECONDS", 0.5)
    caplog.set_level(logging.INFO, "streamreg")
    source = LiveSource()
    source.add(row(0))
    t = table_of_source(source, {"x": "float", "y": "float"}, header=["x", "y"])
    output = sr.io.sqlite.write(t, "out.db", table="rows")
    with (
        ServedRun([output], processes=0, state=state) as run,
        closing(sqlite3.connect("out.db", isolation_level=None)) as database,
    ):
        run.until("/readyz")
        wait_until(lambda: run.json("/v1/status")["rows"] == 1, SECONDS)
        database.execute("BEGIN IMMEDIATE")
        source.add(row(1))
        found = run.until("/readyz", 503).json()
        assert (found["reading"], found["outputs_taken"]) == (False, False)
        assert run.get("/healthz").status == 200
        assert list(run.json("/v1/status")["waiting"]) == [OUTPUT]
        shown = list(lines(Port(run.url, None)(), datetime(2026, 1, 1, tzinfo=UTC)))
        assert shown[1].startswith(f"waits    for {OUTPUT}, for ")
        gauge = f'streamreg_output_waiting_seconds{{output="{OUTPUT}"}} '
        assert gauge in run.get("/metrics").body.decode()
        wait_until(lambda: any(REASON in text for text in caplog.messages), SECONDS)
        database.execute("ROLLBACK")
        run.until("/readyz")
        assert gauge + "0.0" in run.get("/metrics").body.decode()
        wait_until(lambda: run.json("/v1/status")["rows"] == 2, SECONDS)
        assert run.json("/v1/status")["waiting"] == {}
    told = [
        (each["event"], each["output"])
        for each in (getattr(record, "streamreg", {}) for record in caplog.records)
        if each.get("event") in ("away", "recovery")
    ]
    assert told == [("away", OUTPUT), ("recovery", OUTPUT)]
