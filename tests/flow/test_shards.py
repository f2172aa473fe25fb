"""Sums by key in shards that tasks of an engine own: the results and the state are those of one machine."""

import random
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import streamreg as sr
from streamreg._cli import main
from streamreg._compile.compile import compile as compile_plan
from streamreg._operate.verify.verify import verify
from streamreg._spark import patience, pool
from streamreg._state.snapshot import read as read_state
from streamreg._state.store import Store
from streamreg.testing import read
from tests.support.engine_jobs import REJECTS, spread, standing
from tests.support.fake_spark import FakeEngine
from tests.support.shard_jobs import FILES, KEYED, Point, check_same_state, points, write


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """What has failed is run again at once."""
    monkeypatch.setattr(pool, "_FIRST_PAUSE", 0.001)
    monkeypatch.setattr(patience, "PATIENCE", 0.5)


MESSAGES = spread(points(3000, 5), 4, 5)


def topic(batch: int = 10**6) -> sr.Table:
    return read(MESSAGES, schema=Point, format="json", batch=batch)


def run(
    folder: Path, engine: FakeEngine | None, batch: int = 10**6, until: int = 10**9
) -> sr.Summary:
    """Runs the program in a folder, until it has so many rows."""
    folder.mkdir(exist_ok=True)
    return sr.run(
        outputs=write(topic(batch), folder),
        processes=0 if engine is None else None,
        state=folder / "state",
        rejects=folder / REJECTS,
        engine=engine,
        stop=lambda now: now.rows >= until,
    )


def version(state: Path) -> bytes:
    with closing(sqlite3.connect(state / "checkpoint.sqlite")) as database:
        (found,) = database.execute("SELECT value FROM part WHERE name = 'version'").fetchone()
    return bytes(found)


def runs(state: Path) -> list[Path]:
    return sorted((state / "shards").glob("*"))


def test_one_batch_gives_the_same_files(folder: Path) -> None:
    """Byte for byte, in any number of shards and tasks; the database of the state has no row of a key."""
    run(folder / "one", None)
    for shards, tasks in ((1, 1), (7, 3), (40, 9)):
        name = folder / f"in{shards}"
        run(name, FakeEngine(tasks=tasks, shards=shards))
        for file in (*FILES, REJECTS):
            assert (name / file).read_bytes() == (folder / "one" / file).read_bytes(), file
        check_same_state(folder / "one" / "state", name / "state")
        with closing(sqlite3.connect(name / "state" / "checkpoint.sqlite")) as database:
            assert not database.execute(
                "SELECT * FROM sqlite_master WHERE name = 'keyed'"
            ).fetchall()


@pytest.mark.parametrize("seed", range(4))
def test_law_any_batches_give_the_same(folder: Path, seed: int) -> None:
    """Cut at random, with tasks that fail, do all twice, or read less at their second time."""
    chance = random.Random(seed)
    one = run(folder / "one", None, 50)
    engine = FakeEngine(
        chance.choice([60, 400, 3000]),
        chance.choice([1, 5, 40]),
        seed,
        shards=chance.choice([1, 3, 16]),
    )
    other = run(folder / "shards", engine, 50)
    assert one.excluded > 0
    assert (other.rows, other.excluded) == (one.rows, one.excluded)
    for file in FILES:
        if file != "scores.csv":
            assert standing(folder / "shards" / file) == standing(folder / "one" / file), file
    check_same_state(folder / "one" / "state", folder / "shards" / "state")
    state = read_state(folder / "shards" / "state")
    assert state.shards is not None
    assert [path.name for path in runs(folder / "shards" / "state")] == sorted(state.shards.files)


def test_a_state_moves_in_and_out_of_shards(folder: Path) -> None:
    """In turns on one machine, in shards, and in another number of them, it comes to what one run comes to."""
    run(folder / "one", None, 50)
    for turn, shards in enumerate((None, 3, 3, 8, None, None, 2)):
        engine = None if shards is None else FakeEngine(200, 3, shards=shards)
        run(folder / "moved", engine, 50, 400 * (turn + 1))
        state = read_state(folder / "moved" / "state")
        assert (0 if state.shards is None else len(state.shards.each)) == (shards or 0)
        assert version(folder / "moved" / "state") == (b"3" if shards is None else b"4")
        assert (folder / "moved" / "state" / "shards").exists() == (shards is not None)
        plan = compile_plan(write(topic(), folder / "moved"))
        for found in verify(
            plan, state, folder / "moved" / REJECTS, report=print, tell=lambda *_: None
        ):
            assert found.compared, str(found)
            assert not found.difference, str(found)
        sr.clear()
    run(folder / "moved", FakeEngine(shards=2))
    for file in FILES:
        if file != "scores.csv":
            assert standing(folder / "moved" / file) == standing(folder / "one" / file), file
    check_same_state(folder / "one" / "state", folder / "moved" / "state")


