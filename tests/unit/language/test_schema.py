"""Schemas: which columns a class describes, and which classes describe none."""

from __future__ import annotations

import datetime
import decimal
import fractions
from zoneinfo import ZoneInfo

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


@pytest.mark.parametrize("word", ["datetime", "timedelta"])
def test_times_are_types(word: str) -> None:
    """Those of the standard library, by the class or by its name, with the module before it or without."""
    for annotation in (getattr(datetime, word), word, f"datetime.{word}"):
        annotations = {"__annotations__": {"x": annotation}, "__module__": __name__}
        assert dict(schema_columns(type("Times", (sr.Schema,), annotations))) == {"x": word}


def test_options_of_a_column() -> None:
    """How times are written stands in the type that a format and a state see."""

    class Times(sr.Schema):
        shown: datetime.datetime = sr.column(tz="Europe/Berlin")
        local: datetime.datetime = sr.column(tz=ZoneInfo("America/New_York"))
        sent: datetime.datetime = sr.column(unit="µs")
        gap: datetime.timedelta = sr.column(unit="ns")
        plain: datetime.datetime

    assert dict(schema_columns(Times)) == {
        "shown": "datetime tz=Europe/Berlin",
        "local": "datetime tz=America/New_York",
        "sent": "datetime unit=µs",
        "gap": "timedelta unit=ns",
        "plain": "datetime",
    }


@pytest.mark.parametrize(
    ("annotation", "options", "message"),
    [
        (datetime.datetime, {"tz": "Europe/Atlantis"}, 'no time zone "Europe/Atlantis"'),
        (datetime.datetime, {"unit": "m"}, 'no unit "m": there are s, ms, us'),
        (datetime.timedelta, {"tz": "UTC"}, "only datetime columns have tz=, not timedelta"),
        (float, {"unit": "s"}, "only datetime and timedelta columns have unit=, not float"),
    ],
)
def test_options_that_a_type_does_not_have(
    annotation: object, options: dict[str, str], message: str
) -> None:
    """The error names the column and what there is none of."""
    body = {"__annotations__": {"x": annotation}, "x": sr.column(**options)}  # type: ignore[arg-type]  # the mistakes
    with pytest.raises(sr.ProgramError, match=rf"Bad\.x: .*{message}"):
        type("Bad", (sr.Schema,), body)


@pytest.mark.parametrize("options", [{}, {"tz": "UTC", "unit": "s"}, {"tz": 3}, {"unit": b"s"}])
def test_a_column_takes_one_option(options: dict[str, object]) -> None:
    """Neither none nor two, and as text."""
    with pytest.raises(sr.ProgramError, match=r"column: .*(one of the two|is text)"):
        sr.column(**options)  # type: ignore[arg-type]  # the mistakes


@pytest.mark.parametrize(
    "annotation", [fractions.Fraction, float | int, list[int], "float | int", "NoSuchName", 3]
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
