"""How a run on Spark is asked for: by a program with functions of its own, by a job file; and by one driver only."""

import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import streamreg as sr
from streamreg._cli import main
from streamreg._spark import pool
from tests.support.engine_jobs import standing
from tests.support.kafka.broker import KafkaBroker
from tests.support.kafka.produce import Produce
from tests.support.spark_runs import Point, engine

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


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


def test_a_function_that_cannot_be_sent(
    broker: KafkaBroker, session: "SparkSession", produce: Produce, topic: str, folder: Path
) -> None:
    """The way out that the error shows is one that an engine allows."""
    broker.create_topic(topic)
    produce(topic, ["x,y", "1,2"])
    lock = threading.Lock()

    def locked(x: float) -> float:
        with lock:
            return x

    t = sr.io.kafka.read(broker.plaintext, topic=topic, schema=Point, mode="static")
    outputs = [sr.io.csv.write(t.select(x=sr.apply(locked, t.x)), "out.csv")]
    with pytest.raises(sr.ProgramError, match=r"or run without engine, and with processes=0$"):
        sr.run(outputs=outputs, engine=engine(session))


def test_a_function_that_ends_its_process(
    broker: KafkaBroker, session: "SparkSession", produce: Produce, topic: str, folder: Path
) -> None:
    """The run gives up after some tries, and says which messages it could not get past."""
    broker.create_topic(topic)
    produce(topic, [f"{x},{x}" for x in range(100)])

    def ends(x: float) -> float:
        if x >= 60:
            os._exit(3)
        return x

    t = sr.io.kafka.read(
        broker.plaintext, topic=topic, schema=Point, header=["x", "y"], mode="static"
    )
    outputs = [sr.io.csv.write(t.select(x=sr.apply(ends, t.x)), "out.csv")]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pool, "_FIRST_PAUSE", 0.01)
        with pytest.raises(
            sr.WorkerError, match="giving up; it had partition 0 offsets 50 to 100:"
        ):
            sr.run(outputs=outputs, engine=engine(session, max_rows=50))
    assert len(standing(Path("out.csv"))) == 50


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
