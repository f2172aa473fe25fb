"""The state of a job with keys: damage to any row is noticed, verify and inspect see each key."""

import json
import sqlite3
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

import streamreg as sr
from streamreg._cli import main
from streamreg._compile.compile import compile as compile_plan
from streamreg._operate.verify.check import Check
from streamreg._operate.verify.verify import verify
from streamreg._state.snapshot import read as read_state
from streamreg._state.store import FILE
from tests.support.changelog import current
from tests.support.plans import csv_output
from tests.support.sensors import COLUMNS, Point, check, points, topic, write_lines

FOUND = points(60, 5, ["a", "b", 'c"\n'])


def run(found: Sequence[Point], epochs: int | None = None) -> None:
    write_lines(topic(found, 2, 10))
    sr.run(
        processes=0,
        state="state",
        stop=None if epochs is None else lambda now: now.epochs >= epochs,
    )


def checks(found: Sequence[Point]) -> list[Check]:
    t = topic(found, 2, 10)
    fit = t.linear_regression(t.y, t.x, by=(t.name, t.odd))
    counts = t.groupby(t.name).reduce(t.name, n=sr.reducers.count())
    plan = compile_plan([csv_output(fit, "lines.csv"), csv_output(counts, "counts.csv")])
    told: list[str] = []
    return list(
        verify(plan, read_state(Path("state")), None, report=told.append, tell=lambda *_: None)
    )


def change(statement: str, *values: object) -> None:
    """Changes the database as it lies there, its log put away."""
    database = sqlite3.connect(Path("state") / FILE)
    with database:
        assert database.execute(statement, values).rowcount == 1
    database.close()


def stored(part: str) -> tuple[bytes, bytes, int]:
    database = sqlite3.connect(Path("state") / FILE)
    key, value, checksum = database.execute(
        "SELECT key, value, checksum FROM keyed WHERE part = ? ORDER BY key LIMIT 1", (part,)
    ).fetchone()
    database.close()
    return key, value, checksum


def lose(part: str) -> None:
    change("DELETE FROM keyed WHERE part = ? AND key = ?", part, stored(part)[0])


def turn_a_bit(part: str) -> None:
    key, value, _ = stored(part)
    turned = bytes([value[0] ^ 1]) + value[1:]
    change("UPDATE keyed SET value = ? WHERE part = ? AND key = ?", turned, part, key)


def make_older(part: str) -> None:
    """Another value with a checksum that fits, as where the disk gives back an old page."""
    key, value, _ = stored(part)
    checksum = zlib.crc32(value[:-1], zlib.crc32(key))
    change(
        "UPDATE keyed SET value = ?, checksum = ? WHERE part = ? AND key = ?",
        *(value[:-1], checksum, part, key),
    )


def rename(part: str) -> None:
    key, value, _ = stored(part)
    checksum = zlib.crc32(value, zlib.crc32(key + b"x"))
    change(
        "UPDATE keyed SET key = ?, checksum = ? WHERE part = ? AND key = ?",
        *(key + b"x", checksum, part, key),
    )


def mistype(part: str) -> None:
    key, _, _ = stored(part)
    change("UPDATE keyed SET value = 'text' WHERE part = ? AND key = ?", part, key)


@pytest.mark.parametrize("part", ["reduction 0", "reduction 1", "changelog 0", "changelog 1"])
@pytest.mark.parametrize("damage", [lose, turn_a_bit, make_older, rename, mistype])
def test_a_damaged_row_is_noticed(folder: Path, part: str, damage: Callable[[str], None]) -> None:
    """Lost, changed, older or of another type: neither a run nor a look takes the state for whole."""
    run(FOUND, epochs=2)
    damage(part)
    before = Path("lines.csv").read_bytes()
    with pytest.raises(sr.StateError, match="damaged"):
        run(FOUND)
    with pytest.raises(sr.StateError, match="damaged"):
        read_state(Path("state"))
    assert Path("lines.csv").read_bytes() == before


