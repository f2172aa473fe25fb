"""Verify: the outcome of one comparison, and the comparison of rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias

from streamreg._dataclass import dataclass
from streamreg._exceptions import OutputError
from streamreg._operate.verify import changelog_files as files
from streamreg._operate.verify.multiset import Multiset
from streamreg._plural import plural
from streamreg._sinks.contract import MovedOnError

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

    compared: bool = True
    """Whether it could be compared; if not, `found` says why."""

    def __str__(self) -> str:
        mark = "DIFFERENT" if self.difference else "ok" if self.compared else "unknown"
        return f"{mark:<9}  {self.subject}: {self.difference or self.found}"


def not_compared(subject: str) -> Check:
    """An output whose sink cannot be read: nobody knows what is in it."""
    return Check(subject, "not compared: such an output cannot be read back", compared=False)


def failed(subject: str, error: OutputError) -> Check:
    """An output that cannot be read as it should."""
    if isinstance(error, MovedOnError):
        return Check(subject, f"not compared: {error}", compared=False)
    return Check(subject, "", str(error))


def whole(subject: str, extent: str, output: Rows) -> Check:
    """Rows that were filtered by their scores: what must be there depends on when they came."""
    try:
        count = sum(len(rows) for rows in output())
    except OutputError as error:
        return failed(subject, error)
    found = f"{count:,}, filtered by scores and so not compared; {extent}"
    return Check(subject, found)


def same_standing_rows(
    subject: str,
    extent: str,
    output: Callable[[], files.Signed],
    expected: Multiset,
    topic: Callable[[], files.Signed],
) -> Check:
    """As `same_rows`, of rows that come and go."""
    found = Multiset()
    changes = 0
    try:
        for come, gone in output():
            found.add(come)
            found.add(gone, -1)
            changes += len(come) + len(gone)
    except OutputError as error:
        return failed(subject, error)
    bucket = found.difference(expected)
    if bucket is None:
        return Check(
            subject, f"the same {len(found):,} after {plural(changes, 'change')}; {extent}"
        )
    counts = f"{len(found):,} stand there, {len(expected):,} from the topic"
    named = files.name_signed_difference(bucket, output(), topic())
    return Check(subject, "", f"{counts}: {named}")


def same_rows(subject: str, extent: str, output: Rows, expected: Multiset, topic: Rows) -> Check:
    try:
        found = files.gathered(output())
    except OutputError as error:
        return failed(subject, error)
    bucket = found.difference(expected)
    if bucket is None:
        return Check(subject, f"the same {len(found):,}; {extent}")
    counts = f"{len(found):,} written, {len(expected):,} from the topic"
    return Check(subject, "", f"{counts}: {files.name_difference(bucket, output(), topic())}")
