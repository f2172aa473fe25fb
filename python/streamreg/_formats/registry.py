"""Format: the names by which programs and job files choose one. A new format has its line here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias, cast

from streamreg._exceptions import ConfigurationError
from streamreg._formats.avro import Avro
from streamreg._formats.contract import Input, events_of
from streamreg._formats.csv import Csv
from streamreg._formats.debezium import Debezium
from streamreg._formats.json import Json
from streamreg._formats.protobuf import Protobuf
from streamreg._formats.raw import Raw
from streamreg._formats.registered import RegisteredFormat

if TYPE_CHECKING:
    from streamreg._formats.contract import Format
    from streamreg._formats.metadata import Metadata
    from streamreg._source.contract import Source
    from streamreg._types import SourceType

FormatName: TypeAlias = Literal["csv", "json", "raw", "debezium", "avro", "protobuf"]

_FORMATS: Final[dict[FormatName, type[Any]]] = {
    "csv": Csv,
    "json": Json,
    "raw": Raw,
    "debezium": Debezium,
    "avro": Avro,
    "protobuf": Protobuf,
}

OF_REGISTRY: Final[tuple[FormatName, ...]] = tuple(
    name for name, kind in _FORMATS.items() if issubclass(kind, RegisteredFormat)
)
"""Those that cannot be read without a Schema Registry."""

FORMATS: Final[tuple[FormatName, ...]] = tuple(_FORMATS)
"""The names that there are."""


def format_for(
    columns: Mapping[str, SourceType], name: FormatName | Format, **options: object
) -> Format:
    """The format of this name with these options, those that are not None; or the format itself.

    Raises:
        ConfigurationError: if there is none, it has no such option, or it cannot hold these columns.
    """
    given = {option: value for option, value in options.items() if value is not None}
    if isinstance(name, str) and name in _FORMATS:
        kind = _FORMATS[name]
        if issubclass(kind, RegisteredFormat) and "schema_registry" not in given:
            raise ConfigurationError(kind.needed())
        found = _named(name, given)
    elif callable(getattr(name, "decoder", None)):
        found = cast("Format", name)
        if given:
            raise ConfigurationError(f"{next(iter(given))}: give it to the format itself")
    else:
        choices = " or ".join(map(repr, FORMATS))
        raise ConfigurationError(f"format: expected {choices}, found {name!r}")
    found.check(columns)
    return found


def input_of(
    source: Source,
    schema: Mapping[str, SourceType],
    name: FormatName | Format,
    metadata: Mapping[str, str] | None,
    options: Mapping[str, object],
    *,
    upsert: bool | None = None,
) -> Input:
    """The rows of a source, of a format with these options, and of what its messages carry beside their values.

    Raises:
        ConfigurationError: as `format_for`; if a column cannot be such a part of a message; or if messages of this
            format cannot be upserts, or nothing else.
    """
    parts = _parts(metadata) if metadata else None
    columns = dict(schema) if parts is None else parts.columns(schema)
    unread = Input(source, Raw(), columns, parts)
    format = format_for(unread.fields, name, **options)
    return replace(unread, format=format, upsert=_upsert(format, upsert))


def _upsert(format: Format, given: object) -> bool:
    if given is not None and not isinstance(given, bool):
        raise ConfigurationError(f"upsert: expected True or False, found {given!r}")
    if events_of(format) is not None:
        if given is False:
            raise ConfigurationError(
                f"upsert: events of the format {format.name!r} replace and remove rows: leave it out, or set it to True"
            )
        return True
    if given and getattr(format, "records", "one") == "many":
        raise ConfigurationError(
            'upsert: the key of a message names one row, so that records="many" cannot go with it'
        )
    return bool(given)


def _parts(metadata: Mapping[str, str]) -> Metadata:
    # Late: it brings NumPy, which a program that only says what is to be run need not wait for.
    from streamreg._formats.metadata import Metadata

    return Metadata(dict(metadata))


def _named(name: str, options: Mapping[str, object]) -> Format:
    for option in options:
        if name not in having(option):
            choices = " or ".join(f'"{other}"' for other in having(option))
            raise ConfigurationError(f"{option}: only format={choices} has one, not {name!r}")
    found: Format = _FORMATS[cast("FormatName", name)](**options)
    return found


def having(option: str) -> tuple[FormatName, ...]:
    """The formats that have an option of this name."""
    return tuple(name for name, kind in _FORMATS.items() if option in _options(kind))


def holding(columns: Mapping[str, SourceType]) -> tuple[FormatName, ...]:
    """The formats whose messages can hold these columns."""
    return tuple(name for name in _FORMATS if _holds(_named(name, {}), columns))


def _holds(format: Format, columns: Mapping[str, SourceType]) -> bool:
    try:
        format.check(columns)
    except ConfigurationError:
        return False
    return True


def described(identity: Mapping[str, Any], like: Format | None = None) -> Format | None:
    """The format that has this identity, among other entries; None if it is a program's own.

    What no identity has, the settings of a Schema Registry, it has from `like`.

    Raises:
        ConfigurationError: if an option of it is none.
    """
    kind = _FORMATS.get(identity["format"])
    if kind is None:
        return None
    known = {each: identity[each] for each in _options(kind) if each in identity}
    settings = getattr(like, "schema_registry", None)
    if settings and (issubclass(kind, RegisteredFormat) or known.get("schema_registry")):
        known["schema_registry"] = settings
    found: Format = kind(**known)
    return found


def options(format: Format) -> dict[str, Any]:
    """The options of one of these formats, as its identity has them: those that it tells."""
    told = format.identity()
    return {option: told[option] for option in _options(type(format)) if option in told}


def _options(kind: type[Any]) -> set[str]:
    return {field.name for field in fields(kind)}
