"""Windows in shards that tasks of an engine own: the results and the state are those of one machine."""

import random
import threading
from collections.abc import Mapping
from pathlib import Path

import pytest

import streamreg as sr
from streamreg._compile.compile import compile as compile_plan
from streamreg._operate.verify.verify import verify
from streamreg._source.contract import Range
from streamreg._spark import patience, pool
from streamreg._spark.shard_work import Step
from streamreg._state.keyed_rows import StoredRow
from streamreg._state.open_runs import OpenRuns
from streamreg._state.snapshot import read as read_state
from streamreg.testing import read
from tests.support.engine_jobs import REJECTS, spread, standing
from tests.support.fake_spark import FakeEngine, FakeJobs
from tests.support.shard_jobs import check_same_state
from tests.support.shard_windows import CLOSING, ENDLESS, Event, events, write


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """What has failed is run again at once."""
    monkeypatch.setattr(pool, "_FIRST_PAUSE", 0.001)
    monkeypatch.setattr(patience, "PATIENCE", 0.5)


MESSAGES = spread(events(2500, 5), 3, 5)
KINDS = pytest.mark.parametrize("files", [CLOSING, ENDLESS], ids=["closing", "endless"])


def topic(batch: int) -> sr.Table:
    return read(MESSAGES, schema=Event, format="json", batch=batch)


def run(
    folder: Path,
    engine: FakeEngine | None,
    files: tuple[str, ...] = CLOSING,
    batch: int = 10**6,
    until: int = 10**9,
) -> sr.Summary:
    """Runs the program in a folder, until it has so many rows."""
    folder.mkdir(exist_ok=True)
    return sr.run(
        outputs=write(topic(batch), files, folder),
        processes=0 if engine is None else None,
        state=folder / "state",
        rejects=folder / REJECTS,
        engine=engine,
        stop=lambda now: now.rows >= until,
    )


def check(folder: Path, files: tuple[str, ...], *, same_bytes: bool = False) -> None:
    """The folder `shards` has what the folder `one` has."""
    rejects = [(folder / name / REJECTS).read_text().splitlines() for name in ("one", "shards")]
    assert sorted(rejects[0]) == sorted(rejects[1])
    assert any('"late"' in reject for reject in rejects[0]) == (files == CLOSING)
    for file in files:
        if same_bytes:
            there = (folder / "shards" / file).read_bytes()
            assert there == (folder / "one" / file).read_bytes(), file
        assert standing(folder / "shards" / file) == standing(folder / "one" / file), file
    check_same_state(folder / "one" / "state", folder / "shards" / "state")


@KINDS
@pytest.mark.parametrize("shards", [1, 7])
def test_one_batch_gives_the_same_files(folder: Path, files: tuple[str, ...], shards: int) -> None:
    """Byte for byte, in any number of shards and tasks."""
    run(folder / "one", None, files)
    run(folder / "shards", FakeEngine(tasks=3, shards=shards), files)
    check(folder, files, same_bytes=True)


@KINDS
@pytest.mark.parametrize("seed", range(3))
def test_law_any_batches_give_the_same(folder: Path, files: tuple[str, ...], seed: int) -> None:
    """Cut at random, with tasks that fail, do all twice, or read less at their second time."""
    chance = random.Random(seed)
    one = run(folder / "one", None, files, 50)
    engine = FakeEngine(
        chance.choice([60, 200, 800]), chance.choice([1, 5]), seed, shards=chance.choice([1, 3, 16])
    )
    other = run(folder / "shards", engine, files, 50)
    assert one.excluded > 0
    assert (other.rows, other.excluded) == (one.rows, one.excluded)
    check(folder, files)
    if files == CLOSING:
        # Of what is written once nothing is ever taken back.
        for file in ("final.csv", "whole_sessions.csv"):
            text = (folder / "shards" / file).read_text()
            assert ",-1\n" not in text, file
            assert text.count("\n") > 100, file


@KINDS
def test_a_state_moves_in_and_out_of_shards(folder: Path, files: tuple[str, ...]) -> None:
    """In turns on one machine, in shards, and in another number of them, it comes to what one run comes to."""
    run(folder / "one", None, files, 50)
    for turn, shards in enumerate((None, 3, 3, 8, None, None, 2)):
        engine = None if shards is None else FakeEngine(100, 3, shards=shards)
        run(folder / "shards", engine, files, 50, 330 * (turn + 1))
        state = read_state(folder / "shards" / "state")
        assert (0 if state.shards is None else len(state.shards.each)) == (shards or 0)
        plan = compile_plan(write(topic(50), files, folder / "shards"))
        for found in verify(
            plan, state, folder / "shards" / REJECTS, report=print, tell=lambda *_: None
        ):
            assert found.compared, str(found)
            assert not found.difference, str(found)
        sr.clear()
    run(folder / "shards", FakeEngine(shards=2), files)
    check(folder, files)
    # There is nothing left to read: the state moves all the same.
    for engine in (None, FakeEngine(shards=5), None):
        run(folder / "shards", engine, files)
        check(folder, files)


