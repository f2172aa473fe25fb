"""Run: which rows of windows that earlier runs have closed can still be served: those that the end of a file tells of.

A state keeps nothing of closed windows. What reads a whole output at each start would take as long as the output is
large; of a file its end is enough, and of a database or a topic nothing is asked.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from streamreg._exceptions import OutputError
from streamreg._serve.closed_rows import closed_before
from streamreg._sinks.file_read_back import FileReadBack
from streamreg._sinks.parts_read_back import PartsReadBack

if TYPE_CHECKING:
    from streamreg._plan.plan import Plan
    from streamreg._serve.messages import TableSpec
    from streamreg._sinks.contract import Position

_log = logging.getLogger("streamreg")

MOST_BYTES: Final = 4 << 20
"""Of the end of an output: a twentieth of a second."""


def closed_windows(
    plan: Plan,
    tables: Sequence[TableSpec],
    positions: Mapping[str, Position],
    standing: Callable[[], Sequence[Sequence[bytes]]],
) -> Sequence[Sequence[bytes]]:
    """For each table the rows of closed windows that its output still tells of; tables are those of all results.

    `positions` are those to which earlier runs have come, `standing` gives the rows of each table that the run has.
    """
    changes = [_last_changes(plan, table, positions.get(table.output)) for table in tables]
    if not any(changes):
        return changes
    return [
        closed_before(table, lines, rows) if lines else ()
        for table, lines, rows in zip(tables, changes, standing(), strict=True)
    ]


def _last_changes(plan: Plan, table: TableSpec, position: Position | None) -> Sequence[bytes]:
    """The last changes of a table whose windows close; none where its output is no file."""
    windows = plan.rows.reductions[table.reduction].windows
    if position is None or windows is None or not windows.keep_results:
        return ()
    [output] = (each for each in plan.result_outputs if each.name == table.output)
    found = output.sink.read_back(output.columns, position)
    if not isinstance(found, FileReadBack | PartsReadBack):
        return ()
    try:
        return found.last_changes(MOST_BYTES)
    except OutputError as error:
        _log.warning("%s: windows that were closed before are not served: %s", output.name, error)
        return ()
