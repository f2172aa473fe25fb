"""States that a run must not continue: the error says why and what to do, and nothing is touched."""

import random
import shutil
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import streamreg as sr
from streamreg._state.store import Store
from streamreg.testing import read
from tests.support.numbered import Point, count_sound, stream, write_regression

ROWS = 90
CHECKPOINT = Path("state") / "checkpoint.sqlite"


def program(*, stop_at: int | None = None) -> sr.Summary:
    write_regression(read(stream(ROWS, 3), schema=Point, batch=12))
    return again(stop_at=stop_at)


def again(*, stop_at: int | None = None) -> sr.Summary:
    return sr.run(
        processes=0,
        state="state",
        stop=None if stop_at is None else lambda progress: progress.epochs >= stop_at,
    )


@pytest.fixture(autouse=True)
def begun(folder: Path) -> None:
    """A run with a state that was stopped on its way."""
    program(stop_at=3)


def contents() -> dict[str, bytes]:
    """What must not change."""
    return {path.name: path.read_bytes() for path in Path().glob("*.csv")}


def must_refuse(error: type[Exception], match: str, run: Callable[[], object] = program) -> None:
    before = contents()
    with pytest.raises(error, match=match):
        run()
    assert contents() == before


class Wider(sr.Schema):
    x: float
    y: float
    z: float


def test_another_schema() -> None:
    """The difference is named: the column that is new."""
    write_regression(read(stream(ROWS, 3), schema=Wider, header=["x", "y", "z"]))
    must_refuse(sr.StateError, r"another job: header: it was not there, now it is \['x'", again)
    write_regression(read(stream(ROWS, 3), schema=Wider))
    must_refuse(sr.StateError, "another job: schema: z: it was not there, now it is 'float'", again)


def test_another_format() -> None:
    """The difference is named: the format."""
    write_regression(read(stream(ROWS, 3), schema=Point, format="json"))
    must_refuse(
        sr.StateError, "another job: format: it was 'csv', now it is 'json'.*empty state", again
    )


def test_another_formula() -> None:
    """The difference is named: the column and its two definitions."""
    t = read(stream(ROWS, 3), schema=Point)
    write_regression(t.select(x=t.x * 2, y=t.y))
    must_refuse(
        sr.StateError, r"another job: outputs: rows\.csv: columns: x: it was .* now it is '", again
    )


def test_another_filter() -> None:
    """Rows that are chosen differently are another job, though the columns are the same."""
    t = read(stream(ROWS, 3), schema=Point)
    write_regression(t.filter(t.x > 5.0))
    must_refuse(sr.StateError, "another job: ", again)


def test_another_output() -> None:
    """The difference is named: the file that is new, and what it needs of rows that are read."""
    t = read(stream(ROWS, 3), schema=Point)
    write_regression(t)
    sr.io.csv.write(t.reduce(s=sr.reducers.max(t.x)), "most.csv")
    must_refuse(
        sr.StateError,
        r"another job: outputs: most\.csv: it was not there.*most\.csv.* it needs max of",
        again,
    )
    assert not Path("most.csv").exists()


def test_a_flipped_byte() -> None:
    """Damage in what the state says is found by its checksum."""
    whole = CHECKPOINT.read_bytes()
    place = whole.index(b'"offsets"') + 13
    flipped = bytes([whole[place] ^ 1])
    CHECKPOINT.write_bytes(whole[:place] + flipped + whole[place + 1 :])
    must_refuse(sr.StateError, "damaged.*checksum does not match.*restore the directory")


def test_any_flipped_byte(folder: Path) -> None:
    """Wherever it is, it is an error or makes no difference: the run ends exactly as it would have."""
    chance = random.Random(3)
    size = CHECKPOINT.stat().st_size
    shutil.copytree(folder, folder.parent / "kept")
    refused = 0
    for place in [*range(24), *chance.sample(range(size), 60)]:
        damaged = bytearray(CHECKPOINT.read_bytes())
        damaged[place] ^= 1 << chance.randrange(8)
        CHECKPOINT.write_bytes(damaged)
        before = contents()
        try:
            program()
        except sr.StateError:
            refused += 1
            assert contents() == before
        else:
            assert count_sound(folder, 3) == ROWS
        shutil.rmtree(folder / "state")
        shutil.copytree(folder.parent / "kept", folder, dirs_exist_ok=True)
    assert refused


