"""What a job of each kind comes to on Spark: the bits that it comes to on one machine, from a real broker."""

import random
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, ParamSpec

import pytest
from confluent_kafka import Producer

import streamreg as sr
from streamreg._source.contract import Range
from tests.support import upserts
from tests.support.engine_jobs import (
    FILES,
    REJECTS,
    readings,
    spread,
    standing,
    state_of,
    write,
    write_windows,
)
from tests.support.kafka.broker import KafkaBroker
from tests.support.kafka.produce import Produce
from tests.support.spark import LOCAL_CLUSTER, spark_session
from tests.support.spark_runs import Point, check, engine, run_both, table

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

P = ParamSpec("P")

PARTITIONS = 4
COUNT = 20_000


@pytest.fixture(scope="module", params=["local[2]", LOCAL_CLUSTER])
def session(request: pytest.FixtureRequest) -> "Iterator[SparkSession]":
    """In this process, and on two executors, of a process each."""
    with spark_session(request.param) as found:
        yield found


@pytest.fixture(scope="session")
def filled(broker: KafkaBroker) -> str:
    """A topic of readings."""
    from tests.support.kafka.produce import producer_for

    name = "spark-readings"
    broker.create_topic(name, PARTITIONS)
    produce = producer_for(broker.plaintext)
    for partition, messages in enumerate(spread(readings(COUNT, 11), PARTITIONS, 11)):
        produce(name, messages, partition)
    return name


@pytest.mark.parametrize("kind", ["all", "windows"])
def test_law_the_same_bits(
    broker: KafkaBroker, filled: str, session: "SparkSession", folder: Path, kind: str
) -> None:
    """Rows, regressions, keys, windows, classes, decimals: each stands the same; the sums are the same bytes."""
    make = write if kind == "all" else write_windows
    run_both(folder, lambda own: make(table(broker, filled), own), engine(session, max_rows=7000))
    files = [name for name in FILES if (folder / "one" / name).exists()]
    assert files
    for file in files:
        if file != "scores.csv":
            assert standing(folder / "spark" / file) == standing(folder / "one" / file), file
    assert state_of(folder / "spark" / "state") == state_of(folder / "one" / "state")
    check(make(table(broker, filled), folder / "spark"), folder / "spark")


def at_random(
    cut: Callable[P, list[dict[int, Range]]], chance: random.Random, sizes: list[int]
) -> Callable[P, list[dict[int, Range]]]:
    """The ranges of a batch in pieces of any lengths, and tasks of any pieces; says how many there were."""

    def found(*given: P.args, **named: P.kwargs) -> list[dict[int, Range]]:
        parts: list[dict[int, Range]] = []
        for partition, whole in ((p, r) for part in cut(*given, **named) for p, r in part.items()):
            at, end = whole.start, whole.end or 0
            while at < end:
                # The first message of a partition is looked for in its first range.
                length = end if whole.untouched else chance.choice([1, 7, 200, 2000])
                until = min(end, at + length)
                if not parts or partition in parts[-1] or chance.random() < 0.5:
                    parts.append({})
                first = replace(whole, end=until)
                parts[-1][partition] = (
                    first if at == whole.start else Range(at, until, untouched=False)
                )
                at = until
        sizes.append(len(parts))
        return parts

    return found


