"""Verify: the outcome of one comparison, and the comparison of rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from streamreg._operate.verify import changelog_files as files
from streamreg._operate.verify.records import RecordError
from streamreg._plural import plural

if TYPE_CHECKING:
    from streamreg._operate.verify.multiset import Multiset

Rows: TypeAlias = Callable[[], Iterator[Sequence[bytes]]]
"""Reads rows from the beginning, some at a time."""


@dataclass(frozen=True)
class Check:
    """One thing that was compared."""

    subject: str
    found: str
    """What both sides hold; empty if they differ."""

    difference: str = ""
    """What is different; empty if nothing is."""

    def __str__(self) -> str:
        mark = "DIFFERENT" if self.difference else "ok"
        return f"{mark:<9}  {self.subject}: {self.difference or self.found}"


def whole(subject: str, length: int, file: Rows) -> Check:
    """Rows that were filtered by their scores: what must be there depends on when they came."""
    try:
        count = sum(len(rows) for rows in file())
    except RecordError as error:
        return Check(subject, "", str(error))
    found = f"{count:,}, filtered by scores and so not compared; {plural(length, 'byte')}"
    return Check(subject, found)


def same_rows(subject: str, length: int, file: Rows, expected: Multiset, topic: Rows) -> Check:
    try:
        found = files.gathered(file())
    except RecordError as error:
        return Check(subject, "", str(error))
    bucket = found.difference(expected)
    if bucket is None:
        return Check(subject, f"the same {len(found):,}; {plural(length, 'byte')}")
    counts = f"{len(found):,} in the file, {len(expected):,} from the topic"
    return Check(subject, "", f"{counts}: {files.name_difference(bucket, file(), topic())}")
