"""Sink: rows of CSV text as values, and values as such rows, without any loss."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import groupby, islice
from typing import TYPE_CHECKING, Final

from streamreg._core import micros_of_texts, render, stamp

if TYPE_CHECKING:
    from streamreg._types import DType

_CELL: Final = re.compile(rb'(?:^|,)("(?:[^"]|"")*"|[^,]*)')
_AT_A_TIME: Final = 10_000
"""Rows that become lines together."""

_RECORD: Final = re.compile(rb'(?:[^"\n]|"(?:[^"]|"")*")*\n')


def unquoted(cell: bytes) -> bytes:
    """The bytes of a cell of text, without the quotes around it."""
    return cell[1:-1].replace(b'""', b'"') if cell.startswith(b'"') else cell


def key_name(key: Sequence[bytes]) -> str | None:
    """The cells of a key for people, a missing one apart from an empty text; None where there are no keys."""
    return ", ".join(map(_name, key)) if key else None


def _name(cell: bytes) -> str:
    if not cell:
        return "null"
    text = unquoted(cell).decode()
    return f'"{text}"' if text in ("", "null") else text


def _timedelta(cell: bytes) -> timedelta:
    (count,), _ = micros_of_texts("timedelta", [cell.decode()])
    return timedelta(microseconds=int(count))


_VALUES: Final[dict[DType, Callable[[bytes], object]]] = {
    "float": float,
    "int": int,
    "decimal": lambda cell: Decimal(cell.decode()),
    "datetime": lambda cell: datetime.fromisoformat(cell.decode()),
    "timedelta": _timedelta,
    "bool": lambda cell: cell == b"True",
    "str": lambda cell: unquoted(cell).decode(),
    "bytes": lambda cell: base64.b64decode(unquoted(cell)),
    "any": lambda cell: unquoted(cell).decode(),
}


def records_of(lines: bytes) -> Iterator[bytes]:
    """The records of a text, without their line ends, which may stand within quotes too."""
    if b'"' in lines:
        yield from (record[:-1] for record in _RECORD.findall(lines))
    else:
        yield from lines.split(b"\n")[:-1]


def cells_of(row: bytes) -> list[bytes]:
    """The cells of a row, in their quotes if they have some."""
    found: list[bytes] = _CELL.findall(row) if b'"' in row else row.split(b",")
    return found


def value_of(cell: bytes, dtype: DType) -> object:
    """The value that a cell of a column of this type stands for; None for an empty one."""
    return _VALUES[dtype](cell) if cell else None


def rows_of(lines: bytes, dtypes: Sequence[DType]) -> Iterator[tuple[tuple[object, ...], int, int]]:
    """The rows of a changelog, each with its time and its diff."""
    for record in records_of(lines):
        *cells, time, diff = cells_of(record)
        values = (value_of(cell, dtype) for cell, dtype in zip(cells, dtypes, strict=True))
        yield tuple(values), int(time), int(diff)


def lines_of(rows: Iterable[tuple[Sequence[object], int, int]]) -> Iterator[list[bytes]]:
    """Rows of a changelog, as `rows_of` gives them, as lines without their ends, some at a time."""
    for (time, diff), alike in groupby(rows, key=lambda row: row[1:]):
        while piece := [values for values, _, _ in islice(alike, _AT_A_TIME)]:
            columns = [list(column) for column in zip(*piece, strict=True)]
            yield list(records_of(stamp(render(columns), time, diff)))
