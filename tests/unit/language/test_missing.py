"""Columns whose values can be missing, as a program declares and uses them."""

import typing
from datetime import datetime
from decimal import Decimal
from itertools import count
from typing import Any

import pytest

import streamreg as sr
from streamreg import testing
from streamreg._language.schema import schema_columns


def schema(annotation: object, **body: object) -> type[sr.Schema]:
    made = type("Made", (sr.Schema,), {"__annotations__": {"x": annotation, "y": float}, **body})
    assert issubclass(made, sr.Schema)
    return made


def table(annotation: object = float | None, n: object = int) -> sr.Table:
    body = {"__annotations__": {"x": annotation, "n": n, "y": float}}
    made: Any = type("Made", (sr.Schema,), body)
    return testing.read([[]], schema=made, format="json")


@pytest.mark.parametrize(
    "annotation",
    [
        float | None,
        None | float,
        typing.Optional[float],  # noqa: UP045  # what programs may have
        "float | None",
        "None|float",
        "Optional[float]",
        "typing.Optional[float]",
    ],
    ids=count(),  # Python 3.14 gives three of them one name
)
def test_the_ways_to_say_that_values_can_be_missing(annotation: object) -> None:
    """All of them mean the same column."""
    assert dict(schema_columns(schema(annotation))) == {"x": "float | None", "y": "float"}


def test_types_with_options_can_be_missing_too() -> None:
    """The option stays, and is checked as ever."""
    columns = schema_columns(schema(datetime | None, x=sr.column(tz="Europe/Berlin")))
    assert columns["x"] == "datetime tz=Europe/Berlin | None"
    with pytest.raises(sr.ProgramError, match=r"Made\.x: only datetime columns have tz="):
        schema(float | None, x=sr.column(tz="UTC"))


@pytest.mark.parametrize(
    "annotation",
    [float | int | None, None, type(None), list[float] | None, "int | float | None"],
    ids=count(),
)
def test_other_unions_are_refused(annotation: object) -> None:
    """There is one type beside None."""
    with pytest.raises(sr.ProgramError, match=r"Made\.x: .* is no type of a column"):
        schema(annotation)


def test_what_can_be_missing_is_shown() -> None:
    """A table says so of its columns, and an expression of itself: what is computed from it can be missing too."""
    t = table()
    assert repr(t) == "<Table (x: float | None, n: int, y: float)>"
    assert repr(t.x + t.n).endswith(": float | None>")
    assert repr(t.n + 1).endswith(": int>")
    assert repr(t.x.is_none()).endswith(": bool>")
    assert repr(sr.coalesce(t.x, 0.0)).endswith(": float>")
    assert repr(sr.coalesce(t.x, t.x + 1)).endswith(": float | None>")
    assert repr(sr.if_else(t.x > 0.0, t.n, 0)).endswith(": int | None>")
    assert repr(t.filter(t.x.is_not_none()).x).endswith(": float | None>")


def test_coalesce_takes_values_of_one_type() -> None:
    """Ints become floats beside floats; else the error names both values."""
    t = table()
    assert repr(sr.coalesce(t.x, 0)) == "<Choice coalesce(x, 0): float>"
    with pytest.raises(sr.ProgramError, match=r"coalesce needs all values of one type, but x is"):
        sr.coalesce(t.x, "none")
    with pytest.raises(sr.ProgramError, match="not of the same rows"):
        sr.coalesce(t.x, table().x)


def test_none_is_no_constant() -> None:
    """The error says what asks for missing values."""
    t = table()
    for wrong in (lambda: t.x == None, lambda: sr.if_else(t.n > 0, t.x, None)):  # type: ignore[arg-type]  # noqa: E711  # the mistakes
        with pytest.raises(sr.ProgramError, match=r"t\.x\.is_none\(\)"):
            wrong()


def double(x: float | None) -> float | None:
    return None if x is None else x * 2


def test_the_type_of_a_function_that_may_return_none() -> None:
    """It is known where an argument can be missing, or where it is given; elsewhere it is not, as ever."""
    t = table()
    assert repr(sr.apply(double, t.x)).endswith(": float | None>")
    assert repr(sr.apply(double, t.y)).endswith(": any>")
    assert repr(sr.apply_with_type(double, float | None, t.y)).endswith(": float | None>")
    assert repr(sr.apply_with_type(double, float, t.x)).endswith(": float | None>")
    t.reduce(s=sr.reducers.sum(sr.apply(double, t.x)))


def ran(t: sr.Table) -> list[tuple[object, ...]]:
    changes = testing.collect(t)
    sr.run(processes=0)
    return [row for row, _, diff in changes if diff > 0]


class Three(sr.Schema):
    x: float | None
    y: float
    z: Decimal | None


ROWS: list[bytes | None] = [b'{"y": 1}', b'{"x": 2, "y": 3, "z": 4}']


def test_a_function_gets_none_and_may_return_it_where_a_value_can_be_missing() -> None:
    """Where no argument can be missing, None is another type than declared, and ends the run as ever."""
    t = testing.read([ROWS], schema=Three, format="json")
    seen: list[object] = []

    def look(x: float | None, z: Decimal | None) -> float | None:
        seen.append((x, z))
        return x

    made = t.select(a=sr.apply(look, t.x, t.z), b=sr.apply(double, t.y))
    assert ran(made) == [(None, "2.0"), (2.0, "6.0")]
    assert seen == [(None, None), (2.0, Decimal(4))]

    def nothing(y: float) -> float:
        return None  # type: ignore[return-value]  # the mistake

    testing.collect(t.select(a=sr.apply(nothing, t.y)))
    with pytest.raises(sr.WorkerError, match="nothing should return float, but returned None"):
        sr.run(processes=0)
    sr.clear()
    assert ran(t.select(a=sr.apply_with_type(nothing, float | None, t.y))) == [(None,), (None,)]


def test_missing_results_can_be_asked_for_after_a_reduction() -> None:
    """`is_none` and `coalesce` take the results of reducers, which are missing where there is nothing to reduce."""
    t = testing.read([ROWS], schema=Three, format="json")
    none = t.filter(t.y > 1.0)
    r = sr.reducers
    made = none.reduce(
        a=sr.coalesce(r.var_samp(none.x), -1.0),
        b=r.var_samp(none.x).is_none(),
        c=r.sum(none.z).is_not_none(),
    )
    assert ran(made) == [(-1.0, True, True)]
    assert ran(t.reduce(n=r.count(), m=r.regr_count(t.y, t.x))) == [(2, 1)]


def test_scored_rows_can_be_asked_for_missing_scores() -> None:
    """Those of the first epoch are missing."""
    t = testing.read([ROWS], schema=Three, format="json")
    scored = t.linear_regression(t.y, t.x).predict_on(t)
    made = scored.select(
        a=scored.prediction.is_none(), b=sr.coalesce(scored.prediction, scored.x, 0.0)
    )
    assert ran(made) == [(True, 0.0), (True, 2.0)]
