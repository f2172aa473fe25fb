"""A stream of things of several kinds, and the tables that tell the kinds apart: what the tests of classes run over."""

import json
import random
from collections.abc import Iterable, Mapping
from fractions import Fraction
from pathlib import Path

import streamreg as sr
from streamreg._types import ClassParameters
from streamreg.testing import read
from tests.support.changelog import Row, current
from tests.support.discriminants import (
    Classes,
    Label,
    Rows,
    bayes_parameters,
    linear_parameters,
    quadratic_parameters,
)

KINDS = ["", "a\0", 'quo"ted', "two\nlines", "ä\u2028ø", "\U0001f600"]
"""Text that a file, a pipe or a database may stumble over."""

Thing = tuple[str, float, int]

SHARES = ("kind", "prior", "n")
COLUMNS = {
    "linear.csv": (*SHARES, "intercept", "x", "z"),
    "quadratic.csv": (
        *(*SHARES, "intercept", "x", "z"),
        *("quadratic_x_x", "quadratic_x_z", "quadratic_z_z"),
    ),
    "bayes.csv": (*SHARES, "mean_x", "mean_z", "variance_x", "variance_z"),
}
"""The files, and the columns of each."""


class Seen(sr.Schema):
    kind: str
    x: float
    z: int


def things(count: int, seed: int) -> list[Thing]:
    """Things at random; the last kind is seldom."""
    chance = random.Random(seed)
    found = []
    for _ in range(count):
        at = min(chance.randrange(12), 10) // 2
        found.append((KINDS[at], chance.gauss(at, 1.5), chance.randrange(5) + at))
    return found


def message(thing: Thing) -> bytes:
    return json.dumps(dict(zip(("kind", "x", "z"), thing, strict=True))).encode()


def topic(found: Iterable[Thing], partitions: int, batch: int) -> sr.Table:
    messages = [message(thing) for thing in found]
    spread = [messages[partition::partitions] for partition in range(partitions)]
    return read(spread, schema=Seen, format="json", batch=batch)


def tables(t: sr.Table) -> dict[str, sr.Table]:
    """A table by each method, by the file that it is written to."""
    return {
        "linear.csv": t.linear_discriminant(t.kind, t.x, t.z, unbiased=True),
        "quadratic.csv": t.quadratic_discriminant(t.kind, t.x, t.z),
        "bayes.csv": t.gaussian_naive_bayes(t.kind, t.x, t.z, var_smoothing=0.25),
    }


def write_tables(t: sr.Table) -> None:
    for name, table in tables(t).items():
        sr.io.csv.write(table, name)


def classes(found: Iterable[Thing]) -> dict[Label, Rows]:
    """The rows of each kind, exactly, in the order of the kinds."""
    of: dict[Label, Rows] = {}
    for kind, *row in sorted(found, key=lambda thing: thing[0]):
        of.setdefault(kind, []).append([Fraction(value) for value in row])
    return of


def text(found: Mapping[Label, ClassParameters], constant: bool = True) -> dict[Row, Row]:
    """ClassParameters as the rows of a file; undefined lists are `None` all along."""
    table: dict[Row, Row] = {}
    for label, (n, prior, intercept, linear, quadratic) in found.items():
        factors = [*(linear or ()), *(quadratic or ())]
        cells: list[object] = [prior, n, *([intercept] if constant else []), *factors]
        table[str(label),] = (str(label), *("" if cell is None else repr(cell) for cell in cells))
    return table


def expected(of: Classes) -> dict[str, dict[Row, Row]]:
    """What each file comes to."""
    found = {
        "linear.csv": text(linear_parameters(of, unbiased=True)),
        "quadratic.csv": text(quadratic_parameters(of)),
        "bayes.csv": text(bayes_parameters(of, smoothing=0.25), constant=False),
    }
    for name, table in found.items():
        width = len(COLUMNS[name])
        found[name] = {key: (*row, *[""] * (width - len(row))) for key, row in table.items()}
    return found


def check(folder: Path, found: Iterable[Thing]) -> None:
    """All files hold the exact parameters for just these things."""
    for name, table in expected(classes(found)).items():
        assert current(folder / name, 1, *COLUMNS[name]) == table
