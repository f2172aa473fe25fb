"""Sink: a table of PostgreSQL. The epoch is written in the transaction of its changes, in a table beside it."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from typing import TYPE_CHECKING, Any, ClassVar, Final

import psycopg
from psycopg import RawCursor
from psycopg.conninfo import conninfo_to_dict

from streamreg._dataclass import dataclass
from streamreg._exceptions import OutputError
from streamreg._sinks.cells import cells_of
from streamreg._sinks.contract import Delivered
from streamreg._sinks.delivered import DeliveredSpec, foreign_rows, written_meanwhile
from streamreg._sinks.postgres_columns import PostgresColumns
from streamreg._sinks.postgres_errors import not_connected, raised
from streamreg._sinks.postgres_read_back import PostgresReadBack
from streamreg._sinks.standing import changes, standing_by_cells

if TYPE_CHECKING:
    from streamreg._sinks.contract import ColumnSpec, EpochChanges, Position, RunTerms

_DEFAULTS: Final[Mapping[str, Any]] = {
    "application_name": "streamreg",
    "connect_timeout": 4,
    # A connection that is dead is to be noticed.
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}

_SESSION: Final = (
    # Whoever holds the table is told of, and not waited for in silence.
    "SET lock_timeout = '1s'",
    "SET TimeZone = 'UTC'",
    "SET client_min_messages = error",
    # The server, too, is to notice that a connection is dead: it has the lock of its run.
    "SET tcp_keepalives_idle = 30",
    "SET tcp_keepalives_interval = 10",
    "SET tcp_keepalives_count = 3",
)

_LOCK_SECONDS: Final = 2.0
"""For how long the lock of a run that has just died is waited for: the server must notice."""

_PAUSE: Final = 0.05


@dataclass(frozen=True, kw_only=True)
class PostgresTable(DeliveredSpec):
    """A table of PostgreSQL."""

    connection: Mapping[str, Any] = field(repr=False)
    """The parameters of libpq."""

    table: str
    schema: str | None = None
    """None: the first of the search path."""

    kind: ClassVar[str] = "table"
    sink: ClassVar[str] = "postgres"
    call: ClassVar[str] = "io.postgres.write"

    @property
    def name(self) -> str:
        return f"table {self.table if self.schema is None else f'{self.schema}.{self.table}'}"

    @property
    def place(self) -> str:
        parts = (str(self.connection.get(part)) for part in ("host", "port", "dbname"))
        return f"{self.name} of {'/'.join(parts)}"

    def connect(
        self, columns: Sequence[ColumnSpec], terms: RunTerms, *, look: bool = False
    ) -> PostgresDestination:
        with contextlib.ExitStack() as stack:
            destination = PostgresDestination(self, columns)
            stack.callback(destination.close)
            destination.lock(look=look)
            destination.check()
            stack.pop_all()
        return destination

    def read_back(self, columns: Sequence[ColumnSpec], position: Position) -> PostgresReadBack:
        def connected() -> psycopg.Connection[Any]:
            return connection_of(self)

        table = PostgresColumns(self.schema, self.table, columns, self.mode, self.keys)
        return PostgresReadBack(self.name, connected, self.connection, table, position)


def connection_of(spec: PostgresTable) -> psycopg.Connection[Any]:
    """A connection with the settings of a session. Raises OutputError, AwayError."""
    try:
        connection: psycopg.Connection[Any] = psycopg.connect(
            autocommit=True, cursor_factory=RawCursor, **{**_DEFAULTS, **spec.connection}
        )
    except psycopg.Error as error:
        raise not_connected(error, spec.name, spec.connection) from error
    with _errors(spec):
        for statement in _SESSION:
            connection.execute(statement)
        return connection


class PostgresDestination:
    """A table, with a connection that has it locked against other runs."""

    def __init__(self, spec: PostgresTable, columns: Sequence[ColumnSpec]) -> None:
        """Connects."""
        self._spec = spec
        self._columns = PostgresColumns(spec.schema, spec.table, columns, spec.mode, spec.keys)
        self._connection = connection_of(spec)

    def lock(self, *, look: bool) -> None:
        """Locks the table for this run as long as the connection lasts; a look lets go at once."""
        until = time.monotonic() + _LOCK_SECONDS
        with _errors(self._spec):
            while not self._columns.lock(self._connection):
                if time.monotonic() >= until:
                    raise OutputError(
                        f"{self._spec.name}: another run uses it: stop that one first, or give this one a table of "
                        "its own"
                    )
                time.sleep(_PAUSE)
            if look:
                self._connection.execute("SELECT pg_advisory_unlock_all()")

    def check(self) -> None:
        """Raises OutputError if the table is there and does not fit, or holds rows of somebody else."""
        with _errors(self._spec):
            self._columns.check(self._connection, self._spec.name)
            if self.last() is None and self._columns.holds_rows(self._connection):
                raise foreign_rows(self._spec.name)

    def last(self) -> Delivered | None:
        with _errors(self._spec):
            return self._columns.last(self._connection)

    def begin(self, run: str) -> None:
        with _errors(self._spec), self._connection.transaction():
            self._columns.create(self._connection, run)

    def send_ahead(self, epochs: Sequence[EpochChanges]) -> None:
        """Nothing: a transaction of a database locks others out."""

    def deliver(self, epochs: Sequence[EpochChanges], before: Delivered) -> None:
        with _errors(self._spec), self._connection.transaction():
            if not self._columns.move_on(self._connection, before, epochs[-1].time):
                raise written_meanwhile(self._spec.name)
            self._write(epochs)

    def _write(self, epochs: Sequence[EpochChanges]) -> None:
        """The changes, within the transaction."""
        columns = self._columns
        if columns.changelog:
            columns.copy(self._connection, map(columns.change, changes(epochs)))
            return
        rows = standing_by_cells(epochs, columns.places)
        columns.delete(self._connection, list(rows))
        columns.copy(
            self._connection,
            (columns.row(cells_of(row)) for row in rows.values() if row is not None),
        )

    def close(self) -> None:
        self._connection.close()


@contextlib.contextmanager
def _errors(spec: PostgresTable) -> Iterator[None]:
    try:
        yield
    except psycopg.Error as error:
        raise raised(error, spec.name, spec.connection) from error


def parameters(given: str) -> dict[str, Any]:
    """The parameters of a connection string or URL, as libpq knows them. Raises ValueError if it is none."""
    try:
        return conninfo_to_dict(given)
    except psycopg.ProgrammingError as error:
        # What libpq quotes may be a part of a password, unless it is the name of a parameter.
        text = str(error).strip()
        named = f": {text}" if text.startswith("invalid connection option") else ""
        raise ValueError(f"expected a connection string of libpq, or a URL{named}") from None
