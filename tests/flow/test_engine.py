"""A run on an engine whose jobs fail, are repeated and come in any order: the results are those of one machine."""

import logging
import random
from pathlib import Path

import pytest

import streamreg as sr
from streamreg._spark import patience, pool
from streamreg.testing import read
from tests.support import upserts
from tests.support.changelog import changes
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
from tests.support.fake_spark import FakeEngine


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """What has failed is run again at once."""
    monkeypatch.setattr(pool, "_FIRST_PAUSE", 0.001)
    monkeypatch.setattr(patience, "PATIENCE", 0.5)


def topic(batch: int = 10**6) -> sr.Table:
    messages = spread(readings(3000, 3), 5, 3)
    return read(messages, schema=Reading, format="json", batch=batch)


def test_one_batch_gives_the_same_files(folder: Path) -> None:
    """Byte for byte, scores and rejects too, where both read all in one epoch; the state is the same."""
    for name, engine in (("one", None), ("engine", FakeEngine(tasks=7))):
        (folder / name).mkdir()
        outputs = write(topic(), folder / name)
        sr.run(
            outputs=outputs,
            processes=0 if engine is None else None,
            state=folder / name / "state",
            rejects=folder / name / REJECTS,
            engine=engine,
        )
    for file in (*(name for name in FILES if name != "windows.csv"), REJECTS):
        one, other = (folder / name / file for name in ("one", "engine"))
        assert other.read_bytes() == one.read_bytes(), file
    assert state_of(folder / "engine" / "state") == state_of(folder / "one" / "state")


@pytest.mark.parametrize("write", [write, write_windows], ids=["all", "windows"])
def test_law_any_batches_give_the_same(folder: Path, write: object) -> None:
    """Cut at random, with tasks that fail or hand in nothing, the results come to the same."""
    assert callable(write)
    (folder / "one").mkdir()
    sr.run(outputs=write(topic(50), folder / "one"), processes=0, state="one/state")
    chance = random.Random(8)
    for seed in range(4):
        name = f"engine{seed}"
        (folder / name).mkdir()
        engine = FakeEngine(chance.choice([60, 400, 3000]), chance.choice([1, 5, 40]), seed)
        outputs = write(topic(50), folder / name)
        sr.run(
            outputs=outputs,
            state=folder / name / "state",
            rejects=folder / name / REJECTS,
            engine=engine,
        )
        for file in FILES:
            if (folder / "one" / file).exists() and file != "scores.csv":
                assert standing(folder / name / file) == standing(folder / "one" / file), file
        assert state_of(folder / name / "state") == state_of(folder / "one" / "state")
        assert all(jobs.closed for jobs in engine.jobs)


def test_a_run_moves_between_engine_and_machine(folder: Path) -> None:
    """A state goes on with or without an engine, in turns, and comes to what one run comes to."""
    (folder / "one").mkdir()
    sr.run(outputs=write(topic(50), folder / "one"), processes=0, state="one/state")
    (folder / "moved").mkdir()
    for turn in range(4):
        engine = FakeEngine(300, 3) if turn % 2 == 0 else None
        rows = 700 * (turn + 1)
        sr.run(
            outputs=write(topic(50), folder / "moved"),
            processes=0 if engine is None else None,
            state="moved/state",
            engine=engine,
            stop=lambda now, rows=rows: now.rows >= rows,  # type: ignore[misc]
        )
    sr.run(outputs=write(topic(50), folder / "moved"), state="moved/state", engine=FakeEngine())
    for file in FILES:
        if (folder / "one" / file).exists() and file != "scores.csv":
            assert standing(folder / "moved" / file) == standing(folder / "one" / file), file
    assert state_of(folder / "moved" / "state") == state_of(folder / "one" / "state")


