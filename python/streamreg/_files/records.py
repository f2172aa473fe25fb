"""Source, files: where the records of a piece of text begin and end.

A record ends with LF or CRLF. In CSV a line end between quotes ends none (RFC 4180), by the core's walk
(`decode/csv/records.rs`): a quote that is not closed soon, or by the end of the file, costs its own line alone. A line
without anything is no record. No step goes from record to record in Python, but where quotes stand around line ends.
"""

from __future__ import annotations

from functools import cached_property
from itertools import repeat
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from streamreg._core import record_ends
from streamreg._dataclass import dataclass

if TYPE_CHECKING:
    from numpy.typing import NDArray

_BLANK: Final = b" \t\r\x0c"
_SPACES: Final = (b" ", b"\t", b"\x0c", b"\r\r")
MARK: Final = b"\xef\xbb\xbf"
"""The byte order mark that may stand before a text."""


MOST: Final = 1024 * 1024
"""Bytes within which a quote is to be closed."""


@dataclass(frozen=True)
class Records:
    """The records of a piece of a file."""

    lines: list[bytes]
    """All of the piece, cut at the ends of records."""

    kept: list[int] | None
    """Which of them are records; None: all."""

    begin: int
    """Where the piece begins in its file."""

    returns: bool = False
    """Whether a CR stands anywhere, and so perhaps before the end of a line."""

    @cached_property
    def values(self) -> list[bytes | None]:
        """Each record, without its line end."""
        lines = self.lines if self.kept is None else [self.lines[at] for at in self.kept]
        if self.returns:
            lines = [line.removesuffix(b"\r") for line in lines]
        return [*lines]

    @cached_property
    def starts(self) -> NDArray[Any]:
        """The byte of the file at which each record begins."""
        lengths = np.fromiter(map(len, self.lines), np.int64, len(self.lines)) + 1
        starts = self.begin + np.cumsum(lengths) - lengths
        return starts if self.kept is None else starts[self.kept]


def first_record(data: bytes, *, delimiter: str | None, final: bool) -> tuple[bytes, int] | None:
    """The first record with which a file begins, and where it ends; None if it is not whole, or there is none.

    `final`: whether the file ends with `data`.
    """
    found, length = records(data, 0, delimiter=delimiter, final=final)
    if not found.values:
        return None
    at = 0 if found.kept is None else found.kept[0]
    end = found.begin + sum(map(len, found.lines[: at + 1])) + at + 1
    return found.lines[at].removesuffix(b"\r"), min(end, length)


def ends_of(data: bytes, begin: int, *, delimiter: str, final: bool) -> list[int]:
    """Where in the file the whole records of a piece of CSV end; as `records`."""
    mark = _mark(data, begin)
    ends = record_ends(data[mark:] if mark else data, delimiter, MOST, final)
    return [begin + mark + end for end in ends]


def undecided(data: bytes, begin: int, *, delimiter: str) -> bytes:
    """What is left of a piece of CSV behind its whole records: what follows decides where it ends."""
    if b'"' not in data:
        return data[data.rfind(b"\n") + 1 :]
    ends = ends_of(data, begin, delimiter=delimiter, final=False)
    return data[ends[-1] - begin :] if ends else data


def _mark(data: bytes, begin: int) -> int:
    return len(MARK) if begin == 0 and data.startswith(MARK) else 0


def records(data: bytes, begin: int, *, delimiter: str | None, final: bool) -> tuple[Records, int]:
    """The whole records of a piece that begins where one does, from this byte of its file on, and how long they are.

    `delimiter` is that of CSV; None where each line is a record. `final`: whether the file ends with `data`, and so the
    last record, too.
    """
    mark = _mark(data, begin)
    ends = None
    if delimiter is not None and b'"' in data:
        ends = record_ends(data[mark:] if mark else data, delimiter, MOST, final)
        length = mark + ends[-1] if ends else 0
    else:
        length = len(data) if final else data.rfind(b"\n") + 1
    text = data[mark:length]
    lines = text.split(b"\n")
    if not lines[-1]:
        lines.pop()
    if ends is not None and len(ends) < len(lines):
        lines = [
            text[start:end].removesuffix(b"\n")
            for start, end in zip((0, *ends), ends, strict=False)
        ]
    kept = None
    # Where no white space stands, a look at each line for whether it has anything else is saved.
    spaces = any(space in text for space in _SPACES)
    if (
        b"" in lines
        or b"\r" in lines
        or (spaces and not all(map(bytes.strip, lines, repeat(_BLANK))))
    ):
        kept = [at for at, line in enumerate(lines) if line.strip(_BLANK)]
    return Records(lines, kept, begin + mark, b"\r" in text), length
