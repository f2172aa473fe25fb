"""Source, Parquet: files of columns, each written once. A partition is a file, an offset a row.

Such a file says at its end (the footer) what is where in it, with sizes and statistics: a file of another footer is
another one, which is told by its CRC-32.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import field
from typing import TYPE_CHECKING, Any, Final, cast

from streamreg._core import crc32
from streamreg._dataclass import dataclass
from streamreg._exceptions import ConfigurationError, SourceError
from streamreg._files.numbered_files import AGAIN, NumberedFiles
from streamreg._formats.columns import Rows
from streamreg._frames.table_columns import frame_columns
from streamreg._source.contract import Beginnings
from streamreg._source.messages import Batch, Location

if TYPE_CHECKING:
    from streamreg._source.contract import Range, Reader, Report, Watermarks
    from streamreg._source.messages import MessageValues, Origin
    from streamreg._types import SourceType

_BATCH: Final = 50_000
"""Rows at a time."""
_MAGIC: Final = b"PAR1"
_END: Final = 8
"""Bytes at the end of a file: the length of the footer, and the magic number."""
_MOST_FOOTER: Final = 1 << 30


@dataclass
class ParquetSource(NumberedFiles):
    """Parquet files, which are whole when they are there."""

    columns: Mapping[str, SourceType]
    offset_unit: str = field(default="row", init=False)
    _rows: dict[int, int] = field(default_factory=dict, init=False, repr=False)

    def _length(self, partition: int, size: int) -> int:
        self._rows[partition] = _opened(
            self.path(partition), self.origin(partition)
        ).metadata.num_rows
        return self._rows[partition]

    def first_messages(
        self,
        partitions: Mapping[int, Watermarks],
        report: Report,
        stopping: Callable[[], bool],
    ) -> Iterator[tuple[int, bytes | None]]:
        for partition, at in partitions.items():
            yield partition, b"" if at.high else None

    def reader(self, ranges: Mapping[int, Range], report: Report) -> Reader:
        return _ParquetReader(self, ranges)

    def check_log(
        self, ranges: Mapping[int, Range], report: Report, stopping: Callable[[], bool]
    ) -> None:
        for partition, of in ranges.items():
            check_footer(self.path(partition), self.origin(partition), of.leader_epoch)

    def log_ends(self, partitions: Collection[int]) -> Mapping[int, int]:
        return {p: self._rows[p] for p in partitions if p in self._rows}


class _ParquetReader:
    """Reads one file after another."""

    def __init__(self, source: ParquetSource, ranges: Mapping[int, Range]) -> None:
        self._source = source
        self._ranges = dict(ranges)
        self._beginnings = Beginnings(ranges)
        self._left = sorted(p for p, r in ranges.items() if r.end is None or r.start < r.end)
        self._batches: Iterator[Batch] = iter(())
        self._ends: dict[int, int] = {}

    def read(self, timeout: float) -> Batch | None:
        while True:
            batch = next(self._batches, None)
            if batch is not None:
                return batch
            if not self._left:
                time.sleep(timeout)  # As a reader waits for a broker that has nothing.
                return None
            self._batches = self._of_file(self._left.pop(0))

    def _of_file(self, partition: int) -> Iterator[Batch]:
        origin, path = self._source.origin(partition), self._source.path(partition)
        whole = self._ranges[partition]
        footer = check_footer(path, origin, whole.leader_epoch)
        file = _opened(path, origin)
        self._ends[partition] = rows = file.metadata.num_rows
        end = rows if whole.end is None else whole.end
        if rows < end:
            raise SourceError(
                f"{origin} has {rows} rows, but is to be read up to row {end}: {AGAIN}"
            )
        names = [name for name in self._source.columns if name in file.schema_arrow.names]
        groups, at = _groups_from(file.metadata, whole.start)
        for record_batch in _record_batches(file, origin, groups, names):
            start, at = max(at, whole.start), at + record_batch.num_rows
            skipped = start - (at - record_batch.num_rows)
            if skipped < record_batch.num_rows and start < end:
                kept = record_batch.slice(skipped, min(at, end) - start)
                yield self._batch(partition, origin, start, kept, footer)

    def _batch(
        self,
        partition: int,
        origin: Origin,
        start: int,
        held: Any,  # noqa: ANN401  # Arrow's
        footer: int,  # Arrow's
    ) -> Batch:
        import pyarrow as pa

        try:
            columns, count = frame_columns(pa.Table.from_batches([held]), self._source.columns)
        except ConfigurationError as error:
            raise SourceError(f"{origin}: {error}") from error
        progress = {partition: (start, start + count)}

        def partitions() -> Iterator[int]:
            return itertools.repeat(partition, count)

        return Batch(
            cast("MessageValues", Rows(columns, count)),  # Its decoder alone looks into it.
            progress,
            locate=lambda index: Location(partition, start + index, None, origin),
            partitions=partitions,
            offsets=lambda: range(start, start + count),
            leader_epochs={partition: footer},
            firsts=self._beginnings.among(progress, partitions),
        )

    def log_ends(self, partitions: Collection[int]) -> Mapping[int, int]:
        return {p: self._ends[p] for p in partitions if p in self._ends}

    def close(self) -> None:
        self._batches = iter(())


def _groups_from(metadata: Any, start: int) -> tuple[list[int], int]:  # noqa: ANN401  # pyarrow's
    """The row groups from the one on that holds a row, and the first row of that one."""
    first = 0
    for group in range(metadata.num_row_groups):
        rows = metadata.row_group(group).num_rows
        if first + rows > start:
            return list(range(group, metadata.num_row_groups)), first
        first += rows
    return [], first


def _record_batches(
    file: Any,  # noqa: ANN401  # pyarrow's
    origin: Origin,
    groups: list[int],
    names: list[str],
) -> Iterator[Any]:
    """Some rows at a time of these groups. Raises SourceError where the file is damaged."""
    import pyarrow as pa

    try:
        yield from file.iter_batches(_BATCH, row_groups=groups, columns=names)
    except (pa.ArrowException, OSError) as error:
        raise _unreadable(origin, error) from error


def _unreadable(origin: Origin, error: Exception) -> SourceError:
    return SourceError(f"{origin} cannot be read: {' '.join(str(error).split())}")


def _opened(path: str, origin: Origin) -> Any:  # noqa: ANN401  # pyarrow's
    import pyarrow as pa
    import pyarrow.parquet as parquet

    try:
        return parquet.ParquetFile(path)
    except (pa.ArrowException, OSError) as error:
        raise _unreadable(origin, error) from error


def check_footer(path: str, origin: Origin, known: int | None) -> int:
    """The CRC-32 of a file's footer. Raises SourceError if it is not the one that is known, or there is none."""
    try:
        with open(path, "rb") as file:
            size = file.seek(0, 2)
            file.seek(max(size - _END, 0))
            length = int.from_bytes((end := file.read(_END))[:4], "little")
            if not end.endswith(_MAGIC) or length > min(size - _END, _MOST_FOOTER):
                raise SourceError(f"{origin} is no whole Parquet file")
            file.seek(size - _END - length)
            found = crc32(file.read(length))
    except OSError as error:
        raise SourceError(f"{origin} cannot be read: {error.strerror}: {AGAIN}") from error
    if known not in (None, found):
        raise SourceError(
            f"{origin} is not the one that was read: its footer is another one: {AGAIN}"
        )
    return found
