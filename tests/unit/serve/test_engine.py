"""What a run on an engine tells of it: as metrics, and in its status; without one it says nothing."""

from __future__ import annotations

import time

from streamreg._serve.address import Listen
from streamreg._serve.app import app_of
from streamreg._serve.feed import Feed
from streamreg._serve.snapshot import Snapshot
from streamreg._worker.contract import EngineFigures
from tests.support.served import Answer, ask

FIGURES = EngineFigures("Spark at local[2]", batches=7, seconds=3.5, ranges=4, executors=2)


def asked(path: str, engine: EngineFigures | None) -> Answer:
    feed = Feed()
    now = time.time()
    feed.take(
        Snapshot(
            phase="reading",
            turned_at=time.monotonic(),
            unix=now,
            started_at=now - 5,
            topic="t",
            engine=engine,
        )
    )
    return ask(app_of(feed, Listen("127.0.0.1", 1)), path)


def test_metrics_of_an_engine() -> None:
    """Batches and what they took, the ranges of the last one, and who works."""
    lines = asked("/metrics", FIGURES).body.decode().splitlines()
    for line in (
        "streamreg_engine_batch_duration_seconds_count 7.0",
        "streamreg_engine_batch_duration_seconds_sum 3.5",
        "streamreg_engine_ranges 4.0",
        "streamreg_engine_executors 2.0",
    ):
        assert line in lines
    assert b"streamreg_engine" not in asked("/metrics", None).body


def test_the_status_has_the_engine() -> None:
    """As it is; null without one."""
    assert asked("/v1/status", FIGURES).json()["engine"] == {
        "name": "Spark at local[2]",
        "batches": 7,
        "seconds": 3.5,
        "ranges": 4,
        "executors": 2,
    }
    assert asked("/v1/status", None).json()["engine"] is None
