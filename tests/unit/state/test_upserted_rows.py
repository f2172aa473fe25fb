"""The rows that stand, looked up in a database, against a dictionary."""

import random
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

import streamreg as sr
from streamreg._state import keyed_rows, upserted_rows
from streamreg._state.database_schema import KEYED
from streamreg._state.errors import errors
from streamreg._state.keyed_rows import checksum
from streamreg._state.upserted_rows import PART, TemporaryRows, UpsertedRows


def found(rows: UpsertedRows, names: list[bytes]) -> dict[bytes, bytes]:
    pieces = list(rows.find(names))
    whole = {name: kept for piece in pieces for name, kept in piece.items()}
    assert len(whole) == sum(map(len, pieces))
    return whole


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    """Closes databases and rows at the end of a test."""
    with ExitStack() as found:
        yield found


@pytest.mark.parametrize("held", [0, 700, 100_000])
@pytest.mark.parametrize("temporary", [False, True])
def test_oracle_a_dictionary(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stack: ExitStack, *, temporary: bool, held: int
) -> None:
    """Random replacements and removals, committed now and then, leave what a dictionary holds; so does its digest."""
    monkeypatch.setattr(upserted_rows, "_HELD", held)
    chance = random.Random(4)
    database = stack.enter_context(closing(sqlite3.connect(tmp_path / "rows.sqlite")))
    database.execute(KEYED)
    database.execute("INSERT INTO keyed VALUES ('reduction 0', x'00', x'01', 1)")
    rows: UpsertedRows
    rows = (
        TemporaryRows() if temporary else UpsertedRows(database, (0, 0), lambda: errors(tmp_path))
    )
    stack.enter_context(closing(rows))
    names = [b"%d" % number for number in range(1500)]
    table: dict[bytes, bytes] = {}
    for _ in range(60):
        some = chance.sample(names, chance.choice([1, 5, 1200]))
        before = found(rows, some)
        assert before == {name: table[name] for name in some if name in table}
        new = {name: chance.choice([None, chance.randbytes(9), b""]) for name in some}
        rows.put(new, {name: checksum(name, kept) for name, kept in before.items()})
        table = {n: k for n, k in {**table, **new}.items() if k is not None}
        assert len(rows) == len(table)
        sums = sum(checksum(name, kept) for name, kept in table.items())
        assert rows.digest() == (len(table), sums % 2**64)
        if chance.random() < 0.5:
            if not temporary:
                with database:
                    keyed_rows.write(database, {PART: keyed_rows.changes(rows)})
            rows.mark_clean()
            if not temporary:  # As after a restart.
                rows.close()
                rows = UpsertedRows(database, rows.digest(), lambda: errors(tmp_path))
                stack.enter_context(closing(rows))
    assert found(rows, names) == table


def test_large_rows_come_in_pieces(stack: ExitStack) -> None:
    """However many are asked for, some megabytes are held at a time; each row comes once."""
    rows = stack.enter_context(closing(TemporaryRows()))
    large = 3_000_000
    kept = {b"%d" % number: bytes(large) for number in range(9)}
    rows.put(dict(kept), {})
    rows.mark_clean()
    pieces = list(rows.find(list(kept)))
    assert sum(map(len, pieces)) == 9
    assert max(map(len, pieces)) == 2
    rows.put(dict.fromkeys(map(b"%d".__mod__, range(100_000)), b"x"), {})
    assert max(len(piece) for piece in rows.find([b"%d" % n for n in range(100_000)])) == 20_000


def test_a_database_that_fails_is_an_error_that_says_so(tmp_path: Path, stack: ExitStack) -> None:
    """Of a state its directory is named, of a temporary file what to set."""
    rows = TemporaryRows()
    rows.put({b"a": b"1"}, {})
    rows.mark_clean()
    rows.close()
    with pytest.raises(sr.StateError, match="TMPDIR"):
        list(rows.find([b"b"]))
    database = stack.enter_context(closing(sqlite3.connect(tmp_path / "rows.sqlite")))
    broken = UpsertedRows(database, (1, 1), lambda: errors(tmp_path))
    with pytest.raises(sr.StateError, match="damaged"):
        list(broken.find([b"b"]))
    assert upserted_rows.PART == "upserted"
