"""Sink: a Delta Lake table. A delivery is one commit, with the transaction identifier of the format: run and epoch.

The protocol keeps for each application the version of its last transaction
(https://github.com/delta-io/delta/blob/master/PROTOCOL.md#transaction-identifiers): here the name of the run, and the
time of its last epoch. Which run that is says a property of the table. A commit is never tried again on top of another
one: whoever comes second looks first what the table holds by then.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final

from deltalake import CommitProperties, DeltaTable, Transaction, write_deltalake

from streamreg._dataclass import dataclass
from streamreg._exceptions import OutputError
from streamreg._file_lock import lock
from streamreg._sinks.cells import cells_of
from streamreg._sinks.contract import Delivered
from streamreg._sinks.delivered import DeliveredSpec, foreign_rows, written_meanwhile
from streamreg._sinks.delta_columns import GONE, DeltaColumns
from streamreg._sinks.delta_errors import errors
from streamreg._sinks.delta_read_back import DeltaReadBack
from streamreg._sinks.file_place import is_url, place_of, refuse_state
from streamreg._sinks.gathering import Gathering
from streamreg._sinks.output_file import output_errors
from streamreg._sinks.standing import changes, standing_by_cells

if TYPE_CHECKING:
    import pyarrow as pa

    from streamreg._sinks.contract import ColumnSpec, EpochChanges, Position, RunTerms

_PATIENCE: Final[Mapping[str, str]] = {
    "max_retries": "3",
    "retry_timeout": "10s",
    "connect_timeout": "5s",
}
"""How long the library tries an object store itself, in calls that no signal ends: then the run does, and says so."""

_RUN: Final = "streamreg.run"
"""The property of a table that says which run writes it."""


@dataclass(frozen=True, kw_only=True)
class DeltaLakeTable(DeliveredSpec):
    """A Delta Lake table."""

    path: str
    """A directory, or a URL of an object store."""

    storage_options: Mapping[str, str] = field(default_factory=dict, repr=False)
    gathered: Gathering

    kind: ClassVar[str] = "table"
    sink: ClassVar[str] = "delta"
    call: ClassVar[str] = "io.delta.write"

    @property
    def name(self) -> str:
        return self.path

    def files(self) -> Sequence[Path]:
        return () if self.remote else (Path(self.path) / "part.parquet",)

    @property
    def gathering(self) -> Gathering:
        return self.gathered

    @property
    def remote(self) -> bool:
        """Whether it is in an object store."""
        return is_url(self.path)

    @property
    def place(self) -> str:
        return self.path.rstrip("/") if self.remote else f"{place_of(Path(self.path))} delta"

    def connect(
        self, columns: Sequence[ColumnSpec], terms: RunTerms, *, look: bool = False
    ) -> DeltaDestination:
        with contextlib.ExitStack() as stack:
            held = None if self.remote else self._locked(terms, look=look)
            if held is not None:
                stack.callback(os.close, held)
            destination = DeltaDestination(self, columns, locked=held)
            destination.open()
            stack.pop_all()
        return destination

    def read_back(self, columns: Sequence[ColumnSpec], position: Position) -> DeltaReadBack:
        return DeltaReadBack(self, self.columns(columns), position)

    def columns(self, columns: Sequence[ColumnSpec]) -> DeltaColumns:
        """How rows stand in it. Raises OutputError if a column has a name that it cannot have."""
        return DeltaColumns(self.name, columns, self.mode, self.keys)

    @property
    def options(self) -> dict[str, str]:
        """Those of its storage, with what is not given by the user."""
        return {**(_PATIENCE if self.remote else {}), **self.storage_options}

    def table(self) -> DeltaTable | None:
        """The table as it is now; None if there is none. Raises OutputError, AwayError."""
        options = self.options
        with errors(self.name, options, remote=self.remote):
            if not DeltaTable.is_deltatable(self.path, options):
                return None
            return DeltaTable(self.path, storage_options=options)

    def last(self, table: DeltaTable) -> Delivered | None:
        """Up to where it holds changes, and of which run; None if no run has begun there."""
        run = table.metadata().configuration.get(_RUN)
        if run is None:
            return None
        time = table.transaction_version(_application(run))
        return Delivered(run, -1 if time is None else time)

    def _locked(self, terms: RunTerms, *, look: bool) -> int | None:
        """Locks a table on this machine, by a file beside its directory; a look locks nothing that no run has had."""
        path = Path(self.path)
        if terms.state is not None:
            refuse_state(path, terms.state)
        with output_errors(path):
            if path.exists() and not path.is_dir():
                raise OutputError(f"{path} is a file: a Delta Lake table is a directory")
            if not path.exists() and not path.absolute().parent.is_dir():
                raise OutputError(f"{path}: there is no directory {path.absolute().parent}")
            if not os.access(path if path.exists() else path.absolute().parent, os.W_OK):
                raise OutputError(f"{path}: Permission denied")
            place = path.with_name(f"{path.name}.lock")
            flags = os.O_RDWR | os.O_CLOEXEC | (0 if look else os.O_CREAT)
            try:
                descriptor = os.open(place, flags, 0o666)
            except FileNotFoundError:
                if look:
                    return None
                raise
            try:
                lock(descriptor, self.name, OutputError, shared=look)
            except BaseException:
                os.close(descriptor)
                raise
            return descriptor


class DeltaDestination:
    """A table, unless it is not there yet; one on this machine is locked against other runs."""

    def __init__(
        self, spec: DeltaLakeTable, columns: Sequence[ColumnSpec], *, locked: int | None
    ) -> None:
        """`locked` is the file that says who has the table; it belongs to this object."""
        self._spec = spec
        self._columns = spec.columns(columns)
        self._options = spec.options
        self._locked = locked
        self._table: DeltaTable | None = None

    def open(self) -> None:
        """Raises OutputError if the table is there and does not fit, or holds rows of somebody else."""
        self._table = self._spec.table()
        if self._table is None:
            return
        with self._errors():
            self._columns.check(self._table)
            found = self._spec.last(self._table)
            if (found is None or found.time < 0) and self._table.file_uris():
                raise foreign_rows(self._spec.name) if found is None else _forgotten(self._spec)

    def last(self) -> Delivered | None:
        return None if self._table is None else self._spec.last(self._table)

    def begin(self, run: str) -> None:
        with self._errors():
            if self._table is not None:
                self._table.alter.set_table_properties(
                    {_RUN: run}, raise_if_not_exists=False, commit_properties=_commit()
                )
                return
            self._table = DeltaTable.create(
                self._spec.path,
                self._columns.schema,
                configuration={_RUN: run},
                storage_options=self._options,
                raise_if_key_not_exists=False,
            )

    def send_ahead(self, epochs: Sequence[EpochChanges]) -> None:
        """Nothing: files that no commit names would be left behind."""

    def deliver(self, epochs: Sequence[EpochChanges], before: Delivered) -> None:
        assert self._table is not None
        with self._errors():
            self._table.update_incremental()
            if self.last() != before:
                raise written_meanwhile(self._spec.name)
            rows = self._write(epochs)
            commit = _commit(Transaction(_application(before.run), epochs[-1].time))
            self._commit(rows, commit)

    def _write(self, epochs: Sequence[EpochChanges]) -> pa.Table:
        """What is to be committed: changes, or for each key its row."""
        columns = self._columns
        if columns.changelog:
            return columns.changes(changes(epochs))
        found = standing_by_cells(epochs, columns.places)
        if columns.keys:
            rows = ((key, None if row is None else cells_of(row)) for key, row in found.items())
            return columns.upserts(rows)
        return columns.rows(cells_of(row) for row in found.values() if row is not None)

    def _commit(self, rows: pa.Table, commit: CommitProperties) -> None:
        assert self._table is not None
        if self._columns.changelog or not self._columns.keys:
            write_deltalake(
                self._table,
                rows,
                mode="append" if self._columns.changelog else "overwrite",
                commit_properties=commit,
            )
            return
        keys = zip(self._columns.keys, self._columns.places, strict=True)
        same = " AND ".join(
            f"(target.`{key}` IS NOT DISTINCT FROM source.{self._columns.numbered(place)})"
            for key, place in keys
        )
        values = {
            f"`{name}`": f"source.{self._columns.numbered(at)}"
            for at, name in enumerate(self._columns.names)
        }
        merger = self._table.merge(
            rows,
            predicate=same,
            source_alias="source",
            target_alias="target",
            commit_properties=commit,
        )
        merger.when_matched_delete(f"source.{GONE}").when_matched_update(
            values
        ).when_not_matched_insert(values, predicate=f"NOT source.{GONE}").execute()

    def close(self) -> None:
        self._table = None
        if self._locked is not None:
            os.close(self._locked)
            self._locked = None

    def _errors(self) -> contextlib.AbstractContextManager[None]:
        return errors(self._spec.name, self._options, remote=self._spec.remote)


def _forgotten(spec: DeltaLakeTable) -> OutputError:
    return OutputError(
        f"{spec.name} holds rows, and no longer says up to which epoch: its property "
        "delta.setTransactionRetentionDuration must be longer than a run is away, or not be set. Start anew with an "
        "empty state and another table"
    )


def _application(run: str) -> str:
    """What the transactions of a run are known by."""
    return f"streamreg {run}"


def _commit(*transactions: Transaction) -> CommitProperties:
    """A commit on top of the version that was looked at, or none: what comes between is looked at first."""
    return CommitProperties(max_commit_retries=0, app_transactions=list(transactions))
