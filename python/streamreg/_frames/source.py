"""Source, frames: rows in memory. One partition, whose offsets are the numbers of its rows."""

from __future__ import annotations

import hashlib
import itertools
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final, cast

import numpy as np

from streamreg._dataclass import dataclass
from streamreg._exceptions import SourceError
from streamreg._formats.columns import Cells, Rows
from streamreg._source.contract import Beginnings
from streamreg._source.in_memory import InMemorySource
from streamreg._source.messages import Batch, Location

if TYPE_CHECKING:
    from streamreg._source.contract import Identity, Range, Reader, Report
    from streamreg._source.messages import MessageValues

_PARTITION: Final = 0
_BATCH: Final = 50_000
"""Rows at a time."""


@dataclass
class FrameSource(InMemorySource):
    """The rows of a frame, converted. It goes to a worker process once, as a whole."""

    columns: Mapping[str, Cells]
    rows: int
    autocommit_duration_ms: int = 1500
    name: str = "frame"

    @property
    def identity(self) -> dict[str, Any]:
        """The digest of what the frame holds: a state goes on with no other one."""
        return {"rows": self.rows, "digest": digest(self.columns)}

    def lengths(self) -> dict[int, int]:
        return {_PARTITION: self.rows}

    def pin(self, identity: Identity, report: Report, stopping: Callable[[], bool]) -> Identity:
        own = self.identity
        if identity not in (None, own):
            raise SourceError(
                "the frame is not the one that the state has read: give it that one, or start anew with an empty state "
                "and new outputs"
            )
        return own

    def reader(self, ranges: Mapping[int, Range], report: Report) -> Reader:
        return _FrameReader(self, ranges)


class _FrameReader:
    """Hands over some rows at a time."""

    def __init__(self, source: FrameSource, ranges: Mapping[int, Range]) -> None:
        self._source = source
        rows = ranges[_PARTITION]
        self._next = rows.start
        self._end = source.rows if rows.end is None else rows.end
        self._beginnings = Beginnings(ranges)

    def read(self, timeout: float) -> Batch | None:
        start, end = self._next, min(self._next + _BATCH, self._end)
        if start >= end:
            time.sleep(timeout)  # As a reader waits for a broker that has nothing.
            return None
        self._next = end
        count = end - start
        columns = {name: cells.part(start, end) for name, cells in self._source.columns.items()}

        def partitions() -> Iterator[int]:
            return itertools.repeat(_PARTITION, count)

        return Batch(
            cast("MessageValues", Rows(columns, count)),  # Its decoder alone looks into it.
            {_PARTITION: (start, end)},
            locate=lambda index: Location(_PARTITION, start + index, None),
            partitions=partitions,
            offsets=lambda: range(start, end),
            firsts=self._beginnings.among([_PARTITION], partitions),
        )

    def log_ends(self, partitions: Collection[int]) -> Mapping[int, int]:
        return self._source.log_ends(partitions)

    def close(self) -> None:
        return


def digest(columns: Mapping[str, Cells]) -> str:
    """One over all names, entries, and what of them is missing or unfit (BLAKE2b, RFC 7693)."""
    found = hashlib.blake2b(digest_size=16)
    for name, cells in columns.items():
        parts = [name.encode(), *_bytes(cells)]
        for where in (cells.missing, *cells.faults.values()):
            parts.append(b"" if where is None else np.packbits(where).tobytes())
        for part in parts:
            found.update(len(part).to_bytes(8, "little"))
            found.update(part)
    return found.hexdigest()


def _bytes(cells: Cells) -> Iterator[bytes]:
    if not isinstance(cells.values, list):
        yield cells.values.tobytes()
        return
    for value in cells.values:
        yield value.encode() if isinstance(value, str) else value
