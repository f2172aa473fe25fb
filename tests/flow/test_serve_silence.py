"""A run whose topic is away, or whose worker hangs, says so: how far it is behind is not known, or nothing is read."""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import time
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest

import streamreg as sr
from streamreg._kafka.mock_broker import EmbeddedBroker
from streamreg._operate.top.picture import lines
from streamreg._operate.top.sources import Port
from streamreg._run import lifecycle, log_ends
from streamreg._worker import pool
from tests.support.numbered import Point, row
from tests.support.plans import table_of_source
from tests.support.process import wait_until
from tests.support.produce import send
from tests.support.served import SECONDS, LiveSource, ServedRun

REASON = "0 rejects; waits for topic 'live', for "
LAG = "streamreg_partition_lag_messages{"


class Falling(LiveSource):
    """A topic whose cluster may say nothing."""

    silent = False

    def log_ends(self, partitions: Collection[int]) -> Mapping[int, int]:
        return {} if self.silent else super().log_ends(partitions)


def test_a_worker_that_was_stopped(
    folder: Path,
    broker: EmbeddedBroker,
    topic: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The run is not ready, and says which one it is, until it goes on; then it reads what has come meanwhile."""
    step, passed = [0.0], [0.0]

    def clock() -> float:
        passed[0] += step[0]
        return time.monotonic() + passed[0]

    caplog.set_level(logging.INFO, "streamreg")
    send(broker, topic, {0: [b"x,y", row(0), row(1)]})
    settings = {"bootstrap.servers": broker.bootstrap_servers}
    t = sr.io.kafka.read(settings, topic, schema=Point, autocommit_duration_ms=0)
    output = sr.io.csv.write(t.linear_regression(t.y, t.x), "line.csv")
    with ServedRun([output], processes=1) as run:
        run.until("/readyz")
        run.rows("line", 1)
        monkeypatch.setattr(pool, "time", SimpleNamespace(monotonic=clock))
        children = multiprocessing.active_children()
        [worker] = [each for each in children if each.name == "streamreg-worker-0"]
        assert worker.pid is not None
        os.kill(worker.pid, signal.SIGSTOP)
        step[0] = 5.0
        found = run.until("/readyz", 503).json()
        assert (found["reading"], found["lag_known"]) == (False, True)
        assert run.json("/v1/status")["silent_workers"] == [0]
        step[0] = 0.0
        send(broker, topic, {0: [row(2)]})
        os.kill(worker.pid, signal.SIGCONT)
        run.until("/readyz")
        wait_until(lambda: run.json("/v1/status")["rows"] == 3, SECONDS)
    told = [each.split(", ") for each in caplog.messages if each.startswith("worker 0")]
    assert told[0][:3] == ["worker 0", f"process {worker.pid}", "sends nothing"]
    assert [each[0] for each in told[1:]] == ["worker 0 goes on"]


def test_a_topic_that_is_away(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """It is not ready, and the lag is unknown wherever it is shown, until the source says again where its logs end."""
    monkeypatch.setattr(log_ends, "BELIEVED_SECONDS", 1.5)
    monkeypatch.setattr(lifecycle, "HEARTBEAT_SECONDS", 0.5)
    caplog.set_level(logging.INFO, "streamreg")
    source = Falling()
    source.add(row(0), row(1))
    t = table_of_source(source, {"x": "float", "y": "float"}, header=["x", "y"])
    output = sr.io.csv.write(t.linear_regression(t.y, t.x), "line.csv")
    with ServedRun([output], processes=0) as run:
        run.until("/readyz")
        run.rows("line", 1)
        source.silent = True
        answer = run.until("/readyz", 503)
        assert answer.json() == {
            "ready": False,
            "reading": True,
            "lag_known": False,
            "outputs_taken": True,
        }
        assert "streamreg_ready 0.0" in run.get("/metrics").body.decode()
        assert run.get("/healthz").status == 200
        status = run.json("/v1/status")
        assert status["lag"] is None
        assert [each["log_end"] for each in status["partitions"]] == [None]
        assert LAG not in run.get("/metrics").body.decode()
        shown = list(lines(Port(run.url, None)(), datetime(2026, 1, 1, tzinfo=UTC)))
        assert shown[1].endswith("lag unknown")
        wait_until(lambda: any(REASON in text for text in caplog.messages), SECONDS)
        source.silent = False
        run.until("/readyz")
        assert run.json("/v1/status")["lag"] == 0
        assert LAG in run.get("/metrics").body.decode()
    beats = [getattr(record, "streamreg", {}) for record in caplog.records]
    waited = [each["waits_for"] for each in beats if each.get("event") == "heartbeat"]
    assert waited[0] == waited[-1] == []
    assert ["topic 'live'"] in waited
    told = [each for each in caplog.messages if each.startswith(("away", "recovery"))]
    assert [each.split(",")[0] for each in told] == [
        "away: topic 'live' does not respond",
        "recovery: topic 'live' responds again",
    ]
