"""Verify: the files of a run, each against what must stand in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from streamreg._operate.verify.multiset import Multiset, bucket_of
from streamreg._operate.verify.records import RecordError, pieces, records
from streamreg._plural import plural

_SHOWN = 100
"""Characters of a row shown in a difference."""


class Times:
    """The column `time` of a changelog: it never goes back, nor past the last epoch."""

    def __init__(self, latest: int) -> None:
        """`latest` is the time of the last epoch."""
        self._latest = latest
        self._text: bytes | None = None
        self.now = -1

    def check(self, text: bytes) -> None:
        """Raises RecordError if this time cannot follow those before."""
        if text == self._text:
            return
        # Nineteen digits are what 64 bits have.
        if not text.isdigit() or len(text) > 19 or b"%d" % int(text) != text:
            raise RecordError(f"its time {shown(text)} is that of no epoch")
        number = int(text)
        if number > self._latest:
            raise RecordError(f"its time {shown(text)} is that of no epoch")
        if number < self.now:
            raise RecordError(f"its time {shown(text)} comes after {self.now}")
        self._text, self.now = text, number


def fold(path: Path, header: bytes, length: int, times: Times) -> tuple[bytes | None, int]:
    """Folds a changelog of one row: the row that stands at its end, and how many changes led there.

    Raises:
        RecordError: if the file is not what a run writes; in particular, if a retraction is not of the row that
            stands, or an insertion comes while one does.
    """
    standing: bytes | None = None
    inserted = -1
    number = 1
    for changes in _changes(path, header, length):
        for row, time, diff in changes:
            number += 1
            try:
                times.check(time)
                if diff == b"1" and standing is None:
                    standing, inserted = row, times.now
                elif diff == b"-1" and row == standing and inserted < times.now:
                    standing = None
                else:
                    what = "nothing stands" if standing is None else f"{shown(standing)} stands"
                    raise RecordError(f"diff {shown(diff)} of {shown(row)}, where {what}")
            except RecordError as error:
                raise RecordError(f"record {number}: {error}") from None
    return standing, number - 1


def fold_rows(path: Path, header: bytes, length: int, times: Times) -> tuple[Counter[bytes], int]:
    """Folds a changelog: the rows that stand at its end, each as often, and how many changes led there.

    Raises:
        RecordError: if the file is not what a run writes; in particular, if a retraction is of no row that stands.
    """
    standing: Counter[bytes] = Counter()
    number = 1
    for changes in _changes(path, header, length):
        for row, time, diff in changes:
            number += 1
            try:
                times.check(time)
                if diff == b"1":
                    standing[row] += 1
                elif diff == b"-1" and standing[row] > 1:
                    standing[row] -= 1
                elif diff == b"-1" and standing[row] == 1:
                    del standing[row]
                else:
                    raise RecordError(f"diff {shown(diff)} of {shown(row)}, which does not stand")
            except RecordError as error:
                raise RecordError(f"record {number}: {error}") from None
    return standing, number - 1


def inserted(path: Path, header: bytes, length: int, times: Times) -> Iterator[list[bytes]]:
    """The rows of a changelog in which nothing is ever taken back, without their times.

    Raises:
        RecordError: if the file is not what a run writes.
    """
    number = 1
    for changes in _changes(path, header, length):
        rows = []
        for row, time, diff in changes:
            number += 1
            try:
                times.check(time)
            except RecordError as error:
                raise RecordError(f"record {number}: {error}") from None
            if diff != b"1":
                raise RecordError(f"record {number}: diff {shown(diff)} of {shown(row)}")
            rows.append(row)
        yield rows


def timed(path: Path, header: bytes, length: int) -> Iterator[tuple[bytes, bytes]]:
    """The rows of such a changelog, and their times; raises as `inserted`."""
    for changes in _changes(path, header, length):
        yield from ((row, time) for row, time, _ in changes)


def _changes(path: Path, header: bytes, length: int) -> Iterator[list[list[bytes]]]:
    """The records of a changelog after its header, each as row, time and diff."""
    first = True
    for found in records(pieces(path, length), quotes=True):
        lines = found
        if first and lines:
            if lines[0] + b"\n" != header:
                raise RecordError(f"it begins with {shown(lines[0])}, not {shown(header[:-1])}")
            lines, first = lines[1:], False
        changes = [line.rsplit(b",", 2) for line in lines]
        for change, line in zip(changes, lines, strict=True):
            if len(change) != 3:
                raise RecordError(f"{shown(line)} has no time and diff")
        yield changes
    if first:
        raise RecordError("its header is missing")


def dead_letters(path: Path, length: int) -> Iterator[list[bytes]]:
    """The lines of a dead-letter file.

    Raises:
        RecordError: if it cannot be read, is shorter, or ends in the middle of a line.
    """
    return records(pieces(path, length), quotes=False)


def gathered(lists: Iterable[Sequence[bytes]]) -> Multiset:
    """All rows of these lists."""
    multiset = Multiset()
    for rows in lists:
        multiset.add(rows)
    return multiset


def name_difference(
    bucket: int, file: Iterable[Sequence[bytes]], topic: Iterable[Sequence[bytes]]
) -> str:
    """Names a row of a bucket that one has and the other has not, or not as often."""
    counts = [
        Counter(row for rows in lists for row in rows if bucket_of(row) == bucket)
        for lists in (file, topic)
    ]
    for row in counts[0] | counts[1]:
        stands, comes = counts[0][row], counts[1][row]
        if stands != comes:
            return f"the row {shown(row)} stands there {plural(stands, 'time')}, here {comes:,}"
    return "but not any more: the file or the topic has changed meanwhile"


def shown(text: bytes) -> str:
    """Bytes of a file for people, on one line and not a long one."""
    whole = repr(text.decode("utf-8", "replace"))
    return whole if len(whole) <= _SHOWN else whole[:_SHOWN] + "…"