def test_an_epoch_reads_what_it_changes(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of all that is stored the windows of instances that have rows, and those that time has come to."""
    read_rows: list[bytes] = []
    find = OpenRuns.find_within

    def counted(runs: OpenRuns, part: str, beginnings: list[bytes]) -> list[StoredRow]:
        found = find(runs, part, beginnings)
        read_rows.extend(row[1] for row in found if part == "reduction 0")
        return found

    monkeypatch.setattr(OpenRuns, "find_within", counted)
    messages: list[bytes] = []

    def more(*rows: tuple[str, int]) -> int:
        """How many windows are read for some more rows."""
        messages.extend(f'{{"k": "{k}", "at": {at}, "x": 0, "y": 1}}'.encode() for k, at in rows)
        t = read([messages], schema=Event, format="json", batch=10**6)
        behavior = sr.temporal.exactly_once_behavior(1000)
        windows = t.windowby(t.at, window=sr.temporal.tumbling(10), instance=t.k, behavior=behavior)
        read_rows.clear()
        sr.run(
            outputs=[sr.io.csv.write(windows.linear_regression(t.y, t.x), "out.csv")],
            state="state",
            engine=FakeEngine(shards=5),
        )
        sr.clear()
        return len(read_rows)

    assert more(*((str(number), number) for number in range(500))) == 0
    # Windows up to 100 are closed: those of a hundred instances.
    assert more(("new", 1105)) == 100
    assert Path("out.csv").read_text().count("\n") == 101
    assert more(("new", 1106), ("7", 1107)) == 1
    assert more(("400", 1109)) == 1
    assert more(("401", 1110)) == 11


def test_a_changed_job_goes_on_in_shards(folder: Path) -> None:
    """Windows that are gone, and others that have another place then, also in another number of shards."""
    turns = (CLOSING, CLOSING[3:], CLOSING[10:3:-2])
    for name, shards in (("one", None), ("shards", 4)):
        (folder / name).mkdir()
        for turn, files in enumerate(turns):
            engine = None if shards is None else FakeEngine(150, 2, shards=shards + turn // 2)
            messages = [own[: len(own) * (turn + 1) // len(turns)] for own in MESSAGES]
            sr.run(
                outputs=write(
                    read(messages, schema=Event, format="json", batch=50), files, folder / name
                ),
                state=folder / name / "state",
                rejects=folder / name / REJECTS,
                engine=engine,
                processes=0 if engine is None else None,
            )
            sr.clear()
    for file in turns[-1]:
        assert standing(folder / "shards" / file) == standing(folder / "one" / file), file
    check_same_state(folder / "one" / "state", folder / "shards" / "state")


def test_a_partition_that_comes_while_shards_are_changed(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its rows may be of windows that the shards have closed by then: nothing of that counts, and it is done again."""
    grown = threading.Event()
    grow, change = pool.SparkPool.grow, FakeJobs.change
    changed: list[int] = []

    def noted(of: pool.SparkPool, ranges: Mapping[int, Range]) -> None:
        grow(of, ranges)
        grown.set()

    def overtaken(jobs: FakeJobs, step: Step) -> object:
        found = change(jobs, step)
        changed.append(step.epoch.number)
        if not grown.is_set():
            Path("b.jsonl").write_bytes(rows(1, 104))
            assert grown.wait(60)
        return found

    def rows(first: int, end: int) -> bytes:
        lines = (
            f'{{"k": "", "m": 1, "at": {at}, "x": 1, "y": 2}}\n' for at in range(first, end, 4)
        )
        return "".join(lines).encode()

    monkeypatch.setattr(pool.SparkPool, "grow", noted)
    monkeypatch.setattr(FakeJobs, "change", overtaken)
    Path("a.jsonl").write_bytes(rows(0, 104))
    t = sr.io.jsonlines.read("*.jsonl", schema=Event, refresh_seconds=0.05)
    once = sr.temporal.exactly_once_behavior()
    windows = t.windowby(t.at, window=sr.temporal.tumbling(20), instance=t.k, behavior=once)
    sr.io.csv.write(windows.reduce(n=sr.reducers.count()), "out.csv")
    sr.run(state="state", engine=FakeEngine(shards=3), stop=lambda now: now.rows >= 52)
    assert standing(Path("out.csv")) == {
        ("", f"{start}.0", f"{start + 20}.0", "10"): 1 for start in range(0, 100, 20)
    }
    # The first epoch was worked out twice.
    assert changed[:2] == [0, 0]
