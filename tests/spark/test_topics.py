"""What happens to a topic under a run on Spark: transactions, compaction, retention, another one of its name."""

import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import streamreg as sr
from tests.support.engine_jobs import standing, state_of
from tests.support.kafka.broker import KafkaBroker
from tests.support.kafka.produce import Produce, producer_for
from tests.support.kafka.topics import delete_records, delete_topic
from tests.support.kafka.transactions import LIE, transact, transactional, truth
from tests.support.spark_runs import Point, engine, run_both

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


def test_only_committed_messages_count(
    broker: KafkaBroker, session: "SparkSession", topic: str, folder: Path
) -> None:
    """Aborted messages are in no sum; a batch ends where an open transaction does, and does not wait for it."""
    broker.create_topic(topic, 2)
    with transactional(broker, topic) as producer, transactional(broker, f"{topic}-2") as other:
        transact(producer, topic, [b"x,y", *truth(range(10))], 0, commit=True)
        for start in range(10, 40, 10):
            transact(producer, topic, [LIE] * 7, 0, commit=False)
            transact(producer, topic, truth(range(start, start + 10)), 0, commit=True)
        transact(producer, topic, [LIE] * 3, 1, commit=False)
        other.begin_transaction()
        other.produce(topic, LIE, partition=0)
        assert other.flush(30) == 0
        t = sr.io.kafka.read(broker.plaintext, topic=topic, schema=Point)
        sr.io.csv.write(t.linear_regression(t.y, t.x, statistics=["n"]), "line.csv")
        summary = sr.run(engine=engine(session, max_rows=17), stop=lambda now: now.rows >= 40)
        other.abort_transaction(30)
    assert (summary.rows, dict(summary.rejects)) == (40, {})
    assert standing(Path("line.csv")) == {("1.0", "2.0", "40"): 1}


def test_a_compacted_topic(
    broker: KafkaBroker, session: "SparkSession", topic: str, folder: Path
) -> None:
    """Offsets that are not there any more, here deleted records, end no range; ranges without messages are read."""
    broker.create_topic(topic, 1)
    with transactional(broker, topic) as producer:
        for start in range(0, 100, 2):
            transact(producer, topic, truth(range(start, start + 2)), 0, commit=start % 20 == 0)
    delete_records(broker.plaintext, topic, 5)

    def outputs(own: Path) -> list[sr.Output]:
        t = sr.io.kafka.read(
            broker.plaintext, topic=topic, schema=Point, header=["x", "y"], mode="static"
        )
        return [sr.io.csv.write(t, own / "rows.csv")]

    run_both(folder, outputs, engine(session, max_rows=7, tasks=3))
    assert standing(folder / "spark" / "rows.csv") == standing(folder / "one" / "rows.csv")
    assert state_of(folder / "spark" / "state") == state_of(folder / "one" / "state")


def test_another_topic_of_the_name(
    broker: KafkaBroker, session: "SparkSession", produce: Produce, topic: str, folder: Path
) -> None:
    """A run ends when its topic is made anew, with the words of one machine; a restart is refused by them too."""
    broker.create_topic(topic)
    produce(topic, [f"{x},{x}" for x in range(100)])

    def run() -> None:
        t = sr.io.kafka.read(broker.plaintext, topic=topic, schema=Point, header=["x", "y"])
        sr.io.csv.write(t, "rows.csv")
        replaced = False

        def replace_topic(now: sr.Progress) -> bool:
            nonlocal replaced
            if now.rows == 100 and not replaced:
                replaced = True
                delete_topic(broker.plaintext, topic)
                broker.create_topic(topic)
                produce(topic, [f"{x},7" for x in range(300)])
            return False

        sr.run(state="state", engine=engine(session), stop=replace_topic)

    for _ in range(2):
        with pytest.raises(sr.SourceError, match="this is another topic of that name"):
            run()
        sr.clear()
    assert len(standing(Path("rows.csv"))) == 100


def test_what_retention_has_taken(
    broker: KafkaBroker, session: "SparkSession", produce: Produce, topic: str, folder: Path
) -> None:
    """Offsets that were deleted before they were read end the run, in the words of one machine; or they are counted."""
    broker.create_topic(topic)
    produce(topic, [f"{x},{x}" for x in range(10)])

    def outputs(on_lost: str) -> list[sr.Output]:
        t = sr.io.kafka.read(
            broker.plaintext,
            topic=topic,
            schema=Point,
            header=["x", "y"],
            mode="static",
            on_lost_offsets=on_lost,  # type: ignore[arg-type]  # one of two words
        )
        return [sr.io.csv.write(t, "rows.csv")]

    sr.run(outputs=outputs("fail"), state="state", engine=engine(session))
    produce(topic, [f"{x},{x}" for x in range(10, 30)])
    delete_records(broker.plaintext, topic, 15)
    with pytest.raises(sr.SourceError, match=r"were deleted .*on_lost_offsets"):
        sr.run(outputs=outputs("fail"), state="state", engine=engine(session))
    summary = sr.run(outputs=outputs("continue"), state="state", engine=engine(session))
    assert (summary.rows, summary.lost) == (10 + 15, 5)


def test_a_topic_that_is_found_later(
    broker: KafkaBroker, session: "SparkSession", topic: str, folder: Path
) -> None:
    """Tasks know its partitions by the numbers that the run has given them since it began."""
    settings = {**broker.plaintext, "topic.metadata.refresh.interval.ms": "200"}
    send = producer_for(broker.plaintext)
    broker.create_topic(f"{topic}-a", 2)
    send(f"{topic}-a", [b'{"x": 1, "y": 2}', b'{"x": 2, "y": 3}'], 1)
    t = sr.io.kafka.read(settings, pattern=f"{topic}-.", schema=Point, format="json")
    sr.io.csv.write(t.linear_regression(t.y, t.x, statistics=["n"]), "line.csv")
    deadline = time.monotonic() + 120
    later: list[str] = []

    def stop(now: sr.Progress) -> bool:
        assert time.monotonic() < deadline
        if now.rows == 2 and not later:
            later.append(f"{topic}-b")
            broker.create_topic(later[0], 1)
            send(later[0], [b'{"x": 3, "y": 4}'], 0)
        return now.rows == 3

    sr.run(engine=engine(session), stop=stop)
    assert standing(Path("line.csv")) == {("1.0", "1.0", "3"): 1}
