"""Spark, on the driver: what its errors say to people: without where in Java it was."""

from __future__ import annotations

from typing import Final

from streamreg._exceptions import WorkerError

_CALLING: Final = "An error occurred while calling"


def said(error: Exception) -> str:
    """The reason in an error's text; a first line of its own says what has failed."""
    text = str(error).partition("\n\tat ")[0].strip()
    head, _, rest = text.partition("\n")
    if head.startswith(_CALLING) and rest:
        text = rest.removeprefix(": ").strip()
    return text or type(error).__name__


def ended(name: str, why: str) -> WorkerError:
    """What a run ends with when Spark of this name has ended under it."""
    return WorkerError(
        f"{name} has ended ({why}): what was merged is in the state, from which a new run goes on"
    )


def first_line(error: Exception) -> str:
    """The first line of it."""
    return said(error).partition("\n")[0]
