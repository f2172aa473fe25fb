"""A state whose checksums are right, and which holds what no run writes: an error that says so, and never a bug's."""

import json
import random
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

import streamreg as sr
from streamreg._cli import main
from streamreg._state.database_schema import KEYED, PARTS
from streamreg._state.snapshot import read as read_state
from streamreg._state.store import FILE
from tests.support.odd_states import (
    STATE,
    loaded,
    look_at_everything,
    mutated,
    run,
    stored,
    write,
    written,
)


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The outputs and the state of a run."""
    folder = tmp_path_factory.mktemp("begun")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        run()
    return folder


@pytest.fixture
def state(begun: Path, folder: Path) -> Path:
    shutil.copytree(begun, folder, dirs_exist_ok=True)
    return STATE


MOVES = [[0, 0, 5, 100], [0, 1, 21, 400], [1, 1, 21, 2.5]]
"""Of partitions that were idle, by both clocks."""


@pytest.mark.parametrize(
    ("part", "below"),
    [("run", None), ("run", "times"), ("run", "moves"), ("job", None), ("job", "windows")],
)
@pytest.mark.parametrize("seed", range(12))
def test_law_odd_json(
    state: Path,
    begun: Path,
    part: str,
    below: str | None,
    seed: int,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Whatever stands in the JSON of a state, everything that reads it ends well, or with an error of ours."""
    chance = random.Random(seed)
    parts = stored(state)
    whole = json.loads(parts[part])
    if part == "run":
        assert len(whole["times"]) == 2
        whole["moves"] = MOVES
    for _ in range(25 if below is None else 8):
        data = whole
        for _ in range(chance.choice([1, 1, 1, 2, 4])):
            data = mutated(data, chance, below)
        write(state, {**parts, part: written(data)})
        look_at_everything()
        shutil.rmtree(state)
        for path in Path().iterdir():
            path.unlink()
        shutil.copytree(begun, Path(), dirs_exist_ok=True)
    capsys.readouterr()


@pytest.mark.parametrize("part", ["run", "job", "version", "number", "before"])
@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b"1",
        b"x",
        b"\xff",
        b'{"a":',
        b"[" * 100_000,
        b"9" * 5000,
        b"1e999",
        b"-1",
    ],
    ids=[f"text{at}" for at in range(12)],
)
def test_law_a_part_that_is_something_else(
    state: Path, part: str, text: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    """A part that is no JSON, or nested without end, or JSON of another kind; and so for one that is missing."""
    parts = stored(state)
    write(state, {**parts, part: text})
    look_at_everything()
    capsys.readouterr()


def test_law_a_part_that_is_missing(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Of all parts one after the other, states among them."""
    parts = stored(state)
    for part in sorted(set(parts) - {"number", "checksum"}):
        write(state, {name: value for name, value in parts.items() if name != part})
        look_at_everything()
    capsys.readouterr()


ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n) SELECT i AS name, i AS value FROM n"
SCHEMAS = {
    "a view": ["DROP TABLE part", f"CREATE VIEW part AS {ENDLESS}"],
    "a view beside": [f"CREATE VIEW other AS {ENDLESS}"],
    "a view of keys": [
        "DROP TABLE keyed",
        "CREATE VIEW keyed AS WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n) "
        "SELECT 'reduction 0' AS part, i AS key, i AS value, i AS checksum FROM n",
    ],
    "a trigger": [
        "CREATE TRIGGER t BEFORE UPDATE ON part BEGIN DELETE FROM keyed; END",
    ],
    "an index on an expression": [
        "CREATE INDEX i ON part (length(hex(zeroblob(1000000))) + length(name))"
    ],
    "a generated column": [
        "CREATE TABLE moved AS SELECT * FROM part",
        "DROP TABLE part",
        "CREATE TABLE part (name TEXT PRIMARY KEY, kept BLOB NOT NULL, value GENERATED ALWAYS AS "
        "(hex(zeroblob(100000))))",
        "INSERT INTO part (name, kept) SELECT * FROM moved",
        "DROP TABLE moved",
    ],
    "a check": [
        "CREATE TABLE moved AS SELECT * FROM part",
        "DROP TABLE part",
        "CREATE TABLE part (name TEXT PRIMARY KEY, value BLOB NOT NULL CHECK (length(hex(zeroblob(100000))) > 0))",
        "INSERT INTO part SELECT * FROM moved",
        "DROP TABLE moved",
    ],
    "another table": ["CREATE TABLE other (x)"],
}


@pytest.mark.parametrize("schema", SCHEMAS)
def test_another_schema_is_refused(
    state: Path, schema: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Views, triggers and computed columns are not run: each look ends at once, with an error that says why."""
    database = sqlite3.connect(state / FILE)
    for statement in SCHEMAS[schema]:
        database.execute(statement)
    database.commit()
    database.close()
    before = (state / FILE).read_bytes()
    for look in (lambda: read_state(state), loaded):
        with pytest.raises(sr.StateError, match="holds other things than the tables of a state"):
            look()
    assert main(["inspect", "state"]) == 1
    assert "other things than the tables" in capsys.readouterr().err
    assert (state / FILE).read_bytes() == before


def test_the_schema_is_the_one_that_a_run_makes(state: Path) -> None:
    """What is taken is what SQLite says of the tables that were made."""
    with closing(sqlite3.connect(state / FILE)) as database:
        made = {sql for (sql,) in database.execute("SELECT sql FROM sqlite_master") if sql}
    assert made == {PARTS, KEYED}
