"""Sink, PostgreSQL: what its errors mean: the destination refuses for good, or is away."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import psycopg

from streamreg._exceptions import OutputError
from streamreg._secrets import scrub
from streamreg._sinks.contract import AwayError

_LATER: Final = (
    "08",  # the connection
    "40",  # a transaction that is to be made again
    "53300",  # too many connections
    "55P03",  # somebody holds the table
    "57P",  # the server stops or starts
)
"""What the codes of errors begin with that pass: https://www.postgresql.org/docs/current/errcodes-appendix.html."""

_STARTING: Final = ("the database system is", "too many clients", "remaining connection slots")


def raised(
    error: psycopg.Error, name: str, connection: Mapping[str, Any]
) -> OutputError | AwayError:
    """The error for people: one line without secrets."""
    parts = [
        error.diag.message_primary or str(error),
        error.diag.message_detail,
        error.diag.context,
    ]
    text = scrub(": ".join(" ".join(part.split()) for part in parts if part), connection)
    if _passes(error, text):
        return AwayError(text)
    return OutputError(f"{name}: {text}")


def _passes(error: psycopg.Error, text: str) -> bool:
    code = error.sqlstate
    if code is not None:
        return code.startswith(_LATER)
    if not isinstance(error, psycopg.OperationalError | psycopg.InterfaceError):
        return False
    # What a server that is there has refused.
    return "FATAL:" not in text or any(part in text for part in _STARTING)
