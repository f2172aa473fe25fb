"""Spark, on the driver: what its errors say to people: without where in Java it was."""

from __future__ import annotations

from typing import Final

_CALLING: Final = "An error occurred while calling"


def said(error: Exception) -> str:
    """The reason in an error's text; a first line of its own says what has failed."""
    text = str(error).partition("\n\tat ")[0].strip()
    head, _, rest = text.partition("\n")
    if head.startswith(_CALLING) and rest:
        text = rest.removeprefix(": ").strip()
    return text or type(error).__name__


def first_line(error: Exception) -> str:
    """The first line of it."""
    return said(error).partition("\n")[0]
