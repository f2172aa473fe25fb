"""Source, files: where the records of a piece of text begin and end.

A record ends with LF or CRLF. In CSV a line end between quotes ends none (RFC 4180): as in the core's walk through a
message of many records (`decode/csv/split.rs`), each quote opens or closes. A line without anything is no record. No
step goes from record to record in Python, but where quotes stand around line ends.
"""

from __future__ import annotations

from functools import cached_property
from itertools import repeat
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from streamreg._dataclass import dataclass

if TYPE_CHECKING:
    from numpy.typing import NDArray

_BLANK: Final = b" \t\r\x0c"
_SPACES: Final = (b" ", b"\t", b"\x0c", b"\r\r")
MARK: Final = b"\xef\xbb\xbf"
"""The byte order mark that may stand before a text."""


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


def whole_records(data: bytes, *, quotes: bool) -> int:
    """The length of the whole records with which `data` begins; 0 if it holds none.

    Goes backwards over the line ends that stand between quotes, so that no byte is looked at more than twice.
    """
    at = data.rfind(b"\n")
    opened = quotes and at > 0 and data.count(b'"', 0, at) % 2 == 1
    while opened and at >= 0:
        before = data.rfind(b"\n", 0, data.rfind(b'"', 0, at))
        opened ^= data.count(b'"', max(before, 0), at) % 2 == 1
        at = before
    return at + 1


def first_record(data: bytes, *, quotes: bool, final: bool) -> tuple[bytes, int] | None:
    """The first record with which a file begins, and where it ends; None if it is not whole, or there is none.

    `final`: whether the file ends with `data`.
    """
    start = at = len(MARK) if data.startswith(MARK) else 0
    opened = False
    while (end := data.find(b"\n", at)) >= 0:
        opened ^= quotes and data.count(b'"', at, end) % 2 == 1
        at = end + 1
        if not opened:
            if not _is_blank(data[start:end]):
                return data[start:end].removesuffix(b"\r"), at
            start = at
    if final and not _is_blank(data[start:]):
        return data[start:].removesuffix(b"\r"), len(data)
    return None


def records(data: bytes, begin: int, *, quotes: bool) -> Records:
    """The records of a piece that begins and ends where one does, from this byte of its file on."""
    if begin == 0 and data.startswith(MARK):
        data, begin = data[len(MARK) :], len(MARK)
    lines = data.split(b"\n")
    if quotes and b'"' in data:
        lines = _joined(lines)
    if not lines[-1]:
        lines.pop()
    kept = None
    # Where no white space stands, a look at each line for whether it has anything else is saved.
    spaces = any(space in data for space in _SPACES)
    if (
        b"" in lines
        or b"\r" in lines
        or (spaces and not all(map(bytes.strip, lines, repeat(_BLANK))))
    ):
        kept = [at for at, line in enumerate(lines) if line.strip(_BLANK)]
    return Records(lines, kept, begin, b"\r" in data)


def _joined(lines: list[bytes]) -> list[bytes]:
    """The lines of CSV, those together that quotes hold together."""
    flips = [line.count(b'"') % 2 for line in lines]
    if not any(flips):
        return lines
    found: list[bytes] = []
    parts: list[bytes] = []
    for line, flip in zip(lines, flips, strict=True):
        if parts or flip:
            parts.append(line)
        if not parts:
            found.append(line)
        elif flip and len(parts) > 1:
            found.append(b"\n".join(parts))
            parts = []
    # At the end of a file a quote may be left open.
    return [*found, b"\n".join(parts)] if parts else found


def _is_blank(line: bytes) -> bool:
    return not line.strip(_BLANK)
