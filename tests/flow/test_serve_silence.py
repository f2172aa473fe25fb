"""A run whose topic is away says that it does not know how far it is behind, and that it does again."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping
from datetime import UTC, datetime

import pytest

import streamreg as sr
from streamreg._operate.top.picture import lines
from streamreg._operate.top.sources import Port
from streamreg._run import lifecycle, log_ends
from tests.support.numbered import row
from tests.support.plans import table_of_source
from tests.support.process import wait_until
from tests.support.served import SECONDS, LiveSource, ServedRun

REASON = "0 rejects; waits for topic 'live', for "
LAG = "streamreg_partition_lag_messages{"


class Falling(LiveSource):
    """A topic whose cluster may say nothing."""

    silent = False

    def log_ends(self, partitions: Collection[int]) -> Mapping[int, int]:
        return {} if self.silent else super().log_ends(partitions)


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
