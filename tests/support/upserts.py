"""Random sequences of replaced and removed rows, the table that they leave, and a program over them."""

import json
import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import streamreg as sr
from streamreg.testing import Message, read
from tests.support import rationals
from tests.support.changelog import Row, changes, current, result

GROUPS = ("a", "b", "c")


class Reading(sr.Schema):
    g: str
    x: float
    y: float
    d: int


class Sparse(sr.Schema):
    """The same columns, of which values can be missing."""

    g: str | None
    x: float | None
    y: float | None
    d: int | None


@dataclass(frozen=True)
class Found:
    """One row of the table; None is missing."""

    g: str | None
    x: float | None
    y: float | None
    d: int | None

    def message(self) -> bytes:
        """As JSON: a missing value is null, or in rows without `g` no member."""
        members = self.__dict__.items()
        return json.dumps({k: v for k, v in members if self.g or v is not None}).encode()


Table = Mapping[tuple[int, bytes], Found]
Partitions = list[list[Message]]


def random_row(chance: random.Random, missing: float = 0) -> Found:
    """A row; `missing` is the share of the values that are."""
    x, y = chance.randrange(1, 40) / 8, chance.gauss(0, 1e3)
    row = Found(chance.choice(GROUPS), x, y, chance.randrange(1, 100))
    if not missing:
        return row
    return replace(row, **{name: None for name in row.__dict__ if chance.random() < missing})


def sequence(
    count: int,
    partitions: int,
    keys: int,
    seed: int,
    *,
    compactable: bool = False,
    missing: float = 0,
) -> tuple[Partitions, Table]:
    """Messages over partitions, tombstones and rejects between them, and the table that they leave.

    If `compactable`, no reject has a key: a broker would let go of the row that stands for its sake. `missing` is the
    share of the values that are.
    """
    chance = random.Random(seed)
    messages: Partitions = [[] for _ in range(partitions)]
    table: dict[tuple[int, bytes], Found] = {}
    for _ in range(count):
        partition, key = chance.randrange(partitions), b"k%d" % chance.randrange(keys)
        kind = chance.random()
        if kind < 0.6:
            row = random_row(chance, missing)
            table[partition, key] = row
            messages[partition].append(Message(row.message(), key))
        elif kind < 0.8:
            table.pop((partition, key), None)
            messages[partition].append(Message(None, key))
        else:
            unfit = rejected(chance, key)
            if missing:
                unfit = [message for message in unfit if message.value != LACKING]
            if compactable:
                unfit = [message for message in unfit if message.key is None]
            messages[partition].append(chance.choice(unfit))
    return messages, table


LACKING = b'{"g":"a"}'
"""A row only where the other values can be missing."""


def rejected(chance: random.Random, key: bytes) -> list[Message]:
    """Messages that are rejects, each for another reason, or nothing."""
    row = random_row(chance).message()
    zero = Found("a", 1.0, 1.0, 0).message()
    return [
        Message(b"{", key),
        Message(LACKING, key),
        Message(row.replace(b'"x": ', b'"x": "'), key),
        Message(row, None),
        Message(zero, key),
        Message(None, None),
    ]


def tables(t: sr.Table) -> dict[str, sr.Table]:
    """The outputs: rows, also filtered and computed; totals; by key; classes."""
    few = t.filter(t.x > 4)
    return {
        "rows.csv": t.select(*sr.this, q=1000 // t.d),
        "filtered.csv": t.filter(t.x > 2).select(t.g, z=t.x * 2),
        "line.csv": t.linear_regression(t.y, t.x),
        "keys.csv": t.linear_regression(t.y, t.x, t.d, by=t.g, statistics=["n"]),
        "classes.csv": t.linear_discriminant(t.g, t.x, t.y),
        "few.csv": few.reduce(n=sr.reducers.count(), s=sr.reducers.sum(few.y)),
    }


def write(t: sr.Table, folder: Path) -> None:
    """Writes all of them."""
    for name, table in tables(t).items():
        sr.io.csv.write(table, folder / name)


def topic(messages: Partitions, batch: int, schema: type[sr.Schema] = Reading) -> sr.Table:
    return read(messages, schema=schema, format="json", upsert=True, batch=batch)


def folded(path: Path, *columns: str, strict: bool = True) -> Counter[Row]:
    """The rows that stand at the end of a changelog; `strict`: none is taken back before it stands."""
    standing: Counter[Row] = Counter()
    for change in changes(path, *columns):
        standing[change.row] += change.diff
        assert not strict or standing[change.row] >= 0, change
    assert min(standing.values(), default=0) >= 0
    return +standing


def left(folder: Path, *, strict: bool = True) -> dict[str, object]:
    """What stands in each file at its end."""
    heads = {
        path.name: path.read_text().split("\n", 1)[0].split(",")[:-2]
        for path in folder.glob("*.csv")
    }
    return {
        "rows": folded(folder / "rows.csv", *heads["rows.csv"], strict=strict),
        "filtered": folded(folder / "filtered.csv", *heads["filtered.csv"], strict=strict),
        "line": result(folder / "line.csv", *heads["line.csv"]),
        "keys": current(folder / "keys.csv", 1, *heads["keys.csv"]),
        "classes": current(folder / "classes.csv", 1, *heads["classes.csv"]),
        "few": result(folder / "few.csv", *heads["few.csv"]),
    }


def expected(table: Table, folder: Path, schema: type[sr.Schema] = Reading) -> dict[str, object]:
    """The same of a run over the rows of a table that are never replaced."""
    folder.mkdir()
    rows = [row.message() for row in table.values()]
    write(read([rows], schema=schema, format="json", batch=len(rows) + 1), folder)
    sr.run(processes=0)
    return left(folder)


def check_oracle(table: Table, found: Mapping[str, object]) -> None:
    """The regression over all rows that have its values, recomputed in rationals."""
    pairs = [(row.x, row.y) for row in table.values() if row.x is not None and row.y is not None]
    columns = [[Fraction(x) for x, _ in pairs], [Fraction(y) for _, y in pairs]]
    exact = rationals.fit(columns)
    line = None if not table else ("0.0", "0.0") if pairs else ("", "")
    if exact is not None:
        line = tuple(repr(rationals.nearest(number)) for number in exact)  # type: ignore[assignment]
    assert found["line"] == line
