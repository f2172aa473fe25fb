"""Verify: the outputs of a run, each against what must stand in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, TypeAlias

from streamreg._operate.verify.multiset import Multiset, bucket_of
from streamreg._plural import plural
from streamreg._sinks.records import RecordError, shown

if TYPE_CHECKING:
    from streamreg._sinks.contract import ReadBack

Signed: TypeAlias = Iterable[tuple[Sequence[bytes], Sequence[bytes]]]
"""Rows that come, and rows that go."""


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


def fold(output: ReadBack, times: Times) -> tuple[bytes | None, int]:
    """Folds a changelog of one row: the row that stands at its end, and how many changes led there.

    Raises:
        RecordError: if the output is not what a run writes; in particular, if a retraction is not of the row that
            stands, or an insertion comes while one does.
    """
    standing: bytes | None = None
    inserted = -1
    number = 0
    for changes in _changes(output):
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
                raise RecordError(f"change {number}: {error}") from None
    return standing, number


def fold_rows(output: ReadBack, times: Times) -> tuple[Counter[bytes], int]:
    """Folds a changelog: the rows that stand at its end, each as often, and how many changes led there.

    Raises:
        RecordError: if the output is not what a run writes; in particular, if a retraction is of no row that stands.
    """
    standing: Counter[bytes] = Counter()
    number = 0
    for changes in _changes(output):
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
                raise RecordError(f"change {number}: {error}") from None
    return standing, number


def inserted(output: ReadBack, times: Times) -> Iterator[list[bytes]]:
    """The rows of a changelog in which nothing is ever taken back, without their times.

    Raises:
        RecordError: if the output is not what a run writes.
    """
    number = 0
    for changes in _changes(output):
        rows = []
        for row, time, diff in changes:
            number += 1
            try:
                times.check(time)
            except RecordError as error:
                raise RecordError(f"change {number}: {error}") from None
            if diff != b"1":
                raise RecordError(f"change {number}: diff {shown(diff)} of {shown(row)}")
            rows.append(row)
        yield rows


def signed(output: ReadBack, times: Times) -> Iterator[tuple[list[bytes], list[bytes]]]:
    """The rows of a changelog that come, and those that go, some changes at a time, without their times.

    Raises:
        RecordError: if the output is not what a run writes.
    """
    number = 0
    for changes in _changes(output):
        rows: dict[bytes, list[bytes]] = {b"1": [], b"-1": []}
        for row, time, diff in changes:
            number += 1
            try:
                times.check(time)
            except RecordError as error:
                raise RecordError(f"change {number}: {error}") from None
            if diff not in rows:
                raise RecordError(f"change {number}: diff {shown(diff)} of {shown(row)}")
            rows[diff].append(row)
        yield rows[b"1"], rows[b"-1"]


def timed(output: ReadBack) -> Iterator[tuple[bytes, bytes]]:
    """The rows of such a changelog, and their times; raises as `inserted`."""
    for changes in _changes(output):
        yield from ((row, time) for row, time, _ in changes)


def _changes(output: ReadBack) -> Iterator[list[list[bytes]]]:
    """The changes of an output, each as row, time and diff."""
    for lines in output.changes():
        changes = [line.rsplit(b",", 2) for line in lines]
        for change, line in zip(changes, lines, strict=True):
            if len(change) != 3:
                raise RecordError(f"{shown(line)} has no time and diff")
        yield changes


def gathered(lists: Iterable[Sequence[bytes]]) -> Multiset:
    """All rows of these lists."""
    multiset = Multiset()
    for rows in lists:
        multiset.add(rows)
    return multiset


def name_signed_difference(bucket: int, file: Signed, topic: Signed) -> str:
    """The same of rows that come and go."""
    counts = []
    for lists in (file, topic):
        standing: Counter[bytes] = Counter()
        for come, gone in lists:
            standing.update(row for row in come if bucket_of(row) == bucket)
            standing.subtract(row for row in gone if bucket_of(row) == bucket)
        counts.append(standing)
    return _named(*counts)


def name_difference(
    bucket: int, file: Iterable[Sequence[bytes]], topic: Iterable[Sequence[bytes]]
) -> str:
    """Names a row of a bucket that one has and the other has not, or not as often."""
    counts = [
        Counter(row for rows in lists for row in rows if bucket_of(row) == bucket)
        for lists in (file, topic)
    ]
    return _named(*counts)


def _named(file: Counter[bytes], topic: Counter[bytes]) -> str:
    for row in [*file, *topic]:
        stands, comes = file[row], topic[row]
        if stands != comes:
            return f"the row {shown(row)} stands there {plural(stands, 'time')}, here {comes:,}"
    return "but not any more: the output or the topic has changed meanwhile"
