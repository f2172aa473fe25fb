"""Runs on Spark beside runs on one machine, and what both leave."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import streamreg as sr
from streamreg._compile.compile import compile as compile_plan
from streamreg._operate.verify.verify import verify
from streamreg._state.snapshot import read as read_state
from tests.support.engine_jobs import REJECTS, Reading
from tests.support.kafka.broker import KafkaBroker

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from streamreg._worker.contract import Engine


class Point(sr.Schema):
    x: float
    y: float


def engine(session: "SparkSession", **options: object) -> "Engine":
    return sr.engines.spark(session, trigger="10 milliseconds", **options)  # type: ignore[arg-type]


def table(broker: KafkaBroker, topic: str, schema: type[sr.Schema] = Reading) -> sr.Table:
    return sr.io.kafka.read(
        broker.plaintext,
        topic=topic,
        schema=schema,
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
