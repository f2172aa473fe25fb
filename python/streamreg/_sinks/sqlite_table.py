"""Sink: a table of an SQLite database. The epoch is written in the transaction of its changes, in a table beside it."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final
from urllib.parse import quote

from streamreg._dataclass import dataclass
from streamreg._exceptions import OutputError
from streamreg._file_lock import lock
from streamreg._os_error import MAKE_ROOM
from streamreg._path import sqlite_uri
from streamreg._sinks.cells import cells_of
from streamreg._sinks.contract import AwayError, Delivered
from streamreg._sinks.delivered import DeliveredSpec, foreign_rows, written_meanwhile
from streamreg._sinks.file_place import kind_of, place_of, refuse_state
from streamreg._sinks.output_file import output_errors
from streamreg._sinks.sqlite_columns import SqliteColumns
from streamreg._sinks.sqlite_names import folded
from streamreg._sinks.sqlite_read_back import SqliteReadBack
from streamreg._sinks.standing import changes, standing_by_cells
from streamreg._sinks.table_columns import EPOCHS

if TYPE_CHECKING:
    from streamreg._sinks.contract import ColumnSpec, EpochChanges, Position, RunTerms

_BUSY_SECONDS: Final = 1.0
"""How long another program may write to the database before this is told of."""

_EPOCHS: Final = (
    f"CREATE TABLE IF NOT EXISTS {EPOCHS} "
    "(output TEXT PRIMARY KEY, run TEXT NOT NULL, time INTEGER NOT NULL)"
)


@dataclass(frozen=True, kw_only=True)
class SqliteTable(DeliveredSpec):
    """A table of an SQLite database."""

    path: str
    table: str

    kind: ClassVar[str] = "table"
    sink: ClassVar[str] = "sqlite"
    call: ClassVar[str] = "io.sqlite.write"

    @property
    def name(self) -> str:
        return f"{self.path}:{self.table}"

    def files(self) -> Sequence[Path]:
        return (Path(self.path),)

    @property
    def place(self) -> str:
        return f"{place_of(Path(self.path))} table {folded(self.table)}"

    def connect(
        self, columns: Sequence[ColumnSpec], terms: RunTerms, *, look: bool = False
    ) -> SqliteDestination:
        path = Path(self.path)
        if terms.state is not None:
            refuse_state(path, terms.state)
        kind = kind_of(path)
        if kind == "stream":
            raise OutputError(f"{path} is a pipe or a device: a database is a plain file")
        with contextlib.ExitStack() as stack:
            held = _locked(path, self.table, self.name, look=look)
            if held is not None:
                stack.callback(os.close, held)
            destination = SqliteDestination(self, columns, durable=terms.durable, locked=held)
            stack.callback(destination.disconnect)
            if kind == "plain":
                destination.open(look=look)
                destination.check()
            elif not os.access(path.absolute().parent, os.W_OK):
                raise OutputError(f"{path}: Permission denied")
            stack.pop_all()
        return destination

    def read_back(self, columns: Sequence[ColumnSpec], position: Position) -> SqliteReadBack:
        table = SqliteColumns(self.table, columns, self.mode, self.keys)
        return SqliteReadBack(Path(self.path), self.table, table, position)


class SqliteDestination:
    """A table of a database that is open, unless it is not there yet; locked against other runs."""

    def __init__(
        self,
        spec: SqliteTable,
        columns: Sequence[ColumnSpec],
        *,
        durable: bool,
        locked: int | None,
    ) -> None:
        """`locked` is the file that says who has the table; it belongs to this object."""
        self._spec = spec
        self._path = Path(spec.path)
        self._columns = SqliteColumns(spec.table, columns, spec.mode, spec.keys)
        self._durable = durable
        self._locked = locked
        self._database: sqlite3.Connection | None = None
        self._place: str | None = None

    def open(self, *, look: bool = False) -> None:
        """Opens the database, and makes it if it is not there and this is no mere look."""
        with self._errors():
            # Like a file that is written, one that only root can write is refused early.
            if look and not os.access(self._path, os.W_OK):
                raise OutputError(f"{self._path}: Permission denied")
            database = sqlite3.connect(
                sqlite_uri(self._path, "mode=ro" if look else "mode=rwc"),
                uri=True,
                timeout=_BUSY_SECONDS,
                isolation_level=None,
            )
            self._database = database
            if not look:
                # Readers go on while this writes, and see the last epoch.
                database.execute("PRAGMA journal_mode = WAL").fetchone()
                database.execute(f"PRAGMA synchronous = {'FULL' if self._durable else 'NORMAL'}")
            self._place = place_of(self._path)

    def check(self) -> None:
        """Raises OutputError if the table is there and does not fit, or holds rows of somebody else."""
        with self._errors() as database:
            self._columns.check(database, self._spec.name)
            if self.last() is None and self._columns.holds_rows(database):
                raise foreign_rows(self._spec.name)

    def last(self) -> Delivered | None:
        if self._database is None:
            return None
        with self._errors() as database:
            if not database.execute(
                "SELECT 1 FROM sqlite_master WHERE name = ? AND type = 'table'", (EPOCHS,)
            ).fetchone():
                return None
            found = database.execute(
                f"SELECT run, time FROM {EPOCHS} WHERE output = ?", (folded(self._spec.table),)
            ).fetchone()
            if found is not None and not self._columns.there(database):
                return None  # Somebody has dropped the table.
            return None if found is None else Delivered(*found)

    def begin(self, run: str) -> None:
        if self._database is None:
            self.open()
            self.check()
        with self._transaction() as database:
            self._columns.create(database)
            database.execute(_EPOCHS)
            database.execute(
                f"INSERT OR REPLACE INTO {EPOCHS} VALUES (?, ?, -1)",
                (folded(self._spec.table), run),
            )

    def send_ahead(self, epochs: Sequence[EpochChanges]) -> None:
        """Nothing: a transaction of a database locks others out."""

    def deliver(self, epochs: Sequence[EpochChanges], before: Delivered) -> None:
        self._refuse_another_file()
        with self._transaction() as database:
            moved = database.execute(
                f"UPDATE {EPOCHS} SET time = ? WHERE output = ? AND run = ? AND time = ?",
                (epochs[-1].time, folded(self._spec.table), *before),
            ).rowcount
            if moved != 1:
                raise written_meanwhile(self._spec.name)
            self._write(database, epochs)

    def _write(self, database: sqlite3.Connection, epochs: Sequence[EpochChanges]) -> None:
        """The changes, within the transaction."""
        columns = self._columns
        if columns.changelog:
            database.executemany(columns.insert, map(columns.change, changes(epochs)))
            return
        rows = standing_by_cells(epochs, columns.places)
        database.executemany(columns.delete, map(columns.key, rows))
        database.executemany(
            columns.insert, (columns.row(cells_of(row)) for row in rows.values() if row is not None)
        )

    def disconnect(self) -> None:
        """Closes the database."""
        if self._database is not None:
            self._database.close()
            self._database = None

    def close(self) -> None:
        self.disconnect()
        if self._locked is not None:
            os.close(self._locked)
            self._locked = None

    def _refuse_another_file(self) -> None:
        if place_of(self._path) != self._place:
            raise OutputError(
                f"{self._path} was moved, deleted or replaced while this run had it: nothing more was written to it. "
                "Put it back, and a run with a state goes on"
            )

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._errors() as database:
            database.execute("BEGIN IMMEDIATE")
            try:
                yield database
            except BaseException:
                # Some errors, such as that of a full disk, have ended it.
                if database.in_transaction:
                    database.execute("ROLLBACK")
                raise
            database.execute("COMMIT")

    @contextlib.contextmanager
    def _errors(self) -> Iterator[sqlite3.Connection]:
        with errors(self._spec.name):
            yield self._database  # type: ignore[misc]  # None only while `open` sets it


def _locked(path: Path, table: str, name: str, *, look: bool) -> int | None:
    """Locks the table for this run: by a file of its own, since SQLite lets go of locks on its own files.

    Nothing is locked by a look at a table that no run has had.
    """
    place = path.with_name(f"{path.name}-{quote(folded(table), safe='')}.lock")
    with output_errors(path):
        try:
            descriptor = os.open(
                place, os.O_RDWR | os.O_CLOEXEC | (0 if look else os.O_CREAT), 0o666
            )
        except FileNotFoundError:
            if look:
                return None
            raise
        try:
            lock(descriptor, name, OutputError, shared=look)
        except BaseException:
            os.close(descriptor)
            raise
        return descriptor


_LATER: Final = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


@contextlib.contextmanager
def errors(name: str) -> Iterator[None]:
    """What SQLite says as OutputError, or as AwayError where it may take the same later."""
    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
        if code in _LATER:
            raise AwayError(f"another program writes to the database ({error})") from error
        if code == sqlite3.SQLITE_NOTADB:
            raise OutputError(
                f"{name}: the file is no SQLite database: write to another one"
            ) from error
        full = " (is the disk full?)" if code == sqlite3.SQLITE_IOERR else ""
        if code in (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL):
            full += f": {MAKE_ROOM}"
        raise OutputError(f"{name}: {error}{full}") from error