@pytest.mark.parametrize("share", [0.1, 0.5, 0.99])
def test_a_truncated_state(share: float) -> None:
    """What is left of it is not taken for the whole."""
    whole = CHECKPOINT.read_bytes()
    CHECKPOINT.write_bytes(whole[: int(len(whole) * share)])
    must_refuse(sr.StateError, "state.*damaged")


def test_an_emptied_database() -> None:
    """It is not taken for that of a run that has not begun."""
    CHECKPOINT.write_bytes(b"")
    must_refuse(sr.StateError, "state is damaged")


def test_a_lost_state() -> None:
    """Without it the outputs cannot be continued, and so are not written over."""
    shutil.rmtree("state")
    must_refuse(sr.OutputError, "exists, and there is no state")


def test_a_newer_format() -> None:
    """A state of a later version is left to that version."""
    database = sqlite3.connect(CHECKPOINT)
    with database:
        database.execute("UPDATE part SET value = ? WHERE name = 'version'", (b"99",))
    database.close()
    must_refuse(sr.StateError, "format 99.*install a newer streamreg")


def test_a_foreign_file() -> None:
    """Something else under the state's name is not used, nor changed."""
    CHECKPOINT.write_bytes(b"not a database at all, but some text" * 100)
    must_refuse(sr.StateError, "damaged")
    assert CHECKPOINT.read_bytes().startswith(b"not a database")


def test_a_directory_that_is_a_file() -> None:
    """The error names it."""
    write_regression(read(stream(ROWS, 3), schema=Point))
    Path("file").touch()
    must_refuse(sr.StateError, "^state file: ", lambda: sr.run(processes=0, state="file"))


@pytest.mark.skipif(sys.platform != "linux", reason="there is no /sys")
def test_where_nothing_may_be_written() -> None:
    """The error says why, and how another place is named; of an output too."""
    write_regression(read(stream(ROWS, 3), schema=Point))
    must_refuse(
        sr.StateError,
        r"^state /sys/streamreg: [A-Z].*: name a directory .*\[state\] directory.*STATE_DIRECTORY",
        lambda: sr.run(processes=0, state="/sys/streamreg"),
    )
    sr.clear()
    sr.io.csv.write(read(stream(ROWS, 3), schema=Point), "/sys/rows.csv")
    must_refuse(
        sr.OutputError,
        r"^/sys/rows\.csv: [A-Z].*: name a path .*start at the job file",
        lambda: sr.run(processes=0),
    )


def test_one_that_is_in_use() -> None:
    """Two runs of one state would write the same files: the second is refused, and the first goes on."""
    with Store(Path("state")):
        must_refuse(sr.StateError, "another run uses it")
    assert program().rows == ROWS
    assert count_sound(Path(), 3) == ROWS


@pytest.mark.parametrize("name", ["rows.csv", "line.csv"])
def test_an_output_shorter_than_recorded(name: str) -> None:
    """Rows that the state counts are gone: the error says how long the file was."""
    whole = Path(name).read_bytes()
    Path(name).write_bytes(whole[:-1])
    must_refuse(
        sr.OutputError,
        rf"{name} has {len(whole) - 1:,} bytes, but the state says that the run has written {len(whole):,} bytes",
    )
    Path(name).write_bytes(whole)
    program()
    assert count_sound(Path(), 3) == ROWS


def test_a_short_output_beside_one_that_is_too_long() -> None:
    """Nothing is cut before everything is known to fit."""
    with Path("rows.csv").open("ab") as file:
        file.write(b"torn")
    Path("line.csv").write_bytes(b"")
    must_refuse(sr.OutputError, r"line\.csv has 0 bytes")


def test_a_missing_output() -> None:
    """It is not begun anew, as its rows would be missing."""
    Path("rows.csv").unlink()
    must_refuse(sr.OutputError, r"rows\.csv is missing.*put the file back")
    assert not Path("rows.csv").exists()


def test_a_topic_with_less_than_was_read() -> None:
    """Offsets that the topic no longer has, or a partition: it is another topic, and not read on."""
    write_regression(read([part[:2] for part in stream(ROWS, 3)], schema=Point))
    must_refuse(sr.SourceError, "partition 0: the state goes on at offset .* 0 to 2.*", again)
    write_regression(read(stream(ROWS, 2), schema=Point))
    must_refuse(sr.SourceError, "no partition 2, but the state has read from it", again)
