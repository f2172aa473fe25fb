"""Source, files: files of records. A partition is a file, an offset a byte."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import field
from typing import TYPE_CHECKING, Final

from streamreg._dataclass import dataclass
from streamreg._exceptions import SourceError
from streamreg._files.file_log import PIECE, FileLog, checksum_of
from streamreg._files.layout import Layout
from streamreg._files.numbered_files import AGAIN, NumberedFiles
from streamreg._files.reader import FileReader
from streamreg._files.records import first_record

if TYPE_CHECKING:
    from streamreg._source.contract import Range, Reader, Report, Watermarks

_LOOK_INTERVAL: Final = 0.8
"""Seconds between two looks at how long the files are."""


@dataclass
class FileSource(NumberedFiles):
    """Files of text, each of which grows at its end alone."""

    layout: Layout
    _look_at: float = field(default=0.0, init=False, repr=False)

    def first_messages(
        self,
        partitions: Mapping[int, Watermarks],
        report: Report,
        stopping: Callable[[], bool],
    ) -> Iterator[tuple[int, bytes | None]]:
        for partition in partitions:
            if stopping():
                return
            with open(self.path(partition), "rb") as file:
                data = file.read(PIECE)
            first = first_record(data, delimiter=self.layout.between, final=len(data) < PIECE)
            yield partition, None if first is None else first[0]

    def reader(self, ranges: Mapping[int, Range], report: Report) -> Reader:
        origins = {p: self.origin(p) for p in ranges}
        logs = {
            p: FileLog(self.path(p), origins[p], self.layout, r, report)
            for p, r in ranges.items()
            if r.end is None or r.start < r.end
        }
        return FileReader(logs, origins, ranges)

    def check_log(
        self, ranges: Mapping[int, Range], report: Report, stopping: Callable[[], bool]
    ) -> None:
        for partition, of in ranges.items():
            if of.leader_epoch is None or stopping():
                continue
            checksum = checksum_of(self.path(partition), of.start, stopping)
            if checksum != of.leader_epoch and not stopping():
                raise SourceError(
                    f"{self.origin(partition)} is not the one that was read: it has other content before byte "
                    f"{of.start}: {AGAIN}"
                )

    def log_ends(self, partitions: Collection[int]) -> Mapping[int, int]:
        if time.monotonic() < self._look_at:
            return {}
        self._look_at = time.monotonic() + _LOOK_INTERVAL
        ends = {}
        for partition in partitions:
            try:
                ends[partition] = os.stat(self.path(partition)).st_size
            except OSError:
                continue  # The reader says what is the matter.
        return ends
