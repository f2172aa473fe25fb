"""Evaluate: constants that a function is given, and what tells them apart."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Hashable

PLAIN: Final = frozenset([type(None), bool, int, float, str, bytes, Decimal])
_TOLD: Final = frozenset([complex, Fraction, date, datetime, time, timedelta, range])


def text_of(value: object) -> str | None:
    """A text that says all of a value and that no other of its type has; None for types that have no such text."""
    kind, zone = type(value), getattr(value, "tzinfo", None)
    if kind in PLAIN or (kind in _TOLD and (zone is None or type(zone) is timezone)):
        return repr(value)
    return None


def meaning(value: Any) -> Hashable:  # noqa: ANN401 - whatever a function may be given
    """Equal for two constants that nobody can tell apart: 1, 1.0 and True differ, and so do 0.0 and -0.0.

    Objects of other types than Python's own are the same if they are one object: their equality may mean anything.
    """
    kind = type(value)
    text = text_of(value)
    if text is not None:
        return kind, text
    if kind in (list, tuple):
        return kind, tuple(map(meaning, value))
    if kind in (set, frozenset):
        return kind, frozenset(map(meaning, value))
    if kind is dict:
        return kind, tuple((meaning(key), meaning(held)) for key, held in value.items())
    return kind, id(value)
