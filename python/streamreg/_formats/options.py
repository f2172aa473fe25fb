"""Format: options that several formats have."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args

from streamreg._exceptions import ConfigurationError

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Records: TypeAlias = Literal["one", "many"]
"""How many records a message holds."""


def check_records(given: object) -> None:
    """Raises ConfigurationError if it is no choice of `Records`."""
    if given not in get_args(Records):
        raise ConfigurationError(f"records: expected 'one' or 'many', found {given!r}")


def chosen(format: DataclassInstance, *names: str) -> dict[str, Any]:
    """These options of a format, where they are not the default: so a state of before there were any goes on."""
    defaults = {field.name: field.default for field in fields(format)}
    given = {name: getattr(format, name) for name in names}
    return {name: value for name, value in given.items() if value != defaults[name]}
