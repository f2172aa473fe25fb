"""Format: options that several formats have."""

from __future__ import annotations

from collections.abc import Mapping
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


def check_paths(given: object) -> dict[str, str]:
    """Columns and JSON pointers; raises ConfigurationError if they are none."""
    if not isinstance(given, Mapping) or not all(
        isinstance(part, str) for pair in given.items() for part in pair
    ):
        raise ConfigurationError(
            f"json_field_paths: expected names of columns and JSON pointers, found {given!r}"
        )
    return dict(given)


def check_subject_name(given: object) -> None:
    """Raises ConfigurationError if it is no name of a registry's subject, nor None."""
    if given is not None and (not isinstance(given, str) or not given):
        raise ConfigurationError(f"subject: expected the name of a subject, found {given!r}")


def chosen(format: DataclassInstance, *names: str) -> dict[str, Any]:
    """These options of a format, where they are not the default: so a state of before there were any goes on."""
    defaults = {field.name: field.default for field in fields(format)}
    given = {name: getattr(format, name) for name in names}
    return {name: value for name, value in given.items() if value != defaults[name]}
