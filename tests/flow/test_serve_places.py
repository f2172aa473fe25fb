"""Where a message stands is told by what people call it: its topic and its partition there, or its file."""

from __future__ import annotations

from pathlib import Path

import pytest

import streamreg as sr
from streamreg._cli import main
from streamreg._kafka.mock_broker import EmbeddedBroker
from tests.support.plans import table_of_source
from tests.support.process import wait_until
from tests.support.produce import send
from tests.support.served import SECONDS, LiveSource, ServedRun

Place = tuple[str | None, int]


class Point(sr.Schema):
    x: float
    y: float


def read(broker: EmbeddedBroker, pattern: str) -> ServedRun:
    t = sr.io.kafka.read(
        {**broker.settings, "topic.metadata.refresh.interval.ms": "200"},
        pattern=pattern,
        schema=Point,
        header=["x", "y"],
    )
    fit = t.linear_regression(t.y, t.x)
    return ServedRun([sr.io.csv.write(fit, "line.csv")], processes=0)


def places(run: ServedRun) -> set[Place]:
    """Those of the status."""
    found = run.json("/v1/status")["partitions"] or ()
    return {(one.get("topic"), one["partition"]) for one in found}


def of_topic(topic: str) -> set[Place]:
    return {(topic, partition) for partition in range(EmbeddedBroker.PARTITIONS)}


def test_partitions_of_several_topics(
    broker: EmbeddedBroker, topic: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Also where the pattern has found one alone: nothing is renamed when the second comes."""
    a, b = f"{topic}-a", f"{topic}-b"
    broker.create_topic(a)
    with read(broker, f"{topic}-.*") as run:
        wait_until(lambda: places(run) == of_topic(a), SECONDS)
        broker.create_topic(b)
        wait_until(lambda: places(run) == of_topic(a) | of_topic(b), SECONDS)
        send(broker, b, {1: [b"no row"]})
        wait_until(lambda: bool(run.json("/v1/rejects")["examples"]), SECONDS)
        (example,) = run.json("/v1/rejects")["examples"]
        assert (example["topic"], example["partition"], example["offset"]) == (b, 1, 0)
        assert "file" not in example
        # What partitions are at is shown later than rejects are.
        offset = f'streamreg_partition_offset{{partition="1",topic="{b}"}} 1.0'
        wait_until(lambda: offset in run.get("/metrics").body.decode(), SECONDS)
        assert main(["top", run.url]) == 0
        shown = [line.split() for line in capsys.readouterr().out.splitlines()]
        assert [b, "1", "1"] in [line[:3] for line in shown]


def test_the_topic_that_is_read_alone(folder: Path) -> None:
    """Its partitions need no name in the status; a reject has it."""
    source = LiveSource()
    t = table_of_source(source, {"x": "float", "y": "float"}, header=["x", "y"])
    with ServedRun([sr.io.csv.write(t, "rows.csv")], processes=0) as run:
        run.until("/readyz")
        source.add(b"no row")
        wait_until(lambda: bool(run.json("/v1/rejects")["examples"]), SECONDS)
        (example,) = run.json("/v1/rejects")["examples"]
        assert (example["topic"], example["partition"]) == ("live", 0)
        assert places(run) == {(None, 0)}


def test_files(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file has its name wherever it is shown, and no topic; a reject has no number, which tells nobody anything."""
    Path("in").mkdir()
    Path("in/points.csv").write_text("x,y\n1,2\nno row\n")
    Path("in/others.csv").write_text("x,y\n1,2\n")
    t = sr.io.csv.read("in/*.csv", schema=Point, mode="streaming")
    with ServedRun([sr.io.csv.write(t, "rows.csv")], processes=0) as run:
        wait_until(lambda: bool(run.json("/v1/rejects")["examples"]), SECONDS)
        (example,) = run.json("/v1/rejects")["examples"]
        assert example["file"].endswith("points.csv")
        assert not {"topic", "partition"} & example.keys()
        wait_until(lambda: run.json("/v1/status")["rows"] == 2, SECONDS)
        found = run.json("/v1/status")["partitions"]
        assert [(one["file"], one["offset"], one["lag"]) for one in found] == [
            ("in/others.csv", 8, 0),
            ("in/points.csv", 15, 0),
        ]
        assert not any("topic" in one for one in found)
        metrics = run.get("/metrics").body.decode()
        assert (
            'streamreg_partition_offset{partition="in/points.csv",topic="in/*.csv"} 15.0' in metrics
        )
        assert main(["top", run.url]) == 0
        shown = [line.split() for line in capsys.readouterr().out.splitlines()]
        assert ["file", "offset", "log", "end", "lag"] in shown
        assert ["in/points.csv", "15", "15", "0"] in shown
