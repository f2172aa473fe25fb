"""Paths that a program gives: what no file can be called is refused where it is given."""

from __future__ import annotations

import os

from streamreg._exceptions import ConfigurationError
from streamreg._types import encodable


def checked_path(given: object, option: str, what: str) -> str:
    """A path as text; `what` says of what it is one.

    Raises:
        ConfigurationError: naming the option, if it is none.
    """
    if not isinstance(given, str | os.PathLike) or not isinstance(name := os.fspath(given), str):
        raise ConfigurationError(f"{option}: expected {what}, found {given!r}")
    if not name:
        raise ConfigurationError(f"{option}: expected {what}, found an empty one")
    if "\0" in name or not encodable(name):
        raise ConfigurationError(
            f"{option}: expected {what}, found {name!r}: nothing can be called that"
        )
    return name
