"""Several topics on Spark, into databases, a lake and topics: what one machine writes there, and each change once."""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import streamreg as sr
from tests.flow.conftest import server, whole_server
from tests.support import delta_tables, sqlite_tables
from tests.support.engine_jobs import Reading, readings
from tests.support.kafka import consumed
from tests.support.kafka.broker import KafkaBroker
from tests.support.kafka.produce import Produce
from tests.support.postgres import PostgresServer

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

__all__ = ["server", "whole_server"]

PARTITIONS = 2
COUNT = 3000
CREATE: dict[str, str | int] = {"num.partitions": 2, "replication.factor": 1}


def outputs(
    broker: KafkaBroker, topics: list[str], server: PostgresServer, own: str
) -> list[sr.Output]:
    """A line by key, into one place of each kind that is this run's own."""
    settings = broker.plaintext
    t = sr.io.kafka.read(
        settings,
        topic=topics,
        schema=Reading,
        format="json",
        mode="static",
        autocommit_duration_ms=100,
    )
    fit = t.linear_regression(t.y, t.x, by=t.k)
    database = server.connection
    return [
        sr.io.csv.write(fit, f"{own}.csv"),
        sr.io.sqlite.write(fit, f"{own}.db", table="line", mode="current"),
        sr.io.postgres.write(fit, database, table=f"{own}_line", mode="current"),
        sr.io.postgres.write(fit, database, table=f"{own}_log", mode="changelog"),
        sr.io.delta.write(fit, f"{own}-lake", mode="changelog", rows_per_file=1),
        sr.io.kafka.write(fit, settings, f"{topics[0]}-{own}-line", mode="current", create=CREATE),
        sr.io.kafka.write(fit, settings, f"{topics[0]}-{own}-log", create=CREATE),
    ]


def folded(changes: Iterable[tuple[Any, ...]]) -> Counter[tuple[Any, ...]]:
    """What changes come to; a row never stands twice, nor is one taken back that is not there."""
    standing: Counter[tuple[Any, ...]] = Counter()
    for *row, _, diff in changes:
        standing[tuple(row)] += diff
        assert standing[tuple(row)] in (0, 1), row
    return +standing


def places(
    broker: KafkaBroker, topic: str, server: PostgresServer, own: str
) -> dict[str, Counter[tuple[Any, ...]]]:
    """What stands in each place of a run."""
    settings = broker.plaintext
    return {
        "sqlite": Counter(sqlite_tables.rows_of("line", f"{own}.db")),
        "postgres": Counter(server.rows(f"{own}_line")),
        "postgres, folded": folded(server.rows(f"{own}_log")),
        "delta, folded": folded(delta_tables.rows_of(f"{own}-lake")),
        "kafka": Counter(consumed.current(settings, f"{topic}-{own}-line")),
        "kafka, folded": folded(consumed.changes(settings, f"{topic}-{own}-log")),
    }


def test_law_every_destination(
    broker: KafkaBroker,
    session: "SparkSession",
    produce: Produce,
    topic: str,
    server: PostgresServer,
    folder: Path,
) -> None:
    """Stopped half way and gone on with, a run on Spark leaves in each place what one on this machine does."""
    topics = [f"{topic}-a", f"{topic}-b"]
    for number, name in enumerate(topics):
        broker.create_topic(name, PARTITIONS)
        messages = readings(COUNT, number)
        for partition in range(PARTITIONS):
            produce(name, messages[partition::PARTITIONS], partition)
    engine = sr.engines.spark(session, trigger="10 milliseconds", max_rows=COUNT // 2)
    for stop in (lambda now: now.epochs >= 2, None):
        summary = sr.run(
            outputs=outputs(broker, topics, server, "spark"),
            state="state",
            rejects="rejects.jsonl",
            engine=engine,
            stop=stop,
        )
    sr.run(
        outputs=outputs(broker, topics, server, "one"),
        state="one-state",
        rejects="one-rejects.jsonl",
        processes=0,
    )
    assert summary.rows + sum(summary.rejects.values()) == 2 * COUNT
    expected = places(broker, topics[0], server, "one")
    assert all(len(rows) == len("abcdefg") for rows in expected.values())
    assert places(broker, topics[0], server, "spark") == expected