def test_a_closing_that_fails_is_done_again(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """New runs have their names and the checkpoint does not name them: nothing counts of them, and they are removed."""
    save = Store.save
    left = [3]

    def fails(store: Store, checkpoint: object) -> None:
        left[0] -= 1
        if not left[0]:
            raise sr.StateError("the disk is gone")
        save(store, checkpoint)  # type: ignore[arg-type]

    run(folder / "one", None)
    monkeypatch.setattr(Store, "save", fails)
    with pytest.raises(sr.StateError, match="the disk is gone"):
        run(folder / "shards", FakeEngine(500, 2, shards=4), 50)
    monkeypatch.setattr(Store, "save", save)
    named = read_state(folder / "shards" / "state").shards
    assert named is not None
    stray = {path.name for path in runs(folder / "shards" / "state")} - named.files
    assert stray
    (folder / "shards" / "state" / "shards" / "0-9-0123456789abcdef.part").write_bytes(b"half")
    run(folder / "shards", FakeEngine(500, 2, shards=4), 50)
    for file in KEYED:
        assert standing(folder / "shards" / file) == standing(folder / "one" / file), file
    check_same_state(folder / "one" / "state", folder / "shards" / "state")
    assert not stray & {path.name for path in runs(folder / "shards" / "state")}
    assert not list((folder / "shards" / "state" / "shards").glob("*.part"))


def test_damage_is_told(folder: Path) -> None:
    """A run that is missing, cut, or has another byte ends every reading with an error, and no output changes."""
    run(folder / "a", FakeEngine(700, 2, shards=3), 50, 1500)
    state = folder / "a" / "state"
    chance = random.Random(1)
    before = {path: path.read_bytes() for path in state.parent.rglob("*") if path.is_file()}
    for path in runs(state):
        content = bytearray(before[path])
        content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
        damages: list[tuple[bytes | None, str]] = [
            (bytes(content), "is damaged"),
            (before[path][:-1], "is damaged"),
            (None, f"shards/{path.name} is missing"),
        ]
        for damage, text in damages:
            path.unlink()
            if damage is not None:
                path.write_bytes(damage)
            for engine in (FakeEngine(700, 2, shards=3), FakeEngine(shards=2), None):
                with pytest.raises(sr.StateError, match=text):
                    run(folder / "a", engine)
                sr.clear()
            with pytest.raises(sr.StateError, match=text):
                read_state(state)
            path.write_bytes(before[path])
    for path, written in before.items():
        if path.suffix == ".csv":
            assert path.read_bytes() == written, path
    run(folder / "a", FakeEngine(700, 2, shards=3), 50)
    run(folder / "one", None)
    check_same_state(folder / "one" / "state", state)


def test_a_changed_job_goes_on_in_shards(folder: Path) -> None:
    """Outputs that are gone, and others that come, as far as they need not all keys at once; the rest stays."""

    def run(name: str, until: int, shards: int | None, *files: str) -> None:
        t = topic(50)
        sums = t.groupby(t.m).reduce(t.m, y=sr.reducers.max(t.y))
        tables = {
            "line": t.linear_regression(t.y, t.x),
            "fits": t.linear_regression(t.y, t.x, by=t.k),
            "sums": sums,
            "more": sums,
        }
        sr.run(
            outputs=[sr.io.csv.write(tables[file], f"{name}{file}.csv") for file in files],
            state=f"{name}state",
            engine=None if shards is None else FakeEngine(200, 2, shards=shards),
            processes=0 if shards is None else None,
            stop=lambda now: now.rows >= until,
        )

    for name, shards in (("a", 4), ("b", None)):
        run(name, 800, shards, "line", "fits", "sums")
        run(name, 1600, shards, "sums", "line")
        run(name, 10**9, shards and 2, "sums")
    check_same_state(folder / "bstate", folder / "astate")
    assert read_state(folder / "astate").keyed.keys() == {"reduction 0", "changelog 0"}
    with pytest.raises(sr.StateError, match="begins anew with the rows of all keys at once"):
        run("a", 10**9, 2, "sums", "more")


def test_an_error_of_the_program_is_told(folder: Path) -> None:
    """A function of the results that raises ends the run with its traceback; nothing of the epoch counts."""

    def fails(slope: float) -> float:
        raise ArithmeticError(f"too much: {slope}")

    t = topic()
    fits = t.linear_regression(t.y, t.x, by=t.k)
    outputs = [sr.io.csv.write(fits.select(fits.k, x=sr.apply(fails, fits.x)), "out.csv")]
    with pytest.raises(sr.WorkerError, match=r"(?s)a task on the fake failed.*too much"):
        sr.run(outputs=outputs, state="state", engine=FakeEngine(shards=3))
    assert Path("out.csv").read_text().count("\n") <= 1
    state = read_state(folder / "state")
    assert (state.epochs, set(state.offsets.values())) == (0, {0})


def test_what_shards_are_not_for_is_refused(folder: Path) -> None:
    """At the start, each by its name."""

    def refused(text: str, *tables: sr.Table, **options: object) -> None:
        outputs = [sr.io.csv.write(table, f"{at}.csv") for at, table in enumerate(tables)]
        given = {"state": "state", "engine": FakeEngine(shards=2), **options}
        with pytest.raises(sr.ConfigurationError, match=text):
            sr.run(outputs=outputs, **given)  # type: ignore[arg-type]
        assert not list(folder.iterdir())

    t = topic()
    fits = t.linear_regression(t.y, t.x, by=t.k)
    refused("shards: nothing is kept by keys", t)
    refused("shards: they are files of a state", fits, state=None)
    refused("listen: it serves the tables of one process", fits, listen="127.0.0.1:0")
    refused(r"shards: scores by keys \(predict_on\)", fits, fits.predict_on(t))
    refused("shards: classes", t.linear_discriminant(t.k, t.x))
    once = sr.temporal.exactly_once_behavior()
    windows = t.windowby(t.m, window=sr.temporal.tumbling(5), instance=t.k, behavior=once)
    lines = windows.linear_regression(t.y, t.x)
    refused(r"shards: scores by keys \(predict_on\)", lines, lines.predict_on(t))
    upserts = read([[b"{}"]], schema=Point, format="json", upsert=True)
    refused(
        r"shards: rows that are replaced \(upsert\)",
        upserts.linear_regression(upserts.y, upserts.x),
    )
    for wrong in (0, 513, True, "2"):
        with pytest.raises(sr.ConfigurationError, match="shards: expected 1 to 512"):
            sr.engines.spark(shards=wrong)  # type: ignore[arg-type]


def test_inspect_looks_into_shards(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It says the same of both states."""
    run(folder / "one", None)
    run(folder / "shards", FakeEngine(shards=3))
    said = []
    for name in ("one", "shards"):
        assert main(["inspect", str(folder / name / "state")]) == 0
        text = capsys.readouterr().out.replace("format 4", "format 3")
        lines = text.replace(str(folder / name), "")
        said.append([line for line in lines.splitlines() if "the last at" not in line])
    assert said[0] == said[1]


KEY = st.sampled_from(["", "a", "a\0", "é", "b" * 50, *map(str, range(20))])
EPOCHS = st.lists(
    st.lists(st.tuples(KEY, st.integers(-9, 9), st.integers(-9, 9)), max_size=30), max_size=6
)


@settings(max_examples=30, deadline=None, derandomize=True)
@given(EPOCHS, st.integers(1, 9))
def test_law_random_epochs(
    tmp_path_factory: pytest.TempPathFactory, epochs: list[list[tuple[str, int, int]]], shards: int
) -> None:
    """Whatever keys the epochs have: each file is the same as on one machine, where epochs are the same batches."""

    class Row(sr.Schema):
        k: str
        x: int
        y: int

    folder = tmp_path_factory.mktemp("shards")
    files = []
    for name, engine in (("one", None), ("shards", shards)):
        (folder / name).mkdir()
        for at in range(1, len(epochs) + 1):
            lines = [
                f'{{"k": {json_text(k)}, "x": {x}, "y": {y}}}'
                for own in epochs[:at]
                for k, x, y in own
            ]
            t = read([[line.encode() for line in lines]], schema=Row, format="json", batch=10**6)
            fits = t.linear_regression(t.y, t.x, by=t.k)
            sr.run(
                outputs=[sr.io.csv.write(fits.filter(fits.x >= 0), folder / name / "fits.csv")],
                state=folder / name / "state",
                engine=None if engine is None else FakeEngine(shards=shards),
                processes=0 if engine is None else None,
            )
        path = folder / name / "fits.csv"
        files.append(path.read_bytes() if path.exists() else b"")
    assert files[0] == files[1]


def json_text(text: str) -> str:
    import json

    return json.dumps(text)