def test_an_epoch_writes_the_changed_keys_alone(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The row of a key that has not come again stays as it was, on disk too."""
    run([("a", True, 1.0, 2.0)])
    # A state with a trigger is refused, but here it is what looks.
    monkeypatch.setattr("streamreg._state.store.check_schema", lambda _: {"part", "keyed"})
    database = sqlite3.connect(Path("state") / FILE)
    # A row that is replaced is inserted anew: SQLite calls that no update.
    database.execute(
        "CREATE TRIGGER no BEFORE INSERT ON keyed "
        "WHEN EXISTS (SELECT 1 FROM keyed WHERE part = NEW.part AND key = NEW.key) "
        "BEGIN SELECT raise(FAIL, 'overwritten'); END"
    )
    database.close()
    run([("a", True, 1.0, 2.0), ("b", True, 1.0, 2.0), ("c", False, 1.0, 2.0)])
    assert len(current("lines.csv", 2, *COLUMNS)) == 3
    with pytest.raises(sr.StateError, match="overwritten"):
        run(
            [
                ("a", True, 1.0, 2.0),
                ("b", True, 1.0, 2.0),
                ("c", False, 1.0, 2.0),
                ("a", True, 1.0, 3.0),
            ]
        )


def test_verify_agrees_with_a_run(folder: Path) -> None:
    """States, last rows and folded files follow from the topic, key by key."""
    run(FOUND)
    found = checks(FOUND)
    assert [check.difference for check in found] == [""] * len(found)
    said = "\n".join(map(str, found))
    assert "exact state 1: the same for 6 keys" in said
    assert "counts.csv, last rows in the state: the same 3 rows" in said
    assert "counts.csv, its changes folded: the same 3 rows after" in said


def test_verify_names_the_key_that_differs(folder: Path) -> None:
    """Of another topic, the state, the last rows and the files differ, and each is told."""
    run(FOUND)
    other = [
        (name, odd, x + 1.0 if (name, odd) == ("b", True) else x, y) for name, odd, x, y in FOUND
    ]
    found = {check.subject: check.difference for check in checks(other)}
    assert (
        found["exact state 1"]
        == "other sums for the key 'b', True in the state than from the topic"
    )
    assert found["exact state 2"] == ""
    assert "the state says 'b,True," in found["lines.csv, last rows in the state"]
    assert "1 time more in " in found["lines.csv, its changes folded"]
    renamed = [("d" if name == "b" else name, odd, x, y) for name, odd, x, y in FOUND]
    found = {check.subject: check.difference for check in checks(renamed)}
    assert found["exact state 2"] == "the key 'b' of the state is none of the topic"


def test_verify_sees_a_changed_file(folder: Path) -> None:
    """A retraction of what does not stand is named with its record."""
    run(FOUND)
    text = Path("counts.csv").read_bytes()
    assert text.count(b"\na,") > 2
    Path("counts.csv").write_bytes(text.replace(b"\na,", b"\ne,", 1))
    found = {check.subject: check.difference for check in checks(FOUND)}
    assert "which does not stand" in found["counts.csv, its changes folded"]


def test_inspect_shows_some_keys(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """People see how many keys there are and the first of them; a program can have all."""
    run(FOUND)
    assert main(["inspect", "state", "--keys", "2"]) == 0
    lines = capsys.readouterr().out.splitlines()
    at = lines.index("result      lines.csv: 6 keys")
    assert lines[at + 1].startswith("            name 'a', odd False, intercept ")
    assert lines[at + 3] == "            … and 4 keys more"
    assert "result      counts.csv: 3 keys" in lines
    assert lines[-2].startswith("exact sums  1: count (0 limbs), moments (")
    assert lines[-1].endswith(" bytes for 3 keys")
    assert main(["inspect", "state", "--json", "--keys", "all"]) == 0
    results = json.loads(capsys.readouterr().out)["results"]
    assert results["lines.csv"]["keys"] == len(results["lines.csv"]["rows"]) == 6
    assert results["counts.csv"]["rows"][-1]["name"] == 'c"\n'
    assert main(["inspect", "state", "--keys", "few"]) == 2


def test_other_keys_make_another_job(folder: Path) -> None:
    """A state is not continued by other keys, also where the keys are not written."""

    def count_by(*keys: str) -> None:
        t = topic(FOUND, 2, 10)
        counts = t.groupby(*(t[key] for key in keys)).reduce(n=sr.reducers.count())
        sr.io.csv.write(t, "rows.csv")
        sr.io.csv.write(counts, "counts.csv")
        sr.run(processes=0, state="state")

    count_by("name", "odd")
    for keys in (("odd", "name"), ("name",), ("odd",)):
        with pytest.raises(sr.StateError, match="of another job: reductions: 0: keys: it was"):
            count_by(*keys)
    count_by("name", "odd")


def test_a_state_before_the_first_row(folder: Path) -> None:
    """Where no key has come there is none, and the run goes on with the first."""
    run([])
    assert read_state(Path("state")).keyed == {}
    run(FOUND)
    check(folder, FOUND)
