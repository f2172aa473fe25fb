"""State: shapes: checks of types and ranges in JSON. One takes a value, or says what is wrong with it, and where."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from streamreg._state.program_data import Json

Shape: TypeAlias = Callable[[Json], None]
"""Raises ShapeError if a value has another shape."""

_MOST_DEPTH: Final = 200
"""Levels of lists and objects: programs are flat, only constants that a function is given may be nested."""


class ShapeError(ValueError):
    """Something is not as a run writes it; the text names what and where."""


def check_depth(data: Json) -> None:
    """Raises ShapeError if something is nested so deeply that a recursion over it would run out of stack."""
    level = [data]
    for _ in range(_MOST_DEPTH):
        level = [
            inner
            for each in level
            if isinstance(each, dict | list)
            for inner in (each.values() if isinstance(each, dict) else each)
        ]
        if not level:
            return
    raise ShapeError("it is nested too deeply")


def anything(_: Json) -> None:
    """Takes any value."""


def text(value: Json) -> None:
    """Takes a text that can be written."""
    if not isinstance(value, str):
        raise ShapeError("no text")
    try:
        value.encode()
    except UnicodeEncodeError:  # JSON can write half a surrogate pair.
        raise ShapeError("no text") from None


def true_or_false(value: Json) -> None:
    """Takes a boolean."""
    if not isinstance(value, bool):
        raise ShapeError("neither true nor false")


def number(value: Json) -> None:
    """Takes a finite number."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 1e300:
        raise ShapeError("no number")


def integer(least: int, most: int) -> Shape:
    """Takes an integer of a range."""

    def check(value: Json) -> None:
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise ShapeError(f"no integer from {least} to {most}")

    return check


def one_of(*options: str) -> Shape:
    """Takes some texts."""

    def check(value: Json) -> None:
        if value not in options:
            raise ShapeError(f"none of {', '.join(options)}")

    return check


def optional(shape: Shape) -> Shape:
    """Takes null too."""

    def check(value: Json) -> None:
        if value is not None:
            shape(value)

    return check


def array(shape: Shape) -> Shape:
    """Takes a list of such values."""

    def check(value: Json) -> None:
        if not isinstance(value, list):
            raise ShapeError("no list")
        for at, each in enumerate(value):
            within(str(at), shape, each)

    return check


def fixed(*shapes: Shape) -> Shape:
    """Takes a list with a value of each shape."""

    def check(value: Json) -> None:
        if not isinstance(value, list) or len(value) != len(shapes):
            raise ShapeError(f"no list of {len(shapes)}")
        for at, (shape, each) in enumerate(zip(shapes, value, strict=True)):
            within(str(at), shape, each)

    return check


def table(shape: Shape, key: Shape = text) -> Shape:
    """Takes an object with any names of a shape, and values of another."""

    def check(value: Json) -> None:
        if not isinstance(value, dict):
            raise ShapeError("no object")
        for name, each in value.items():
            within(name, key, name)
            within(name, shape, each)

    return check


def record(shapes: Mapping[str, Shape]) -> Shape:
    """Takes an object with these names at least."""

    def check(value: Json) -> None:
        if not isinstance(value, dict):
            raise ShapeError("no object")
        for name, shape in shapes.items():
            if name not in value:
                raise ShapeError(f"{name} is missing")
            within(name, shape, value[name])

    return check


def only(shapes: Mapping[str, Shape]) -> Shape:
    """Takes an object with these names, and no others."""

    def check(value: Json) -> None:
        record(shapes)(value)
        if others := value.keys() - shapes.keys():
            raise ShapeError(f"{min(others)} is unknown")

    return check


def within(where: str, shape: Shape, value: Json) -> None:
    """Checks a value; the error says where it is."""
    try:
        shape(value)
    except ShapeError as error:
        raise ShapeError(f"{where}: {error}") from None