@pytest.mark.parametrize("write", [write, write_windows], ids=["all", "windows"])
def test_a_batch_has_as_many_rows_as_fit(
    folder: Path, monkeypatch: pytest.MonkeyPatch, write: object
) -> None:
    """However many messages it may have: tasks hand in what fits, and the next batch has as many messages as that."""
    assert callable(write)
    most, tasks = 20_000, 3
    monkeypatch.setattr(pool, "_BATCH_BYTES", most)
    for name, engine in (("one", None), ("engine", FakeEngine(tasks=tasks))):
        (folder / name).mkdir()
        sr.run(
            outputs=write(topic(50), folder / name),
            processes=0 if engine is None else None,
            state=folder / name / "state",
            engine=engine,
        )
        for file in FILES:
            if (folder / "one" / file).exists() and file != "scores.csv":
                assert standing(folder / name / file) == standing(folder / "one" / file), file
    assert state_of(folder / "engine" / "state") == state_of(folder / "one" / "state")
    assert engine is not None
    [jobs] = engine.jobs
    one_batch = 50 * 300
    assert max(jobs.sizes) <= most + tasks * one_batch
    # Messages that were read in vain are few: batches have learnt how wide rows are.
    assert len(jobs.sizes) <= 3 * sum(jobs.sizes) / most + 3


def test_rows_are_replaced_in_order(folder: Path) -> None:
    """Upserts come to the table that their messages leave, also where a batch cuts a partition between them."""
    messages, table = upserts.sequence(4000, 3, 40, 9)
    t = upserts.topic(messages, 50)
    upserts.write(t, folder)
    sr.run(state="state", rejects=REJECTS, engine=FakeEngine(2500, 6, 2))
    assert upserts.left(folder) == upserts.expected(table, folder / "expected")


def test_an_error_of_the_program_is_told_once(folder: Path) -> None:
    """A function that raises ends the run with its traceback, and what was merged before is complete."""

    def fails(x: float) -> float:
        if x > 0:
            raise ArithmeticError("too much")
        return x

    t = topic(50)
    sr.io.csv.write(t.select(x=sr.apply(fails, t.x)), "out.csv")
    with pytest.raises(
        sr.WorkerError, match=r"(?s)a task on the fake failed.*ArithmeticError: too much"
    ):
        sr.run(engine=FakeEngine(tasks=3))
    assert changes("out.csv", "x") == []


def test_a_batch_that_always_fails_ends_the_run(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """After some tries, each of which is told; the error says what failed."""
    sr.io.csv.write(topic(), "rows.csv")
    with (
        caplog.at_level(logging.WARNING, "streamreg"),
        pytest.raises(
            sr.WorkerError,
            match=r"(?s)failed 6 times without progress.*partition 0 offsets 0 to.*an executor was lost",
        ),
    ):
        sr.run(engine=FakeEngine(seed=1, faults=1.0))
    assert (
        sum("is run again from the merged offsets" in each.message for each in caplog.records) == 5
    )


def test_what_an_engine_is_not_for_is_refused(folder: Path) -> None:
    """Each by its name: worker processes beside it, what is no engine, sources of this process, other words."""
    sr.io.csv.write(topic(), "rows.csv")
    with pytest.raises(sr.ConfigurationError, match="processes: 2 were asked for, but the engine"):
        sr.run(processes=2, engine=FakeEngine())
    with pytest.raises(
        sr.ConfigurationError, match=r"engine: expected one of streamreg.engines.*'spark'"
    ):
        sr.run(engine="spark")  # type: ignore[arg-type]  # what a user may try
    with pytest.raises(
        sr.ConfigurationError, match=r"engine: 'list' can be read on this machine alone"
    ):
        sr.run(engine=sr.engines.spark())
    assert not Path("rows.csv").exists()
    for wrong, text in (
        ({"trigger": "soon"}, "trigger: expected a time"),
        ({"trigger": "-1 second"}, "trigger: expected a time"),
        ({"max_rows": 0}, "max_rows: expected 1 to"),
        ({"tasks": True}, "tasks: expected 1 to"),
        ({"master": ""}, 'master: expected "local'),
        ({"conf": {"spark.cores.max": None}}, "conf: expected texts by name"),
    ):
        with pytest.raises(sr.ConfigurationError, match=text):
            sr.engines.spark(**wrong)
