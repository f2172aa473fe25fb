"""Source, files: the reader: what has come of its files, a piece of one file at a time."""

from __future__ import annotations

import itertools
import time
from collections import deque
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Final

from streamreg._source.contract import Beginnings
from streamreg._source.messages import Batch, Location

if TYPE_CHECKING:
    from streamreg._files.file_log import FileLog, Piece
    from streamreg._source.contract import Range
    from streamreg._source.messages import Origin

_FIRST_PAUSE: Final = 0.005
_LONGEST_PAUSE: Final = 0.1
"""Seconds between two looks at files that do not grow: the first, doubled with each further one up to the last."""


class FileReader:
    """Reads files in turns, each from its offset on."""

    def __init__(
        self,
        logs: Mapping[int, FileLog],
        origins: Mapping[int, Origin],
        ranges: Mapping[int, Range],
    ) -> None:
        """The logs of the partitions of which there is something to read, or may be some day."""
        self._logs = dict(logs)
        self._turns = deque(sorted(logs))
        self._origins = origins
        self._beginnings = Beginnings({p: ranges[p] for p in logs})
        self._pause = _FIRST_PAUSE

    def read(self, timeout: float) -> Batch | None:
        until = time.monotonic() + timeout
        while True:
            for _ in range(len(self._turns)):
                batch = self._read(self._turns[0], until)
                if batch is not None:
                    self._pause = _FIRST_PAUSE
                    return batch
            left = until - time.monotonic()
            if left <= 0:
                return None
            # Nobody says when a file grows: it is looked at again.
            time.sleep(min(self._pause, left))
            self._pause = min(2 * self._pause, _LONGEST_PAUSE)

    def _read(self, partition: int, until: float) -> Batch | None:
        """What comes next of a file, which others come before then; one that ends is read to its end first."""
        log = self._logs[partition]
        piece = log.next(until)
        if log.done:
            log.close()
            self._turns.popleft()
        elif piece is None or log.grows:
            self._turns.rotate(-1)
        return None if piece is None else self._batch(partition, piece, log.names)

    def _batch(self, partition: int, piece: Piece, names: list[str] | None) -> Batch:
        origin = self._origins[partition]
        values = piece.records.values
        progress = {partition: (piece.start, piece.end)}

        def locate(index: int) -> Location:
            return Location(partition, int(piece.records.starts[index]), None, origin)

        return Batch(
            values,
            progress,
            locate=locate,
            partitions=lambda: itertools.repeat(partition, len(values)),
            offsets=lambda: piece.records.starts.tolist(),
            leader_epochs={partition: piece.checksum},
            firsts=self._beginnings.among(
                progress, lambda: itertools.repeat(partition, len(values))
            ),
            found=names,
        )

    def log_ends(self, partitions: Collection[int]) -> Mapping[int, int]:
        return {p: self._logs[p].length for p in partitions if p in self._logs}

    def close(self) -> None:
        for log in self._logs.values():
            log.close()
