"""Format: the names by which programs and job files choose one. A new format has its line here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias, cast, get_args

from streamreg._exceptions import ConfigurationError
from streamreg._formats.csv import Csv
from streamreg._formats.json import Json
from streamreg._formats.raw import Raw

if TYPE_CHECKING:
    from streamreg._formats.contract import Format
    from streamreg._types import SourceType

FormatName: TypeAlias = Literal["csv", "json", "raw"]

_FORMATS: Final[dict[str, type[Any]]] = {"csv": Csv, "json": Json, "raw": Raw}


def format_for(
    columns: Mapping[str, SourceType], name: FormatName | Format, **options: object
) -> Format:
    """The format of this name with these options, those that are not None; or the format itself.

    Raises:
        ConfigurationError: if there is none, it has no such option, or it cannot hold these columns.
    """
    given = {option: value for option, value in options.items() if value is not None}
    if isinstance(name, str) and name in _FORMATS:
        found = _named(name, given)
    elif callable(getattr(name, "decoder", None)):
        found = cast("Format", name)
        if given:
            raise ConfigurationError(f"{next(iter(given))}: give it to the format itself")
    else:
        choices = " or ".join(map(repr, get_args(FormatName)))
        raise ConfigurationError(f"format: expected {choices}, found {name!r}")
    found.check(columns)
    return found


def _named(name: str, options: Mapping[str, object]) -> Format:
    for option in options:
        if option not in _options(_FORMATS[name]):
            having = [f'"{other}"' for other in _FORMATS if option in _options(_FORMATS[other])]
            raise ConfigurationError(
                f"{option}: only format={' or '.join(having)} has one, not {name!r}"
            )
    found: Format = _FORMATS[name](**options)
    return found


def _options(kind: type[Any]) -> set[str]:
    return {field.name for field in fields(kind)}
