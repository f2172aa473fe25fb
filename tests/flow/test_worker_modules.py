"""What a run and its workers import: what they run, a worker no table language, and neither what others need."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from confluent_kafka import Producer

import streamreg as sr
from streamreg import testing
from streamreg._kafka.mock_broker import EmbeddedBroker


class Point(sr.Schema):
    x: float
    y: float


def test_a_worker_knows_no_tables(folder: Path) -> None:
    """Neither the language nor what compiles it is imported in the process that unpickles a row plan."""

    def loaded(
        _: float,
    ) -> str:  # travels by value, so that its module, which knows tables, is not imported there
        import sys

        return " ".join(sorted(name for name in sys.modules if name.startswith("streamreg")))

    t = testing.read([[b"1,2", b"2,5"]], schema=Point, header=["x", "y"])
    sr.io.csv.write(t.select(modules=sr.apply_with_type(loaded, str, t.x)), "modules.csv")
    sr.io.csv.write(t.linear_regression(t.y, t.x), "fit.csv")
    sr.run(processes=1)
    first = (folder / "modules.csv").read_text().splitlines()[1]
    modules = first.rsplit(",", 2)[0].split()
    assert "streamreg._plan.row_plan" in modules, "it is another process's list"
    assert "streamreg._run.run" not in modules
    unwanted = (
        "streamreg._language",
        "streamreg._compile",
        "streamreg.reducers",
        "streamreg._state",
    )
    assert [name for name in modules if name.startswith(unwanted)] == []


PROGRAM = """
import json, os, sys
import streamreg as sr

class Point(sr.Schema):
    x: float
    y: float

settings, topic = json.loads(sys.argv[1])
t = sr.io.kafka.read(settings, topic, schema=Point, format="json", mode="static")
sr.io.csv.write(t, "input.csv")
sr.io.csv.write(t.linear_regression(t.y, t.x), "output.csv")
os.environ["PYTHONPROFILEIMPORTTIME"] = "1"  # of the processes that it starts: these list their modules
sr.run(processes=1, state="state")
print(json.dumps(sorted(sys.modules)))
"""
"""An ordinary run, which says what it has imported itself; on its standard error its worker does."""
OF_A_WORKER = (
    "asyncio",
    "numpy",
    "ssl",
    "streamreg._worker.worker",
    "streamreg._worker.inline_pool",
)
"""What only those import that read, or serve."""
OF_OTHER_JOBS = (
    "streamreg._bench",
    "streamreg._epoch.class_scorer",
    "streamreg._epoch.row_scorer",
    "streamreg._epoch.upserts",
    "streamreg._estimators",
    "streamreg._figures",
    "streamreg._kafka.reader",
    "streamreg._kafka.sink",
    "streamreg._operate",
    "streamreg._run.job_change",
    "streamreg._run.served",
    "streamreg._serve.publisher",
    "streamreg._spark",
    "streamreg._state.changed_job",
    "streamreg._worker.upserts",
)
"""What an ordinary run does without: it is imported where a job asks for it."""
OF_THE_PARENT = (
    "cloudpickle",
    "confluent_kafka",
    "difflib",
    "sqlite3",
    "streamreg._compile",
    "streamreg._epoch",
    "streamreg._formats.debezium",
    "streamreg._language",
    "streamreg._run",
    "streamreg._secrets",
    "streamreg._sinks",
    "streamreg._state",
)
"""What a worker that reads natively does without."""


def test_an_ordinary_run_imports_what_it_needs(
    broker: EmbeddedBroker, topic: str, folder: Path
) -> None:
    """A run starts as fast as it imports: the parent has no NumPy, a worker no client, and neither what others need."""
    writer = Producer({**broker.settings})
    for number in range(20):
        writer.produce(topic, f'{{"x":{number},"y":{2 * number + 1}}}'.encode())
    assert writer.flush(30) == 0
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, json.dumps([broker.settings, topic])],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert len((folder / "input.csv").read_text().splitlines()) == 21
    parent = set(json.loads(done.stdout.splitlines()[-1]))
    worker = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert {"streamreg._epoch.merge", "confluent_kafka", "sqlite3"} <= parent
    assert {"streamreg._worker.worker", "streamreg._kafka.native_reader", "numpy"} <= worker
    assert _among(parent, OF_A_WORKER + OF_OTHER_JOBS) == []
    assert _among(worker, OF_THE_PARENT + OF_OTHER_JOBS) == []


def _among(modules: set[str], unwanted: tuple[str, ...]) -> list[str]:
    """Those that are unwanted, or in a package that is."""
    return sorted(
        name
        for name in modules
        if any(name == one or name.startswith(f"{one}.") for one in unwanted)
    )
