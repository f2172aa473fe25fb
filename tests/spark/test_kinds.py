"""What a job of each kind comes to on Spark: the bits that it comes to on one machine, from a real broker."""

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from confluent_kafka import Producer

import streamreg as sr
from streamreg._cli import main
from streamreg._compile.compile import compile as compile_plan
from streamreg._operate.verify.verify import verify
from streamreg._state.snapshot import read as read_state
from tests.support import upserts
from tests.support.engine_jobs import (
    FILES,
    REJECTS,
    Reading,
    readings,
    spread,
    standing,
    state_of,
    write,
    write_windows,
)
from tests.support.kafka.broker import KafkaBroker
from tests.support.kafka.produce import Produce
from tests.support.kafka.topics import delete_records, delete_topic
from tests.support.kafka.transactions import LIE, transact, transactional, truth

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from streamreg._worker.contract import Engine

PARTITIONS = 4
COUNT = 20_000


class Point(sr.Schema):
    x: float
    y: float


@pytest.fixture(scope="module")
def filled(broker: KafkaBroker) -> str:
    """A topic of readings."""
    from tests.support.kafka.produce import producer_for

    name = "spark-readings"
    broker.create_topic(name, PARTITIONS)
    produce = producer_for(broker.plaintext)
    for partition, messages in enumerate(spread(readings(COUNT, 11), PARTITIONS, 11)):
        produce(name, messages, partition)
    return name


def engine(session: "SparkSession", **options: object) -> "Engine":
    return sr.engines.spark(session, trigger="10 milliseconds", **options)  # type: ignore[arg-type]


def table(broker: KafkaBroker, topic: str) -> sr.Table:
    return sr.io.kafka.read(
        broker.plaintext,
        topic=topic,
        schema=Reading,
        format="json",
        mode="static",
        autocommit_duration_ms=100,
    )


def run_both(folder: Path, outputs: Callable[[Path], list[sr.Output]], engine: "Engine") -> None:
    """The same outputs on one machine, into `one`, and on the engine, into `spark`."""
    for name, given in (("one", None), ("spark", engine)):
        (folder / name).mkdir()
        sr.run(
            outputs=outputs(folder / name),
            processes=None if given else 0,
            state=folder / name / "state",
            rejects=folder / name / REJECTS,
            engine=given,
        )


def check(outputs: list[sr.Output], folder: Path) -> None:
    """`verify` finds all in a folder to be what the topic comes to."""
    plan = compile_plan(outputs)
    state = read_state(folder / "state")
    for found in verify(plan, state, folder / REJECTS, report=print, tell=lambda *_: None):
        assert found.compared, str(found)
        assert not found.difference, str(found)


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


def test_functions_of_the_program(
    broker: KafkaBroker, session: "SparkSession", produce: Produce, topic: str, folder: Path
) -> None:
    """Functions given to `apply` run on executors; what one raises ends the run, with its traceback, at once."""
    broker.create_topic(topic)
    produce(topic, [f"{x},{x}" for x in range(100)])

    def outputs(most: int) -> list[sr.Output]:
        def root(x: float) -> float:
            if x >= most:
                raise ArithmeticError("too much")
            return float(x**0.5)

        t = sr.io.kafka.read(
            broker.plaintext, topic=topic, schema=Point, header=["x", "y"], mode="static"
        )
        return [sr.io.csv.write(t.select(r=sr.apply(root, t.x)), f"roots{most}.csv")]

    with pytest.raises(
        sr.WorkerError, match=r"(?s)a task on Spark at local\[2\] failed.*ArithmeticError: too much"
    ):
        sr.run(outputs=outputs(50), engine=engine(session))
    sr.run(outputs=outputs(100), engine=engine(session))
    rows = {(repr(random_root**0.5),): 1 for random_root in map(float, range(100))}
    assert standing(Path("roots100.csv")) == rows


JOB = """
[source]
topic = "{topic}"
mode = "static"
[source.kafka]
bootstrap.servers = "{servers}"
[schema]
x = "float"
y = "float"
[regression]
target = "y"
features = ["x"]
[output]
regression = "fit.csv"
input = "rows.csv"
[run]
processes = 2
"""


def test_a_job_file(
    broker: KafkaBroker,
    session: "SparkSession",
    produce: Produce,
    topic: str,
    folder: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """`run --engine spark` runs the file of one machine, in the session that there is; `verify` finds it equal."""
    broker.create_topic(topic)
    produce(topic, ["x,y", *(f"{x},{x + 1}" for x in range(100))])
    servers = broker.plaintext["bootstrap.servers"]
    Path("job.toml").write_text(JOB.format(topic=topic, servers=servers))
    assert main(["run", "job.toml", "--engine", "spark", "--master", "local[2]"]) == 0
    assert main(["verify", "job.toml"]) == 0
    produce(topic, [f"{x},{x + 1}" for x in range(100, 200)])
    assert main(["run", "job.toml", "--processes", "1"]) == 0
    assert main(["verify", "job.toml"]) == 0
    assert standing(Path("fit.csv")) == {("1.0", "1.0"): 1}
    assert main(["run", "job.toml", "--master", "local[2]"]) == 2
    assert "--master is of --engine spark" in capsys.readouterr().err


def test_a_second_driver_is_refused(
    broker: KafkaBroker, session: "SparkSession", produce: Produce, topic: str, folder: Path
) -> None:
    """Two runs on one state cannot be: whoever comes second ends before it starts anything."""
    broker.create_topic(topic)
    produce(topic, ["x,y", "1,2"])

    def outputs() -> list[sr.Output]:
        t = sr.io.kafka.read(broker.plaintext, topic=topic, schema=Point)
        return [sr.io.csv.write(t, "rows.csv")]

    refused: list[str] = []

    def second(now: sr.Progress) -> bool:
        if now.rows == 1 and not refused:
            with pytest.raises(sr.StateError) as error:
                sr.run(outputs=outputs(), state="state", engine=engine(session))
            refused.append(str(error.value))
        return bool(refused)

    assert sr.run(outputs=outputs(), state="state", engine=engine(session), stop=second).rows == 1
    assert "another run uses it" in refused[0]
