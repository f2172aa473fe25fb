"""Brokers that are far, or behind a thin line: batches read them as one machine does, if later."""

import json
import logging
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import streamreg as sr
from tests.kafka.conftest import READERS
from tests.support.engine_jobs import standing
from tests.support.kafka.broker import KafkaBroker
from tests.support.kafka.produce import Produce
from tests.support.spark_runs import Point, engine

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

ROUND_TRIP = 2.0
"""Seconds: before a first message comes there are four, and more than a task waits for one that says nothing."""
THIN = 500_000
"""Bytes a second: a response of four megabytes takes eight seconds."""
PARTITIONS = 4

pytestmark = pytest.mark.timeout(400)


def points(broker: KafkaBroker, topic: str, reader: str = "native") -> sr.Table:
    return sr.io.kafka.read(
        {**broker.far, **READERS[reader]},
        topic=topic,
        schema=Point,
        format="json",
        mode="static",
    )


@pytest.mark.parametrize("reader", list(READERS))
def test_a_far_broker(
    broker: KafkaBroker,
    session: "SparkSession",
    produce: Produce,
    topic: str,
    folder: Path,
    caplog: pytest.LogCaptureFixture,
    reader: str,
) -> None:
    """All is read, natively at once; by the client, of which no sign is seen, as soon as tasks wait for longer."""
    broker.create_topic(topic)
    produce(topic, [json.dumps({"x": x, "y": 2 * x + 1}) for x in range(200)])
    with broker.proxy(ROUND_TRIP), caplog.at_level(logging.WARNING, "streamreg"):
        t = points(broker, topic, reader)
        sr.io.csv.write(t.linear_regression(t.y, t.x, statistics=["n"]), "line.csv")
        summary = sr.run(engine=engine(session))
    assert summary.rows == 200
    assert standing(Path("line.csv")) == {("1.0", "2.0", "200"): 1}
    if reader == "native":
        assert "nothing was read" not in caplog.text


def test_a_thin_line(
    broker: KafkaBroker,
    session: "SparkSession",
    produce: Produce,
    topic: str,
    folder: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A response that takes longer to arrive than a task waits for a sign is waited for while it arrives."""
    broker.create_topic(topic, PARTITIONS)
    for p in range(PARTITIONS):
        produce(topic, [json.dumps({"x": x, "y": x, "pad": "~" * 1000}) for x in range(1000)], p)
    with broker.proxy(0.0, THIN), caplog.at_level(logging.WARNING, "streamreg"):
        t = points(broker, topic)
        sr.io.csv.write(t.linear_regression(t.y, t.x, statistics=["n"]), "line.csv")
        summary = sr.run(engine=engine(session, tasks=1))
    assert summary.rows == 1000 * PARTITIONS
    assert standing(Path("line.csv")) == {("0.0", "1.0", str(1000 * PARTITIONS)): 1}
    assert "nothing was read" not in caplog.text
