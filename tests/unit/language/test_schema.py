"""Schemas: which columns a class describes, and which classes describe none."""

from __future__ import annotations

import decimal
import fractions

import pytest

import streamreg as sr
from streamreg._language.schema import schema_columns

Number = float


def test_annotations_written_as_text_are_columns_in_order() -> None:
    """This module postpones its annotations, so all of them are strings here."""

    class All(sr.Schema):
        f: float
        i: int
        b: bool
        s: str
        raw: bytes
        alias: Number

    assert list(schema_columns(All).items()) == [
        ("f", "float"),
        ("i", "int"),
        ("b", "bool"),
        ("s", "str"),
        ("raw", "bytes"),
        ("alias", "float"),
    ]


def test_columns_are_inherited_and_come_first() -> None:
    """A subclass adds its columns behind those of its bases, and may give one another type."""

    class Base(sr.Schema):
        key: str
        x: float

    class Derived(Base):
        y: int
        x: int

    assert dict(schema_columns(Derived)) == {"key": "str", "x": "int", "y": "int"}
    assert dict(schema_columns(Base)) == {"key": "str", "x": "float"}


def test_a_schema_can_be_made_without_a_class_statement() -> None:
    """A job file names its columns in data."""
    made = type("JobSchema", (sr.Schema,), {"__annotations__": {"x": float, "class": "int"}})
    assert dict(schema_columns(made)) == {"x": "float", "class": "int"}


@pytest.mark.parametrize(
    "annotation", [decimal.Decimal, "Decimal", "decimal.Decimal"], ids=["class", "name", "path"]
)
def test_decimals_are_a_type(annotation: object) -> None:
    """The class of the standard library, by itself or by name."""
    made = type(
        "Prices", (sr.Schema,), {"__annotations__": {"x": annotation}, "__module__": __name__}
    )
    assert dict(schema_columns(made)) == {"x": "decimal"}


@pytest.mark.parametrize(
    "annotation", [fractions.Fraction, float | None, list[int], "float | None", "NoSuchName", 3]
)
def test_other_types_are_refused_by_name(annotation: object) -> None:
    """The message names the column and the types there are."""
    with pytest.raises(
        sr.ProgramError, match=r"Bad\.price: .*float, int, Decimal, bool, str, bytes"
    ):
        type("Bad", (sr.Schema,), {"__annotations__": {"x": float, "price": annotation}})


def test_a_name_must_be_text_that_can_be_written() -> None:
    """Half of a surrogate pair, which Python lets stand in a name, is in no file: the column is named."""
    with pytest.raises(sr.ProgramError, match=r"column 'x\\ud800' holds half of a surrogate pair"):
        type("Bad", (sr.Schema,), {"__annotations__": {"x\ud800": float}})


def test_a_schema_without_columns_is_refused() -> None:
    """It would describe no message."""
    with pytest.raises(sr.ProgramError, match="Empty: a schema needs a column"):
        type("Empty", (sr.Schema,), {})


@pytest.mark.parametrize("body", [{"x": float}, {"__annotations__": {"x": float}, "x": 1.0}])
def test_a_value_in_place_of_a_type_is_refused(body: dict[str, object]) -> None:
    """`x = float` and `x: float = 1.0` look like columns, and are none."""
    with pytest.raises(sr.ProgramError, match=r"Slip\.x: .*write `x: <type>`"):
        type("Slip", (sr.Schema,), body)


@pytest.mark.parametrize("thing", [sr.Schema, int, {"x": float}])
def test_what_is_no_schema_is_refused(thing: object) -> None:
    """Whoever is handed something else in place of a schema gets this error."""
    with pytest.raises(sr.ProgramError, match="is no schema"):
        schema_columns(thing)  # type: ignore[arg-type]  # that is the point
