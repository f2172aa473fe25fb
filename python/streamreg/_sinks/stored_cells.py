"""Sink: cells as values of formats that have types of their own, but no durations; and such values as rows again."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from streamreg._sinks.cells import unquoted, value_of

if TYPE_CHECKING:
    from streamreg._types import DType


def to_stored(dtype: DType) -> Callable[[bytes], object]:
    """What makes a value of a cell of a column of this type; None of an empty one."""

    def text(cell: bytes) -> str | None:
        return unquoted(cell).decode() if cell else None

    if dtype in ("str", "any", "timedelta"):
        return text
    return lambda cell: value_of(cell, dtype)


def from_stored(dtype: DType) -> Callable[[Any], object]:
    """What such a value stands for."""
    if dtype == "decimal":
        return _shortest
    if dtype == "timedelta":
        return lambda text: text if text is None else value_of(text.encode(), "timedelta")
    return lambda value: value


def _shortest(number: Decimal | None) -> Decimal | None:
    """Without the zeros that a scale has added."""
    if number is None:
        return None
    text = f"{number:f}"
    return Decimal(text.rstrip("0").rstrip(".") if "." in text else text)
