"""Sink, SQLite: how names stand in its SQL, and which of them are the same."""

from __future__ import annotations

import string
from typing import Final

_SMALL: Final = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)


def quoted(name: str) -> str:
    """A name as SQL has it, whatever is in it."""
    return '"' + name.replace('"', '""') + '"'


def folded(name: str) -> str:
    """The same for all names that SQLite takes for one: those that differ in the case of ASCII's letters alone."""
    return name.translate(_SMALL)
