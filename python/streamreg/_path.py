"""Paths: what no file can be called is refused where a program gives it; how SQLite is told of a file."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import quote

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


def sqlite_uri(path: Path, how: str) -> str:
    """The URI by which SQLite opens a database; `how` is its parameter, such as "mode=ro".

    The bytes of the path are what counts: its name need not be UTF-8.
    """
    return f"file:{quote(os.fsencode(path.absolute()))}?{how}"
