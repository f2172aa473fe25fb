"""Writes the states that are kept as test data, by whatever build of streamreg runs it.

    PYTHONPATH=. /path/to/environment/bin/python tests/data/states/write.py

It is run in the root of the repository, by the Python of an environment that holds the build, and writes
`tests/data/states/formatN/KIND/` for each job of `jobs.py` that the build knows, N being the format of its states:

- `first/`: the folder as the job has left it at the first end of its topic, with its state;
- `last/`: the outputs after the job was continued, by the same build, over the whole topic;
- `models.json`: what estimators found in the state, at both times.

There are those of two builds:

- `format1`, by commit 44ef2d9: the last one before format 2, which knew neither tables of classes nor scores;
- `format2`, by commit bf2c488: the last one before format 3.

When the format changes, build the wheel of the last commit before, install it into an environment of its own, and run
this file there. `tests/flow/test_old_states.py` then finds the new folder. States that are there already are kept: what
a build once wrote is the evidence. For a new kind of job in `jobs.py`, run it with the builds above.
"""

import contextlib
import io
import json
import os
import shutil
import sqlite3
import tempfile
import time
from pathlib import Path
from typing import Any

import streamreg as sr
from streamreg._cli import main
from tests.data.states.job import STATE, Job, found_models
from tests.data.states.jobs import JOBS

HERE = Path(__file__).resolve().parent
EPOCH_NS = 1_767_323_045_678_000_000
"""The clock stands still, so that a changelog with wall-clock times is the same again."""


def written(job: Job) -> tuple[int, dict[str, Any]]:
    """Runs a job in two halves in the current folder, with a copy of it between them: the format, and the models."""
    models = {}
    job.run(job.beginning())
    _settle(Path(STATE))
    shutil.copytree(".", "../first")
    models["first"] = found_models(job)
    job.run(job.topic)
    models["last"] = found_models(job)
    return _format(), models


def _settle(state: Path) -> None:
    """Leaves no log beside the database: one that was closed cleanly has all in itself."""
    left = [path.name for path in state.iterdir() if path.name.endswith(("-wal", "-shm"))]
    if left:
        raise SystemExit(f"the run was not closed cleanly: it left {', '.join(left)}")
    for path in state.glob("*.sqlite"):
        with contextlib.closing(
            sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True)
        ) as db:
            db.execute("PRAGMA integrity_check").fetchall()


def _format() -> int:
    with contextlib.redirect_stdout(io.StringIO()) as said:
        main(["inspect", STATE, "--json"])
    number: int = json.loads(said.getvalue())["format"]
    return number


def _write(kind: str, job: Job) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        run = Path(scratch, "run")
        run.mkdir()
        os.chdir(run)
        version, models = written(job)
        os.chdir(HERE)
        shutil.rmtree(run / STATE)
        target = HERE / f"format{version}" / kind
        if target.exists():
            print(f"format{version}/{kind} is kept")
            return
        target.mkdir(parents=True)
        Path(scratch, "first").rename(target / "first")
        run.rename(target / "last")
        text = json.dumps(models, indent=1, sort_keys=True)
        (target / "models.json").write_text(text + "\n", encoding="utf-8")
        print(f"format{version}/{kind} is written")


if __name__ == "__main__":
    time.time_ns = lambda: EPOCH_NS
    for name, each in JOBS.items():
        if hasattr(sr.Table, each.needs):
            _write(name, each)
