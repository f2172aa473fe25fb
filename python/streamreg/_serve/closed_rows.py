"""Serve, closed rows: the newest rows of closed windows, kept by the run for the process that serves.

The run itself lets go of them when their windows close. A process that is started later, or has missed changes, is told
of them all the same; after a restart of the run those are known that the end of the output still tells of.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from streamreg._serve.table import MOST_CLOSED, CurrentTable

if TYPE_CHECKING:
    from streamreg._serve.messages import TableSpec


class ClosedRows:
    """The newest rows of closed windows of each table."""

    def __init__(self, before: Iterable[Sequence[bytes]] = ()) -> None:
        """Begins with these rows of each table, the newest last."""
        self._kept = [deque(rows, MOST_CLOSED) for rows in before]

    def add(self, closed: Iterable[Sequence[bytes]]) -> None:
        """Those of an epoch, for each table."""
        for kept, rows in zip(self._kept, closed, strict=True):
            kept.extend(rows)

    def rows(self) -> tuple[Sequence[bytes], ...]:
        """For each table its rows, the newest last."""
        return tuple(tuple(kept) for kept in self._kept)


def closed_before(
    spec: TableSpec, changes: Iterable[bytes], standing: Sequence[bytes]
) -> Sequence[bytes]:
    """Rows of closed windows, of the end of what a table's output was given: the newest last.

    Those that it holds although the run, whose rows are `standing`, has let go of them. `changes` are lines without
    their ends; a row that an earlier line has brought may be taken back in them.
    """
    table = CurrentTable(spec)
    table.change(b"".join(line + b"\n" for line in changes), ())
    left = Counter(standing)
    return tuple(_not_among(table.rows(), left))[-MOST_CLOSED:]


def _not_among(rows: Iterable[bytes], others: Counter[bytes]) -> Iterator[bytes]:
    for row in rows:
        if others[row] > 0:
            others[row] -= 1
        else:
            yield row
