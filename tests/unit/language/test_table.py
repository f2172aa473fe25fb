"""Tables: columns by name, rows that belong together, and `sr.this`."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from typing import Any

import pytest

import streamreg as sr

TableOf = Callable[..., sr.Table]
Computed = Callable[..., Any]  # of the fixture `computed`; gives a `Batch`


def test_columns_by_attribute_and_item(table_of: TableOf) -> None:
    """Both ways give the same column; names, membership and unpacking follow the order."""
    t = table_of(x=float, y=int)
    assert t.x is t["x"]
    assert (t.x.name, t.x.dtype, t.y.dtype) == ("x", "float", "int")
    assert t.keys() == ["x", "y"]
    assert [column.name for column in t] == ["x", "y"]
    assert dict(**t).keys() == {"x", "y"}
    assert "x" in t
    assert "z" not in t
    assert {"x", "y"} <= set(dir(t))
    assert repr(t) == "<Table (x: float, y: int)>"


def test_an_unknown_column_names_the_nearest_one(table_of: TableOf) -> None:
    """The error lists what there is, and is an AttributeError for those who ask politely."""
    t = table_of(price=float, size=int)
    with pytest.raises(
        sr.ProgramError, match=r"no column 'pice': did you mean price.* price, size"
    ):
        _ = t.pice
    with pytest.raises(sr.UnknownColumnError, match="no column 'zzz': it has price, size"):
        t["zzz"]
    with pytest.raises(sr.UnknownColumnError, match="pice"):
        t.select(sr.this.pice)
    assert not hasattr(t, "pice")


def test_a_name_must_be_text_that_can_be_written(table_of: TableOf) -> None:
    """Half of a surrogate pair is in no file: whatever gives the column its name says so, and names it."""
    t = table_of(x=float)
    made: list[tuple[Callable[..., sr.Table], sr.Expression]] = [
        (t.select, t.x),
        (t.reduce, sr.reducers.max(t.x)),
    ]
    for make, column in made:
        with pytest.raises(
            sr.ProgramError, match=r"column '\\udc80' holds half of a surrogate pair"
        ):
            make(**{"\udc80": column})


def test_a_column_named_like_a_method_is_reached_by_item(
    table_of: TableOf, computed: Computed
) -> None:
    """The attribute stays the method; `this` knows its own few methods only."""
    t = table_of(filter=float, select=int, _columns=float, without=float)
    assert callable(t.filter)
    table = t.filter(t["filter"] > 0).select(
        sr.this.select, a=t["filter"], b=t["_columns"], c=sr.this["without"]
    )
    got = computed(
        table, filter=[1.0, -1.0], select=[1, 2], _columns=[3.0, 4.0], without=[5.0, 6.0]
    )
    assert got.columns == {"select": [1], "a": [1.0], "b": [3.0], "c": [5.0]}


def test_select_takes_columns_expressions_and_constants(
    table_of: TableOf, computed: Computed
) -> None:
    """Positional columns keep their names; keywords name new ones, constants are repeated."""
    t = table_of(x=float, s=str)
    table = t.select(*sr.this, sr.this["s"], double=sr.this.x * 2, one=1, word="w", yes=True)
    got = computed(table, x=[1.0, 2.0], s=["a", "b"])
    assert got.columns == {
        "x": [1.0, 2.0],
        "s": ["a", "b"],
        "double": [2.0, 4.0],
        "one": [1, 1],
        "word": ["w", "w"],
        "yes": [True, True],
    }
    assert t.select(*t).keys() == t.select(*sr.this).keys() == t.select(t.x, sr.this.s).keys()
    assert t.select(*sr.this.without("x"), x=t.x + 1).keys() == ["s", "x"]


def test_select_refuses_what_has_no_name_or_two_meanings(table_of: TableOf) -> None:
    """A name is given once, and an expression has one."""
    t = table_of(x=float, y=float)
    with pytest.raises(sr.ProgramError, match=r"x \* y has no name: write name="):
        t.select(t.x * t.y)
    with pytest.raises(sr.ProgramError, match=r"x is given twice.*without"):
        t.select(*sr.this, x=t.y)
    with pytest.raises(sr.ProgramError, match="z = None is neither"):
        t.select(z=None)  # type: ignore[arg-type]  # the mistake
    with pytest.raises(sr.ProgramError, match="needs a column"):
        t.select()
    with pytest.raises(sr.ProgramError, match="no column 'z'"):
        t.select(*sr.this.without("z"))
    with pytest.raises(sr.ProgramError, match=r"\*\*sr.this"):
        sr.apply(max, **sr.this)
    with pytest.raises(sr.ProgramError, match=r"sum\(x\) can only stand in table.reduce"):
        t.select(z=sr.reducers.sum(t.x))


def test_without_drops_columns(table_of: TableOf) -> None:
    """By name, by column or by `this`; never all of them, and no unknown one."""
    t = table_of(x=float, y=float, z=float)
    assert t.without("x", t.y).keys() == ["z"]
    assert t.without(sr.this.z).keys() == ["x", "y"]
    with pytest.raises(sr.UnknownColumnError):
        t.without("w")
    with pytest.raises(sr.ProgramError, match="needs a column"):
        t.without(*t)


def test_filter_keeps_rows_and_columns_above_stay_usable(
    table_of: TableOf, computed: Computed
) -> None:
    """Filters can be stacked, and columns of the tables above follow into the filtered rows."""
    t = table_of(x=float, n=int, s=str)
    doubled = t.select(double=t.x * 2)
    positive = t.filter(t.x > 0)
    small = positive.filter(sr.this.n < 3)
    table = small.select(small.x, t.s, double=doubled.double, mixed=positive.x + t.n + small.n)
    got = computed(
        table, x=[1.0, -1.0, 2.0, float("nan"), 3.0], n=[1, 2, 3, 0, 2], s=["a", "b", "c", "d", "e"]
    )
    assert got.columns == {
        "x": [1.0, 3.0],
        "s": ["a", "e"],
        "double": [2.0, 6.0],
        "mixed": [3.0, 7.0],
    }
    none = computed(t.filter(t.x > 9), x=[1.0], n=[1], s=["a"])
    assert none.columns == {"x": [], "n": [], "s": []}


def test_filter_wants_a_condition(table_of: TableOf) -> None:
    """A number is no condition."""
    t = table_of(x=float)
    with pytest.raises(sr.ProgramError, match="filter takes booleans, but x is float"):
        t.filter(t.x)
    with pytest.raises(sr.ProgramError, match="what f returns is not known"):
        t.filter(sr.apply(f, t.x))


def f(x):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201 - as users write it
    return x > 0


def test_rows_that_do_not_belong_together_are_refused(table_of: TableOf) -> None:
    """Columns of another topic, of another filter, or of filtered rows in a wider table."""
    t, other = table_of(x=float, y=float), table_of(z=float)
    positive, negative = t.filter(t.x > 0), t.filter(t.x < 0)
    with pytest.raises(sr.ProgramError, match="x and z are not of the same rows"):
        t.x + other.z
    with pytest.raises(sr.ProgramError, match="where x > 0"):
        t.select(z=positive.x)
    with pytest.raises(sr.ProgramError, match="not of the same rows"):
        positive.x + negative.x
    with pytest.raises(sr.ProgramError, match=r"\+ sets columns of the same rows"):
        _ = t + positive
    with pytest.raises(sr.ProgramError, match="not of these rows"):
        t.reduce(s=sr.reducers.sum(other.z))
    with pytest.raises(sr.ProgramError, match="not of these rows"):
        positive.linear_regression(negative.y, negative.x)


def test_tables_side_by_side(table_of: TableOf, computed: Computed) -> None:
    """`+` joins the columns of the same rows; the same column twice is one, another is refused."""
    t = table_of(x=float)
    before = t
    t += t.select(y=t.x + 1)
    assert (before.keys(), t.keys()) == (["x"], ["x", "y"])
    assert (t + before).keys() == ["x", "y"]
    assert computed(t, x=[1.0]).columns == {"x": [1.0], "y": [2.0]}
    with pytest.raises(sr.ProgramError, match="x is given twice"):
        _ = t + t.select(x=t.x * 2)
    with pytest.raises(TypeError, match="unsupported operand"):
        _ = t + 1  # type: ignore[operator]  # the mistake


def test_tables_can_be_copied_and_pickled(table_of: TableOf) -> None:
    """Looking for special methods must not be taken for looking for columns."""
    t = table_of(x=float)
    assert copy.copy(t).x is t.x
    assert copy.copy(sr.this) is not None
    with pytest.raises(AttributeError):
        _ = t.__wrapped__
    assert isinstance(pickle.dumps(t.x.name), bytes)
