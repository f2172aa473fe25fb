"""Serve, query: the parameters of a request: those of the endpoint's own, and a value for each column that one names.

The name of a column is a parameter of itself. `column.` may stand before it, and must where the name alone would mean
something else; `missing.` says that its value is missing, which no text can.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final, NamedTuple

from starlette.requests import Request

from streamreg._serve.endpoint import refusal

COLUMN: Final = "column."
MISSING: Final = "missing."


class Query(NamedTuple):
    """What a request asks for."""

    own: Mapping[str, str]
    columns: Mapping[str, str | None]
    """By name; None where a missing value is meant."""


def query_of(request: Request, own: Collection[str]) -> Query:
    """The parameters of a request; `own` are the names of those that are no columns.

    Raises:
        HTTPException: 400 if one is given twice, in whatever way, or a missing value has one.
    """
    given: dict[str, str] = {}
    columns: dict[str, str | None] = {}
    for parameter, text in request.query_params.multi_items():
        if parameter in own:
            _once(parameter, given)
            given[parameter] = text
        elif parameter.startswith(MISSING):
            name = parameter.removeprefix(MISSING)
            _once(name, columns)
            if text:
                raise refusal(400, f"{parameter[:80]}: expected no value, found {text[:40]!r}")
            columns[name] = None
        else:
            name = parameter.removeprefix(COLUMN)
            _once(name, columns)
            columns[name] = text
    return Query(given, columns)


def own_of(request: Request, own: Collection[str]) -> Mapping[str, str]:
    """The parameters of a request that names no columns.

    Raises:
        HTTPException: 400 if one is given twice, or unknown.
    """
    found = query_of(request, own)
    for name in found.columns:
        known = ", ".join(own) or "none"
        raise refusal(400, f"there is no parameter {name[:80]!r}; there are: {known}")
    return found.own


def whole(given: Mapping[str, str], name: str, default: int, least: int, most: int) -> int:
    """A whole number among the parameters.

    Raises:
        HTTPException: 400 if it is none, or not in the range.
    """
    text = given.get(name)
    if text is None:
        return default
    number = int(text) if text.isascii() and text.isdecimal() and len(text) < 20 else -1
    if not least <= number <= most:
        raise refusal(400, f"{name}: expected {least} to {most}, found {text[:40]!r}")
    return number


def _once(name: str, given: Mapping[str, object]) -> None:
    if name in given:
        raise refusal(400, f"{name[:80]}: given twice")