def test_law_any_cut_gives_the_same_bits(
    broker: KafkaBroker,
    filled: str,
    session: "SparkSession",
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """However the ranges of a batch are cut, and whoever reads which: the same sums."""
    from streamreg._spark import batch, pool

    sizes: list[int] = []
    monkeypatch.setattr(pool, "cut", at_random(batch.cut, random.Random(17), sizes))
    run_both(folder, lambda own: write(table(broker, filled), own), engine(session, max_rows=9000))
    assert max(sizes) > 4
    for file in FILES:
        if (folder / "one" / file).exists() and file != "scores.csv":
            assert standing(folder / "spark" / file) == standing(folder / "one" / file), file
    assert state_of(folder / "spark" / "state") == state_of(folder / "one" / "state")


def test_one_batch_is_one_epoch(
    broker: KafkaBroker, session: "SparkSession", produce: Produce, topic: str, folder: Path
) -> None:
    """Of a topic with one partition all files are byte for byte those of one machine that has read it at once."""
    broker.create_topic(topic)
    produce(topic, ["x,y", *(f"{x},{2 * x + x % 3}" for x in range(5000)), "junk"])

    def outputs(own: Path) -> list[sr.Output]:
        t = sr.io.kafka.read(
            broker.plaintext,
            topic=topic,
            schema=Point,
            mode="static",
            autocommit_duration_ms=60_000,
        )
        fit = t.linear_regression(t.y, t.x)
        return [
            sr.io.csv.write(t, own / "rows.csv"),
            sr.io.csv.write(fit, own / "line.csv"),
            sr.io.csv.write(fit.predict_on(t), own / "scores.csv"),
            sr.io.sqlite.write(fit, own / "line.db", table="line", mode="current"),
        ]

    run_both(folder, outputs, engine(session))
    for file in ("rows.csv", "line.csv", "scores.csv", REJECTS):
        assert (folder / "spark" / file).read_bytes() == (folder / "one" / file).read_bytes(), file
    lines = []
    for name in ("one", "spark"):
        with sqlite3.connect(folder / name / "line.db") as database:
            lines += database.execute("SELECT * FROM line").fetchall()
        database.close()
    assert len(lines) == 2
    assert lines[0] == lines[1]


def test_rows_that_are_replaced(
    broker: KafkaBroker, session: "SparkSession", topic: str, folder: Path
) -> None:
    """Upserts keep the order of their keys, however a partition is cut."""
    messages, rows = upserts.sequence(6000, 2, 50, 4)
    broker.create_topic(topic, 2)
    producer = Producer(broker.plaintext)
    for partition, own in enumerate(messages):
        for message in own:
            producer.produce(topic, message.value, message.key, partition=partition)
    assert producer.flush(30) == 0
    t = sr.io.kafka.read(
        broker.plaintext,
        topic=topic,
        schema=upserts.Reading,
        format="json",
        mode="static",
        upsert=True,
    )
    upserts.write(t, folder)
    sr.run(state="state", rejects=REJECTS, engine=engine(session, max_rows=4000, tasks=4))
    assert upserts.left(folder) == upserts.expected(rows, folder / "expected")


def test_a_state_moves_to_spark_and_back(
    broker: KafkaBroker, session: "SparkSession", produce: Produce, topic: str, folder: Path
) -> None:
    """Run in turns on one machine and on Spark while the topic grows, it comes to what one run comes to."""
    broker.create_topic(topic, 2)
    messages = readings(6000, 6)
    for turn in range(4):
        part = messages[1500 * turn : 1500 * (turn + 1)]
        for partition in (0, 1):
            produce(topic, part[partition::2], partition)
        given = engine(session) if turn % 2 else None
        outputs = write(table(broker, topic), folder)
        sr.run(
            outputs=outputs,
            state="state",
            rejects=REJECTS,
            engine=given,
            processes=None if given else 0,
        )
    (folder / "one").mkdir()
    sr.run(outputs=write(table(broker, topic), folder / "one"), state="one/state", processes=0)
    for file in FILES:
        if (folder / "one" / file).exists() and file != "scores.csv":
            assert standing(folder / file) == standing(folder / "one" / file), file
    assert state_of(folder / "state") == state_of(folder / "one" / "state")
    check(write(table(broker, topic), folder), folder)


def test_many_ranges(
    broker: KafkaBroker, filled: str, session: "SparkSession", folder: Path
) -> None:
    """A batch of many tasks is put together on executors; the driver is given few partials, and the same bits."""
    from streamreg._spark import batch

    seen: list[int] = []

    def outputs(own: Path) -> list[sr.Output]:
        t = table(broker, filled)
        return [sr.io.csv.write(t.linear_regression(t.y, t.x), own / "line.csv")]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(batch, "_LEAST", 1)
        first = engine(session, max_rows=10)  # The partitions are touched, so that they can be cut.
        (folder / "spark").mkdir()
        sr.run(
            outputs=outputs(folder / "spark"),
            state="spark/state",
            engine=first,
            stop=lambda now: now.epochs >= 1,
        )
        from streamreg._spark.jobs import SparkJobs

        run = SparkJobs.run

        def counted(self: SparkJobs, pieces: object) -> object:
            found = run(self, pieces)  # type: ignore[arg-type]  # as it came
            seen.extend((len(pieces), len(found)))  # type: ignore[arg-type]  # likewise
            return found

        patch.setattr(SparkJobs, "run", counted)
        sr.run(
            outputs=outputs(folder / "spark"),
            state="spark/state",
            engine=engine(session, tasks=100),
        )
    assert seen[0] > 90
    assert seen[1] <= 16
    (folder / "one").mkdir()
    sr.run(outputs=outputs(folder / "one"), state="one/state", processes=0)
    assert standing(folder / "spark" / "line.csv") == standing(folder / "one" / "line.csv")
    assert state_of(folder / "spark" / "state") == state_of(folder / "one" / "state")
