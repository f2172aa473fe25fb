"""Sink, Delta Lake: the columns of a table: which types fit, what is made, and how cells become Arrow and cells again.

The types are those of the protocol: https://github.com/delta-io/delta/blob/master/PROTOCOL.md#schema-serialization-format.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Final

import pyarrow as pa

from streamreg._exceptions import OutputError
from streamreg._sinks.stored_cells import from_stored, to_stored
from streamreg._sinks.table_columns import (
    TableColumns,
    ToValue,
    computed_column,
    missing_column,
    required_column,
)

if TYPE_CHECKING:
    from deltalake import DeltaTable

    from streamreg._sinks.contract import ColumnSpec, Mode
    from streamreg._types import DType

_MADE: Final[Mapping[DType, str]] = {
    "float": "double",
    "int": "long",
    "decimal": "decimal(38,18)",
    "bool": "boolean",
    "str": "string",
    "bytes": "binary",
    "datetime": "timestamp",
    "timedelta": "string",
    "any": "string",
}
"""The type of a column that is made; a table made beforehand may have decimals of another scale."""

_ARROW: Final[Mapping[str, pa.DataType]] = {
    "double": pa.float64(),
    "long": pa.int64(),
    "boolean": pa.bool_(),
    "string": pa.string(),
    "binary": pa.binary(),
    "timestamp": pa.timestamp("us", tz="UTC"),
}
_DECIMAL: Final = re.compile(r"decimal\((\d+),\s*(\d+)\)")
_FORBIDDEN: Final = " ,;{}()\n\t=`"
"""What names cannot hold without column mapping, by the protocol; and what quotes them in expressions."""

_AT_A_TIME: Final = 50_000
"""Rows that become Arrow together."""

GONE: Final = "gone"
"""What a row of `upserts` says of a key that has no row any more; its columns are numbered: none has this name."""


_NO_PARTITION: Final = ("", b"", "__HIVE_DEFAULT_PARTITION__", b"__HIVE_DEFAULT_PARTITION__")
"""Values that the name of a partition has no other word for than for a missing one."""


def _of_partition(column: str, value: ToValue) -> ToValue:
    """What makes a value of a column that a table is partitioned by."""

    def made(cell: bytes) -> object:
        found = value(cell)
        if found in _NO_PARTITION:
            raise OutputError(
                f"column {column!r}: {found!r} would be a missing value in a table that is partitioned by it: write to "
                "a table that is not"
            )
        return found

    return made


class DeltaColumns(TableColumns):
    """A table with these columns."""

    def __init__(
        self, name: str, columns: Sequence[ColumnSpec], mode: Mode, keys: Sequence[str]
    ) -> None:
        """`keys` are those that rows are upserted by; `name` is what messages call the output.

        Raises:
            OutputError: if a column has a name that a table cannot have.
        """
        super().__init__(columns, mode, keys, lambda column: to_stored(column.dtype))
        self.keys = list(keys)
        self._name = name
        self._made = {column: _MADE[dtype] for column, dtype in self._types.items()}
        self._others: list[pa.Field] = []
        lower: dict[str, str] = {}
        for column in self._types:
            other = lower.setdefault(column.lower(), column)
            if other != column:
                raise OutputError(
                    f"{name}: columns {other!r} and {column!r} differ in case alone, which Delta Lake does not tell "
                    "apart: select one by another name"
                )
            if any(sign in column for sign in _FORBIDDEN):
                raise OutputError(
                    f"{name}: column {column!r}: Delta Lake has no names with spaces, or one of , ; {{ }} ( ) = `: "
                    "select it by another name"
                )

    @property
    def names(self) -> Sequence[str]:
        """Of all its columns, those of a changelog with it."""
        return list(self._made)

    @property
    def schema(self) -> pa.Schema:
        """As Arrow has it; the types are those of the table that was checked, or those that are made."""
        return pa.schema([(column, _arrow(made)) for column, made in self._made.items()])

    def check(self, table: DeltaTable) -> None:
        """Raises OutputError, naming the column, if a table cannot hold such rows."""
        found = {each["name"]: each for each in json.loads(table.schema().to_json())["fields"]}
        for column, dtype in self._types.items():
            if column not in found:
                raise missing_column(self._name, column, _MADE[dtype])
            field = found.pop(column)
            if "delta.generationExpression" in field["metadata"]:
                raise computed_column(self._name, column)
            declared = str(field["type"]) if isinstance(field["type"], str) else "nested"
            if not (
                declared == _MADE[dtype] or (dtype == "decimal" and _DECIMAL.fullmatch(declared))
            ):
                raise OutputError(
                    f"{self._name}: column {column!r} is {declared}, which does not hold {dtype}: make it "
                    f"{_MADE[dtype]}, or write to another table"
                )
            self._made[column] = declared
        for column, field in found.items():
            if not field["nullable"]:
                raise required_column(self._name, column)
        configuration = table.metadata().configuration
        if not self.changelog and configuration.get("delta.appendOnly") == "true":
            raise OutputError(
                f'{self._name}: rows can only be added to the table (delta.appendOnly), and mode="current" replaces '
                "them: write a changelog, or to another table"
            )
        for column in table.metadata().partition_columns:
            if self._made.get(column) in ("string", "binary"):
                place = [each.name for each in self._columns].index(column)
                self._values[place] = _of_partition(column, self._values[place])
        self._others = [each for each in pa.schema(table.schema().to_arrow()) if each.name in found]

    def changes(self, changes: Iterable[tuple[Sequence[bytes], int, int]]) -> pa.Table:
        """Changes as rows of the table. Raises OutputError, naming the column, if it cannot hold one."""
        return self._whole(self._table(map(self.change, changes), self.schema))

    def rows(self, rows: Iterable[Sequence[bytes]]) -> pa.Table:
        """The cells of rows as rows of the table; raises as `changes`."""
        return self._whole(self._table(map(self.row, rows), self.schema))

    def upserts(self, rows: Iterable[tuple[Sequence[bytes], Sequence[bytes] | None]]) -> pa.Table:
        """The keys and cells of rows, None of those that went, by the number of each column; then whether they went.

        Raises:
            OutputError: naming the column, if the table cannot hold a row.
        """

        def values() -> Iterator[list[object]]:
            for key, cells in rows:
                if cells is not None:
                    yield [*self.row(cells), False]
                    continue
                found: list[object] = [None] * len(self._made)
                for place, value in zip(self.places, self.key(key), strict=True):
                    found[place] = value
                yield [*found, True]

        types = [(self.numbered(at), field.type) for at, field in enumerate(self.schema)]
        return self._table(values(), pa.schema([*types, (GONE, pa.bool_())]))

    @staticmethod
    def numbered(at: int) -> str:
        """What `upserts` calls a column."""
        return f"c{at}"

    def _table(self, rows: Iterator[list[object]], schema: pa.Schema) -> pa.Table:
        batches = []
        while piece := list(islice(rows, _AT_A_TIME)):
            columns = zip(*piece, strict=True)
            arrays = [
                self._array(at, values, field)
                for at, (values, field) in enumerate(zip(columns, schema, strict=True))
            ]
            batches.append(pa.record_batch(arrays, schema=schema))
        return pa.Table.from_batches(batches, schema=schema)

    def _whole(self, rows: pa.Table) -> pa.Table:
        """With the columns that the table has beside these, which are null."""
        for field in self._others:
            rows = rows.append_column(field, pa.nulls(len(rows), field.type))
        return rows

    def _array(self, at: int, values: Sequence[object], field: pa.Field) -> pa.Array:
        try:
            return pa.array(values, field.type)
        except (pa.ArrowException, OverflowError):
            for value in values:
                try:
                    pa.array([value], field.type)
                except (pa.ArrowException, OverflowError):
                    shown = str(value)[:40]
                    made = self._made[self.names[at]]
                    raise OutputError(
                        f"{self._name}: column {self.names[at]!r}: {shown} does not fit in {made}: write "
                        "sr.cast(float, …) of it, or make the table beforehand with a type that holds it"
                    ) from None
            raise

    def read(self, table: pa.Table) -> Iterator[tuple[Sequence[object], int, int]]:
        """The changes that rows of the table are, of one time those that go first; or the rows that stand."""
        if self.changelog:
            table = table.sort_by([("time", "ascending"), ("diff", "ascending")])
        kinds = [from_stored(dtype) for dtype in self._types.values()]
        for batch in table.select(self.names).to_batches(_AT_A_TIME):
            for row in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                values = [read(value) for read, value in zip(kinds, row, strict=True)]
                if self.changelog:
                    yield values[:-2], row[-2], row[-1]
                else:
                    yield values, 0, 1


def _arrow(made: str) -> pa.DataType:
    decimal = _DECIMAL.fullmatch(made)
    return pa.decimal128(int(decimal[1]), int(decimal[2])) if decimal else _ARROW[made]
