"""Whatever names tables and columns of a destination have: they hold what tables with plain names do."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

import streamreg as sr
from streamreg.testing import read
from tests.support import delta_tables, sqlite_tables
from tests.support.destinations import Mode
from tests.support.postgres import PostgresServer
from tests.support.verified import checks_of

NAMES = [
    "share %",
    "cur %s {}",
    "%(a)s %b %t %%",
    "{0} {a}",
    'a "b" \'c\' "',
    "Größe µ 点",
    "$1 :a ?1 @a",
    "back\\slash; --",
    "select",
]


class Point(sr.Schema):
    k: str | None
    n: int
    x: float
    y: float


def points(count: int) -> sr.Table:
    lines = [b"%b,%d,%d,%d" % ([b"a", b""][i % 2], i % 3, i, i * i % 7) for i in range(count)]
    return read([lines], schema=Point, header=["k", "n", "x", "y"], batch=7)


Write = Callable[[sr.Table, str, Mode], sr.Output]


def check(write: Write, rows_of: Callable[[str], list[tuple[Any, ...]]], name: str) -> None:
    """Keys, of which some are missing, and values in columns with this name, in two parts and verified."""

    def outputs(count: int) -> list[sr.Output]:
        t = points(count)
        fit = t.linear_regression(t.y, t.x, by=[t.k, t.n], singular="null")
        odd = fit.select(**{name: fit.k, f"{name}2": fit.n, f"{name}_value": fit.x})
        plain = fit.select(k=fit.k, n=fit.n, x=fit.x)
        return [
            write(odd, name, "current"),
            write(odd, f"{name} log", "changelog"),
            write(plain, "plain", "current"),
            write(plain, "plain_log", "changelog"),
        ]

    for count in (20, 40):
        assert sr.run(outputs=outputs(count), processes=0, state="state").rows > 0
    assert len(rows_of("plain")) == 6
    assert Counter(rows_of(name)) == Counter(rows_of("plain"))
    assert sorted(map(repr, rows_of(f"{name} log"))) == sorted(map(repr, rows_of("plain_log")))
    compared = checks_of(outputs(40), Path("state")).values()
    assert [str(c) for c in compared if c.difference or not c.compared] == []


@pytest.mark.parametrize("name", NAMES)
def test_names_of_postgresql(server: PostgresServer, folder: Path, name: str) -> None:
    """Also of the schema, in which the table that says how far they go stands too."""

    def write(rows: sr.Table, table: str, mode: Mode) -> sr.Output:
        return sr.io.postgres.write(rows, server.connection, table=table, schema=name, mode=mode)

    def rows_of(table: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(server.connection) as connection:
            asked = sql.SQL("SELECT * FROM {}").format(sql.Identifier(name, table))
            return connection.execute(asked).fetchall()

    with psycopg.connect(server.connection) as connection:
        connection.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(sql.Identifier(name)))
        connection.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(name)))
    check(write, rows_of, name)


def test_the_longest_names_of_postgresql(server: PostgresServer, folder: Path) -> None:
    """PostgreSQL would cut longer ones, and make one of two; bytes of UTF-8 count."""
    t = points(20)
    longest = "ä" * 31 + "b"

    def write(column: str, table: str, schema: str | None = None) -> sr.Output:
        rows = t.select(**{column: t.x})
        return sr.io.postgres.write(rows, server.connection, table=table, schema=schema)

    for count in (1, 2):
        assert sr.run(outputs=[write(longest, longest)], processes=0, state="state").rows, count
    for names in [(longest + "c", "t"), ("x", longest + "c"), ("x", "t", longest + "c")]:
        with pytest.raises(sr.ConfigurationError, match=r"has 64 bytes, .* at most 63"):
            write(*names)


@pytest.mark.parametrize("name", NAMES)
def test_names_of_sqlite(folder: Path, name: str) -> None:
    """A table, and the lock that is called after it."""

    def write(rows: sr.Table, table: str, mode: Mode) -> sr.Output:
        return sr.io.sqlite.write(rows, "out %s {}.db", table=table, mode=mode)

    def rows_of(table: str) -> list[tuple[Any, ...]]:
        return sqlite_tables.rows_of(table.replace('"', '""'), "out %s {}.db")

    check(write, rows_of, name)


def test_umlauts_of_sqlite_in_both_cases(folder: Path) -> None:
    """Tables and columns that differ by one are two to SQLite; a letter of ASCII is the same in both cases."""
    t = points(20)

    def write(columns: dict[str, str], table: str) -> sr.Output:
        rows = t.select(**{name: t[of] for name, of in columns.items()})
        return sr.io.sqlite.write(rows, "out.db", table=table)

    def outputs() -> list[sr.Output]:
        return [write({"ä": "x", "Ä": "y"}, "ä"), write({"x": "x"}, "Ä")]

    for _ in range(2):
        sr.run(outputs=outputs(), processes=0, state="state")
    for table, column, other in (("ä", "ä", "Ä"), ("Ä", "x", "x")):
        with sqlite_tables.opened() as database:
            asked = f'SELECT "{column}", "{other}" FROM "{table}" ORDER BY 1'
            found = database.execute(asked).fetchall()
        expected = [(i, i * i % 7 if other == "Ä" else i) for i in range(20)]
        assert found == expected
    compared = checks_of(outputs(), Path("state")).values()
    assert [str(c) for c in compared if c.difference or not c.compared] == []
    with pytest.raises(sr.ProgramError, match="two outputs write"):
        sr.run(outputs=[write({"x": "x"}, "t"), write({"x": "x"}, "T")], processes=0)


@pytest.mark.parametrize("name", ["%s%", "'c'\"", "Größeµ点", "$1:a?@", "a.b", "select"])
def test_names_of_delta_lake(folder: Path, name: str) -> None:
    """Of a folder and its columns, as far as Delta Lake has them."""

    def write(rows: sr.Table, table: str, mode: Mode) -> sr.Output:
        return sr.io.delta.write(rows, table.replace(" ", "_"), mode=mode)

    def rows_of(table: str) -> list[tuple[Any, ...]]:
        return delta_tables.rows_of(table.replace(" ", "_"))

    check(write, rows_of, name)


@pytest.mark.parametrize("name", ["[a]", "a^b", "a|b", "a\\b", "a%20b", "%2F"])
def test_what_delta_lake_cannot_have(folder: Path, name: str) -> None:
    """A folder that its library would not find again is refused before anything is read."""
    for path in (name, f"{name}/table"):
        with pytest.raises(sr.ConfigurationError, match="Delta Lake's library cannot have"):
            sr.io.delta.write(points(1), path)
    sr.io.delta.write(points(1), f"s3://bucket/{name}")
    sr.clear()
