"""Expressions on columns with missing values: on whole columns as on single rows."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

import streamreg as sr
from streamreg import testing
from streamreg._compile.lower import Lowering
from streamreg._compile.rules import CURRENT, Rules
from streamreg._evaluate.batch import Evaluated
from streamreg._evaluate.columns import Column, nullable, to_list
from streamreg._evaluate.missing import spread
from streamreg._evaluate.program import Load, Program
from streamreg._evaluate.scalar import evaluate_scalars
from streamreg._language.expression import TypedExpression
from tests.support.rationals import bits


class Cells(sr.Schema):
    """A column of each type."""

    x: float | None
    z: float | None
    n: int | None
    m: int | None
    flag: bool | None
    text: str | None
    price: Decimal | None
    at: datetime | None
    gap: timedelta | None


DRAWN: dict[str, list[Any]] = {
    "x": [1.5, -2.0, 0.0, float("nan"), float("inf"), 1e300],
    "z": [1.5, 3.0, -0.0],
    "n": [0, 1, -7, 2**62, -(2**63)],
    "m": [0, 2, -1, 2**62],
    "flag": [True, False],
    "text": ["", "a", "é"],
    "price": [Decimal("1.50"), Decimal(-3)],
    "at": [datetime(2026, 1, 1, tzinfo=UTC), datetime(1, 1, 1, tzinfo=UTC)],
    "gap": [timedelta(seconds=-1), timedelta(days=400)],
}
PLACED: dict[str, Any] = {"price": Decimal(0), "at": DRAWN["at"][0], "gap": timedelta(0)}


def table() -> sr.Table:
    return testing.read([[]], schema=Cells, format="json")


def expressions() -> dict[str, Any]:
    t = table()
    return {
        "x + n": t.x + t.n,
        "n * m": t.n * t.m,
        "n // m": t.n // t.m,
        "log": sr.log(t.x),
        "x == z": t.x == t.z,
        "n < x": t.n < t.x,
        "text": t.text == "a",
        "price": t.price > Decimal(0),
        "at": t.at + t.gap,
        "floor": sr.floor_time(t.at, timedelta(hours=1)),
        "and": (t.x > 0.0) & t.flag,
        "or": ~t.flag | (t.n > 0),
        "is_none": t.text.is_none() | t.x.is_not_none(),
        "none of computed": (t.x + t.n).is_none(),
        "choice": sr.if_else(t.flag, t.n, t.m),
        "guarded": sr.if_else(t.m != 0, t.n // t.m, 0),
        "mixed": sr.if_else(t.flag, t.x, t.n),
        "texts": sr.if_else(t.x > 0.0, t.text, "none"),
        "times": sr.if_else(t.flag, t.at, t.at + t.gap),
        "decimals": sr.if_else(t.flag, t.price, Decimal(7)),
        "coalesce": sr.coalesce(t.x, t.n, t.z),
        "coalesced": sr.coalesce(t.n // t.m, 0),
        "coalesced text": sr.coalesce(t.text, "?"),
        "cast": sr.cast(str, t.n),
        "cast float": sr.cast(float, t.price),
        "cast int": sr.cast(int, t.z),
        "power": t.m**2,
        "minimum": sr.minimum(t.x, t.z),
    }


def program_of(expression: TypedExpression) -> tuple[Program, int]:
    lowering = Lowering(Rules(CURRENT))
    slot = lowering.lower(expression, 0)
    return lowering.program(), slot


def drawn_rows(count: int) -> list[dict[str, Any]]:
    chance = random.Random(11)
    return [
        {
            name: None if chance.random() < 0.35 else chance.choice(values)
            for name, values in DRAWN.items()
        }
        for _ in range(count)
    ]


def column(name: str, values: list[Any]) -> Column:
    """Values as a decoder gives them."""
    from streamreg._evaluate.batch import _column

    dtype = getattr(table(), name).dtype
    there = [value for value in values if value is not None]
    missing = np.array([value is None for value in values], np.bool_)
    made = _column(dtype, there)
    return nullable(spread(made, np.flatnonzero(~missing), len(values)), missing)


@pytest.mark.parametrize("name", list(expressions()))
def test_differential_columns_and_single_rows(name: str) -> None:
    """A row's value is that of the row alone, None where it is missing, whatever rows stand beside it.

    What cannot be computed rejects the row of a column, and is missing in a row alone.
    """
    program, slot = program_of(expressions()[name])
    rows = drawn_rows(300)
    names = [str(step.key) for step in program.steps if isinstance(step, Load)]
    columns = {each: column(each, [row[each] for row in rows]) for each in names}
    done = Evaluated(program, columns, len(rows))
    failed = {row for errors in done.errors for row in errors.rows.tolist()}
    numbered = Program(
        tuple(
            Load(step.scope, names.index(str(step.key))) if isinstance(step, Load) else step
            for step in program.steps
        ),
        program.scopes,
    )
    alone = [evaluate_scalars(numbered, [row[each] for each in names])[slot] for row in rows]
    # Alone it is missing, and something can be put in its place.
    assert all(_beyond(alone[row]) for row in failed) or name == "coalesced"
    kept = [bits(value) for row, value in enumerate(alone) if row not in failed]
    assert [bits(value) for value in to_list(done.slots[slot])] == kept
    assert any(value is None for value in alone) or "coalesced" in name or "none" in name


def _beyond(value: object) -> bool:
    """What a column rejects: nothing, or an integer that only a single row can hold."""
    return value is None or (isinstance(value, int) and not -(2**63) <= value < 2**63)


def test_what_stands_in_the_place_of_a_missing_value_rejects_no_row() -> None:
    """A divisor that is missing is no zero, and a number that is missing does not overflow."""
    program, slot = program_of(expressions()["n // m"])
    missing = np.array([False, True, False])
    columns = {
        "n": nullable(np.array([7, -(2**63), 8]), missing),
        "m": nullable(np.array([2, -1, 0]), np.array([False, True, True])),
    }
    done = Evaluated(program, columns, 3)
    assert not done.errors
    assert to_list(done.slots[slot]) == [3, None, None]


def test_a_reject_is_told_of_its_own_row() -> None:
    """Rows before it that lack a value do not move the place of one that cannot be computed."""
    program, _ = program_of(expressions()["n // m"])
    columns = {
        "n": nullable(np.array([0, 5, 6, 7]), np.array([True, False, False, False])),
        "m": np.array([0, 1, 0, 2]),
    }
    done = Evaluated(program, columns, 4)
    assert [(errors.rows.tolist(), errors.kind) for errors in done.errors] == [
        ([2], "division-by-zero")
    ]
    assert done.places(0).tolist() == [0, 1, 3]
