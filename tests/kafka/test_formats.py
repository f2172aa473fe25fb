"""Exact over formats, partitions and processes: the same bits, and the right ones."""

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.support.kafka.broker import KafkaBroker
from tests.support.kafka.oracle import line
from tests.support.kafka.outputs import bits, fold, read_changelog, read_rejects
from tests.support.kafka.produce import Produce, producer_for
from tests.support.kafka.program import job_environment, run_job

PARTITIONS = 4
MESSAGES = 2_000_000
EPOCH_MS = 1_700_000_000_000


class Points(NamedTuple):
    """Points of a line over epoch milliseconds, where the usual formula in doubles is worthless."""

    xs: list[float]
    ys: list[float]
    line: tuple[float, float]


class Filled(NamedTuple):
    topic: str
    format: str


def make_points(count: int) -> Points:
    noise = random.Random(0)
    xs = [float(EPOCH_MS + i) for i in range(count)]
    ys = [2.0 * i + 1.0 + noise.uniform(-1, 1) for i in range(count)]
    return Points(xs, ys, line(xs, ys))


def messages(points: Points, format: str, partition: int) -> Iterator[str]:
    """A quarter of the points; the header stands first in two of the four partitions."""
    rows = zip(points.xs[partition::PARTITIONS], points.ys[partition::PARTITIONS], strict=True)
    if format == "json":
        return (f'{{"x": {x!r}, "y": {y!r}}}' for x, y in rows)
    head = iter(["x,y"] if partition % 2 == 0 else [])
    return (message for part in (head, (f"{x!r},{y!r}" for x, y in rows)) for message in part)


def last_row(path: Path, *columns: str) -> tuple[float, ...]:
    return fold(read_changelog(path, columns))[-1].row


@pytest.fixture(scope="module")
def points() -> Points:
    return make_points(MESSAGES)


@pytest.fixture(scope="module", params=["csv", "json"])
def filled(request: pytest.FixtureRequest, broker: KafkaBroker, points: Points) -> Filled:
    format: str = request.param
    topic = f"two-million-{format}"
    broker.create_topic(topic, PARTITIONS)
    produce = producer_for(broker.plaintext)
    for partition in range(PARTITIONS):
        produce(topic, messages(points, format, partition), partition)
    return Filled(topic, format)


@pytest.mark.parametrize("processes", [1, 2, 4])
def test_oracle_two_million_messages(
    broker: KafkaBroker, points: Points, filled: Filled, tmp_path: Path, processes: int
) -> None:
    """Any number of processes gives the correctly rounded coefficients of all messages."""
    environment = job_environment(
        settings=broker.plaintext,
        topic=filled.topic,
        format=filled.format,
        processes=processes,
    )
    run_job("regression", tmp_path, environment)
    assert last_row(tmp_path / "count.csv", "n") == (MESSAGES,)
    assert bits(last_row(tmp_path / "coefficients.csv", "a", "b")) == bits(points.line)
    assert read_rejects(tmp_path / "rejects.jsonl") == []


def test_oracle_epoch_milliseconds(
    broker: KafkaBroker, topic: str, produce: Produce, tmp_path: Path
) -> None:
    """A thousand points over epoch milliseconds give the correctly rounded coefficients."""
    broker.create_topic(topic)
    points = make_points(1000)
    values = [json.dumps({"x": x, "y": y}) for x, y in zip(points.xs, points.ys, strict=True)]
    produce(topic, values)
    environment = job_environment(settings=broker.plaintext, topic=topic, format="json")
    run_job("regression", tmp_path, environment)
    assert bits(last_row(tmp_path / "coefficients.csv", "a", "b")) == bits(points.line)
