"""Spark ends under a run, or has ended before it: one line says so, and the state goes on."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import streamreg as sr
from tests.support.engine_jobs import standing
from tests.support.kafka.broker import KafkaBroker
from tests.support.kafka.produce import Produce
from tests.support.process import Process
from tests.support.spark import descendants, spark_session
from tests.support.spark_runs import Point, engine

PATIENCE = 150.0
ENDED = "has ended ({}): what was merged is in the state, from which a new run goes on"


def messages(count: int) -> list[str]:
    return [json.dumps({"x": x, "y": 2 * x + 1}) for x in range(count)]


def java_of(parent: int) -> list[int]:
    return [pid for pid, line in descendants(parent).items() if "SparkSubmit" in line]


def kill_java(parent: int) -> None:
    [java] = java_of(parent)
    os.kill(java, signal.SIGKILL)


def rows_in(path: Path) -> int:
    return path.read_text().count("\n") - 1 if path.exists() else 0


JOB = """
[source]
topic = "{topic}"
mode = "{mode}"
format = "json"
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
[engine]
name = "spark"
master = "local[2]"
trigger = "100 milliseconds"
max_rows = {most}
[engine.conf]
spark.ui.enabled = false
"""

COMMAND = """
import sys
from streamreg._cli import main

sys.exit(main(["run", "job.toml"]))
"""


@pytest.mark.parametrize("idle", [True, False], ids=["idle", "busy"])
def test_java_dies_under_a_job(
    broker: KafkaBroker, produce: Produce, topic: str, folder: Path, *, idle: bool
) -> None:
    """The last line of the command says what has ended, whether a batch was under way; run again, it goes on."""
    count = 1000 if idle else 50_000
    broker.create_topic(topic, 2)
    for partition in (0, 1):
        produce(topic, messages(count // 2), partition)
    job = Path("job.toml")

    def write(mode: str) -> None:
        servers = broker.plaintext["bootstrap.servers"]
        most = 1_000_000 if idle or mode == "static" else 100
        job.write_text(JOB.format(topic=topic, servers=servers, mode=mode, most=most))

    write("streaming")
    command = folder / "command.py"
    command.write_text(COMMAND)
    rows = folder / "rows.csv"
    with Process(command, folder, {}) as process:
        least = count if idle else 300
        process.wait_until(lambda: rows_in(rows) >= least, PATIENCE)
        kill_java(process.pid)
        assert process.exit_code(PATIENCE) == 1
        last = process.said.strip().splitlines()[-1]
    said = "Spark at local[2] " + ENDED.format("its process is gone")
    assert last.partition("ERROR ")[2] == said, process.said
    write("static")
    with Process(command, folder, {}) as process:
        process.finish(PATIENCE)
    assert standing(folder / "fit.csv") == {("1.0", "2.0"): 1}
    assert rows_in(rows) == count


def test_a_signal_while_spark_starts(broker: KafkaBroker, topic: str, folder: Path) -> None:
    """A master that does not respond is waited for for a minute; a signal ends that, as it ends any run."""
    broker.create_topic(topic)
    servers = broker.plaintext["bootstrap.servers"]
    job = JOB.format(topic=topic, servers=servers, mode="streaming", most=100)
    Path("job.toml").write_text(job.replace("local[2]", "spark://127.0.0.1:1"))
    command = folder / "command.py"
    command.write_text(COMMAND)
    with Process(command, folder, {}) as process:
        process.wait_until(lambda: "Failed to connect to master" in process.said, PATIENCE)
        assert not Path("fit.csv").exists()
        process.signal(signal.SIGTERM)
        assert process.exit_code(20.0) == 0
        assert process.said.strip().splitlines()[-1].endswith("ended by SIGTERM"), process.said


def test_executors_without_streamreg(
    broker: KafkaBroker,
    produce: Produce,
    topic: str,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One line says so, where shards are looked for too."""
    broker.create_topic(topic)
    produce(topic, messages(10))
    bare = folder / "bare"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(bare)], check=True)
    monkeypatch.setenv("PYSPARK_PYTHON", str(bare / "bin" / "python"))
    t = sr.io.kafka.read(broker.plaintext, topic=topic, schema=Point, format="json", mode="static")
    t = t.select(t.x, t.y, k=sr.cast(int, t.x))
    outputs = [sr.io.csv.write(t.linear_regression(t.y, t.x, by=t.k), "fits.csv")]
    for shards in (None, 2):
        engine = sr.engines.spark(
            master="local[2]", conf={"spark.ui.enabled": False}, shards=shards
        )
        with pytest.raises(sr.ConfigurationError, match="engine: streamreg is not installed on"):
            sr.run(outputs=outputs, state=f"state{shards}", engine=engine)


