"""Sink: what the columns of a table have in common in all databases: which there are, and what becomes of cells."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final, TypeAlias

from streamreg._exceptions import OutputError

if TYPE_CHECKING:
    from streamreg._sinks.contract import ColumnSpec, Mode
    from streamreg._sinks.standing import Cells
    from streamreg._types import DType

EPOCHS: Final = "streamreg_epochs"
"""The table that says up to which time each other one is written, and by which run."""

_OWN: Final[Sequence[tuple[str, DType]]] = (("time", "int"), ("diff", "int"))
"""What a changelog has beside the columns of its table."""

ToValue: TypeAlias = "Callable[[bytes], object]"
"""What makes a value for the database of a cell. Raises OutputError, naming the column, if it has none such."""


class TableColumns:
    """A table with these columns."""

    def __init__(
        self,
        columns: Sequence[ColumnSpec],
        mode: Mode,
        keys: Sequence[str],
        value: Callable[[ColumnSpec], ToValue],
    ) -> None:
        """`keys` are those that rows are upserted by; `value` says what becomes of the cells of a column."""
        self.changelog = mode == "changelog"
        names = [column.name for column in columns]
        self.places = [names.index(key) for key in keys]
        self._columns = columns
        self._keys = keys
        own = _OWN if self.changelog else ()
        self._types: dict[str, DType] = {c.name: c.dtype for c in columns} | dict(own)
        self._values = [value(column) for column in columns]

    def row(self, cells: Cells) -> list[object]:
        """The values of a row. Raises OutputError, naming the column, if the database has none such."""
        return [value(cell) for value, cell in zip(self._values, cells, strict=True)]

    def change(self, change: tuple[Cells, int, int]) -> list[object]:
        """Those of a change."""
        cells, time, diff = change
        return [*self.row(cells), time, diff]

    def key(self, cells: Sequence[bytes]) -> list[object]:
        """Those of a key."""
        pairs = zip(self.places, cells, strict=True)
        return [self._values[place](cell) for place, cell in pairs]


def missing_column(name: str, column: str, made: str) -> OutputError:
    """A table that is there lacks a column, which would be made with this type."""
    return OutputError(
        f"{name} has no column {column!r} ({made}): add it, or write to another table"
    )


def computed_column(name: str, column: str) -> OutputError:
    """Nothing can be written to a column."""
    return OutputError(f"{name}: column {column!r} is computed: write to another table")


def required_column(name: str, column: str) -> OutputError:
    """A column that the output does not have needs a value."""
    return OutputError(
        f"{name}: column {column!r} must have a value, and the output has none for it: give it a default, or write to "
        "another table"
    )
