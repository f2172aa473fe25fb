"""Language: which columns of a table are its keys, by which its rows can be upserted."""

from __future__ import annotations

from typing import get_args

from streamreg._exceptions import ConfigurationError, ProgramError
from streamreg._language.nodes import KeyColumn, origin
from streamreg._language.table import Table
from streamreg._language.universe import ReducedUniverse, WindowedUniverse, root
from streamreg._sinks.contract import Mode
from streamreg._types import WINDOW_BOUNDS


def keys_for(table: Table, mode: Mode, call: str) -> tuple[str, ...]:
    """The columns by which a destination upserts rows; none in the mode "changelog", or if there is one row.

    Raises:
        ConfigurationError: if there is no such mode.
        ProgramError: as `key_columns`, or if that is no table.
    """
    if mode not in get_args(Mode):
        expected = " or ".join(f'"{choice}"' for choice in get_args(Mode))
        raise ConfigurationError(f"mode: expected {expected}, found {mode!r}")
    if not isinstance(table, Table):
        raise ProgramError(f"{call}: expected a table, found {type(table).__name__}")
    return key_columns(table, call) if mode == "current" else ()


def key_columns(table: Table, call: str) -> tuple[str, ...]:
    """The names of the columns that are the table's keys; none of a table of one row.

    Args:
        table: the result of a reduction or regression, or some of its rows and columns.
        call: the function that asks, for messages.

    Raises:
        ProgramError: if its rows have no keys, or one of these is not among its columns.
    """
    universe = root(table._universe)
    if not isinstance(universe, ReducedUniverse):
        raise ProgramError(
            f'{call}: mode="current" is for tables with one row, or one for each key: results of reductions and '
            f'regressions. These are {universe}: write them with mode="changelog"'
        )
    names = [key.text for key in universe.keys]
    if isinstance(universe, WindowedUniverse):
        names += WINDOW_BOUNDS
    found: dict[int, str] = {}
    for column in table:
        definition = origin(column)
        if isinstance(definition, KeyColumn) and definition.universe is universe:
            found.setdefault(definition.index, column.name)
    for index, name in enumerate(names):
        if index not in found:
            raise ProgramError(
                f'{call}: mode="current" upserts rows by their keys, and {name} is not among the columns: select it too'
            )
    return tuple(found[index] for index in range(len(names)))
