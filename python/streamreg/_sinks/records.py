"""Sink: what stands in a file that a run has written, read back piece by piece.

A record ends with LF outside of quotes. No more of CSV is needed to split a changelog into rows (a cell with a quote, a
comma or an end of line is quoted, a quote in it doubled), and JSON lines hold no LF at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from streamreg._exceptions import OutputError
from streamreg._plural import plural

_PIECE = 1 << 20
_LONGEST = 1 << 28
"""Bytes of a record: only a quote that is never closed makes one so long."""

_SHOWN = 100
"""Characters of a record shown in an error."""


class RecordError(OutputError):
    """An output that no run can have left so; the text says why."""


def pieces(path: Path, length: int) -> Iterator[bytes]:
    """The first `length` bytes of a file.

    Raises:
        RecordError: if it cannot be read or is shorter.
    """
    try:
        with path.open("rb") as file:
            left = length
            while left:
                piece = file.read(min(left, _PIECE))
                if not piece:
                    raise RecordError(f"it has {plural(length - left, 'byte')}, not {length:,}")
                left -= len(piece)
                yield piece
    except RecordError:  # an OSError too, as every OutputError
        raise
    except FileNotFoundError:
        raise RecordError("it is missing") from None
    except OSError as error:
        raise RecordError(f"it cannot be read: {error.strerror}") from error


def last_records(path: Path, length: int, most: int) -> Sequence[bytes]:
    """The whole records in the last bytes, at most `most`, of the first `length` of a file of CSV, without its header.

    Raises:
        RecordError: if it cannot be read, is shorter, or ends in the middle of a record.
    """
    start = max(length - most, 0)
    try:
        with path.open("rb") as file:
            file.seek(start)
            tail = file.read(length - start)
    except OSError as error:
        raise RecordError(f"it cannot be read: {error.strerror}") from error
    if len(tail) < length - start:
        raise RecordError(f"it has {plural(start + len(tail), 'byte')}, not {length:,}")
    # A file ends outside of quotes: an odd number of them says that the tail begins within some.
    opened = b'"' if tail.count(b'"') % 2 else b""
    found = [record for each in records([opened + tail], quotes=True) for record in each]
    return found[1:]  # The first one is the header, or may lack its beginning.


def records(parts: Iterable[bytes], *, quotes: bool, whole: bool = True) -> Iterator[list[bytes]]:
    """The records in these bytes without their line ends, a list for each part.

    Args:
        parts: the bytes, cut anywhere.
        quotes: whether an end of line within quotes belongs to a cell, as in CSV.
        whole: whether the last record must have its end; else it is left out.

    Raises:
        RecordError: if the last record has no end, or one is longer than any can be.
    """
    rest = b""
    quoted = bytearray()
    for part in parts:
        text = rest + part
        lines = text.split(b"\n")
        rest = lines.pop()
        if quotes and (quoted or b'"' in text):
            lines = list(_joined(lines, quoted))
        if len(rest) + len(quoted) > _LONGEST:
            raise RecordError(f"a record in it has no end after {_LONGEST:,} bytes")
        yield lines
    if whole and (rest or quoted):
        raise RecordError("it ends in the middle of a record")


def _joined(lines: Iterable[bytes], quoted: bytearray) -> Iterator[bytes]:
    """Lines put together where quotes go over their ends; `quoted` holds the beginning of what is still open."""
    for line in lines:
        odd = line.count(b'"') % 2 == 1
        if not quoted:
            if odd:
                quoted += line
            else:
                yield line
            continue
        quoted += b"\n" + line
        if odd:
            yield bytes(quoted)
            quoted.clear()


def shown(text: bytes) -> str:
    """Bytes of a file for people, on one line and not a long one."""
    whole = repr(text.decode("utf-8", "replace"))
    return whole if len(whole) <= _SHOWN else whole[:_SHOWN] + "…"