def run(broker: KafkaBroker, topic: str, engine: object, stop: Callable[[], None]) -> int:
    """Runs without an end, and calls `stop` when all is read."""
    t = sr.io.kafka.read(broker.plaintext, topic=topic, schema=Point, format="json")
    called = False

    def look(now: sr.Progress) -> bool:
        nonlocal called
        if now.rows >= 100 and not called:
            called = True
            stop()
        return False

    outputs = [sr.io.csv.write(t, "rows.csv")]
    return sr.run(outputs=outputs, state="state", engine=engine, stop=look).rows  # type: ignore[arg-type]


def test_a_session_that_is_stopped(
    broker: KafkaBroker, produce: Produce, topic: str, folder: Path
) -> None:
    """Under a run, which ends; before one, which is refused."""
    broker.create_topic(topic)
    produce(topic, messages(100))
    with spark_session("local[2]") as session:
        with pytest.raises(sr.WorkerError) as error:
            run(broker, topic, engine(session), session.stop)
        assert str(error.value) == "Spark at local[2] " + ENDED.format("it was stopped")
        with pytest.raises(sr.ConfigurationError, match="this session was stopped"):
            run(broker, topic, engine(session), session.stop)


def test_a_process_can_start_spark_again(
    broker: KafkaBroker, produce: Produce, topic: str, folder: Path
) -> None:
    """Where its Java was killed under a run, the next run in the same process has one of its own."""
    broker.create_topic(topic)
    produce(topic, messages(100))

    def own() -> object:
        return sr.engines.spark(master="local[2]", conf={"spark.ui.enabled": False})

    with pytest.raises(
        sr.WorkerError, match=r"Spark at local\[2\] has ended \(its process is gone\)"
    ):
        run(broker, topic, own(), lambda: kill_java(os.getpid()))
    t = sr.io.kafka.read(broker.plaintext, topic=topic, schema=Point, format="json", mode="static")
    outputs = [sr.io.csv.write(t, "rows.csv")]
    assert sr.run(outputs=outputs, state="state", engine=own()).rows == 100  # type: ignore[arg-type]
    assert rows_in(folder / "rows.csv") == 100


@pytest.mark.parametrize("java", [True, False])
def test_java_that_ends_at_once(
    broker: KafkaBroker,
    produce: Produce,
    topic: str,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    java: bool,
) -> None:
    """By settings that it does not take, or since there is none: one line says so, and the next run has its own."""
    from pyspark import SparkContext

    broker.create_topic(topic)
    produce(topic, messages(10))
    t = sr.io.kafka.read(broker.plaintext, topic=topic, schema=Point, format="json", mode="static")
    outputs = [sr.io.csv.write(t, "rows.csv")]
    conf: dict[str, str | float] = {"spark.ui.enabled": False}
    if SparkContext._gateway is not None:  # that of runs before
        SparkContext._gateway.proc.kill()
        SparkContext._gateway.proc.wait()
    with monkeypatch.context() as broken:
        if not java:
            broken.setenv("JAVA_HOME", str(folder))
        engine = sr.engines.spark(
            master="local[2]", conf={**conf, "spark.driver.memory": "1k"} if java else conf
        )
        why = (
            r"its Java process has ended \(.*Too small.*heap"
            if java
            else "there is no Java: install 17 or later"
        )
        with pytest.raises(sr.WorkerError, match=rf"Spark does not start at local\[2\]: {why}"):
            sr.run(outputs=outputs, state="state", engine=engine)
    engine = sr.engines.spark(master="local[2]", conf=conf)
    assert sr.run(outputs=outputs, state="state", engine=engine).rows == 10


def test_settings_of_another_session(
    broker: KafkaBroker, produce: Produce, topic: str, folder: Path
) -> None:
    """They cannot be had any more, and are not passed over; those that it has may be named."""
    broker.create_topic(topic)
    produce(topic, messages(10))

    def rows(**conf: str) -> int:
        t = sr.io.kafka.read(
            broker.plaintext, topic=topic, schema=Point, format="json", mode="static"
        )
        outputs = [sr.io.csv.write(t, "rows.csv")]
        return sr.run(outputs=outputs, state="state", engine=sr.engines.spark(conf=conf)).rows

    with spark_session("local[2]"):
        with pytest.raises(
            sr.ConfigurationError, match=r"in which spark.executor.memory is 900m: stop it"
        ):
            rows(**{"spark.executor.memory": "3g"})
        assert rows(**{"spark.ui.enabled": "false"}) == 10
