"""Sink, PostgreSQL: what its errors mean: the destination refuses for good, or is away."""

from __future__ import annotations

import errno
import os
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

_SERVER_LATER: Final = (
    "the database system is",
    "too many clients",
    "too many connections",
    "remaining connection slots",
    "terminating connection due to administrator command",
)
"""What a server says that lets nobody in for now."""

_NETWORK_LATER: Final = (
    *map(
        os.strerror,
        (
            errno.ECONNREFUSED,
            errno.ECONNRESET,
            errno.ECONNABORTED,
            errno.EPIPE,
            errno.ETIMEDOUT,
            errno.EHOSTUNREACH,
            errno.EHOSTDOWN,
            errno.ENETUNREACH,
            errno.ENETDOWN,
            errno.EADDRNOTAVAIL,
            errno.EMFILE,
            errno.ENFILE,
            errno.ENOBUFS,
        ),
    ),
    "timeout expired",
    "server closed the connection unexpectedly",
    "SSL connection has been closed unexpectedly",
    "EOF detected",
    "unexpected eof",
    "could not fork new process",
    # A container that is stopped may lose its name until it is back.
    "failed to resolve host",
    "could not translate host name",
    # The file of a socket goes with its server.
    f"failed: {os.strerror(errno.ENOENT)}",
    # Another server of the cluster is to become what target_session_attrs asks for.
    "session is",
    "hot standby mode",
)
"""What is told of a server that is not there, or not there in time."""

_SEVERAL: Final = "All failures were:\n"
"""What psycopg puts before the failures at the addresses of a server, or of several."""


def raised(
    error: psycopg.Error, name: str, connection: Mapping[str, Any]
) -> OutputError | AwayError:
    """An error of an open connection, for people: one line without secrets."""
    text = _line(error, connection)
    code = error.sqlstate
    if code is not None:
        passes = code.startswith(_LATER)
    else:
        passes = isinstance(error, psycopg.OperationalError | psycopg.InterfaceError)
    return AwayError(text) if passes else OutputError(f"{name}: {text}")


def not_connected(
    error: psycopg.Error, name: str, connection: Mapping[str, Any]
) -> OutputError | AwayError:
    """Why there is no connection, for people: one line without secrets.

    libpq gives no code for it. What is not known to pass is taken for a refusal: an option, a password or a
    certificate would be waited for in vain.
    """
    text = _line(error, connection)
    if all(map(_passes, _failures(error).split("\n- host: "))):
        return AwayError(text)
    if error.pgconn is not None and error.pgconn.needs_password and "FATAL:" not in text:
        text += ": give it in the connection string, PGPASSFILE or PGPASSWORD"
    return OutputError(f"{name}: {text}")


def _failures(error: psycopg.Error) -> str:
    return str(error).rpartition(_SEVERAL)[2]


def _passes(failure: str) -> bool:
    """Whether the failure at an address passes."""
    refusals = failure.split("FATAL:")[1:]
    if refusals:
        return all(any(part in said for part in _SERVER_LATER) for said in refusals)
    return any(part in failure for part in _NETWORK_LATER)


def _line(error: psycopg.Error, connection: Mapping[str, Any]) -> str:
    parts = [
        error.diag.message_primary or _failures(error),
        error.diag.message_detail,
        error.diag.context,
    ]
    return scrub(": ".join(" ".join(part.split()) for part in parts if part), connection)
