"""Sink: cells of CSV text as JSON, whose numbers are the very ones that the cells have.

Doubles stand as their shortest text, integers and decimals with all their digits. JSON has no NaN and no infinities:
they are texts, as protobuf writes them there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from json.encoder import encode_basestring as _quoted
from typing import TYPE_CHECKING, Final

from streamreg._sinks.cells import unquoted

if TYPE_CHECKING:
    from streamreg._sinks.contract import ColumnSpec
    from streamreg._sinks.standing import Cells
    from streamreg._types import DType

_NUMBERS: Final = ("float", "int", "decimal")
_NOT_FINITE: Final[Mapping[bytes, bytes]] = {
    b"nan": b'"NaN"',
    b"inf": b'"Infinity"',
    b"-inf": b'"-Infinity"',
}

_PLAIN: Final = re.compile(rb"[ !#-\[\]-~]+").fullmatch
"""Text that stands in JSON as it stands in a cell."""


def json_writer(columns: Sequence[ColumnSpec]) -> Callable[[Cells], bytes]:
    """What makes an object of cells."""
    members = [_quoted(column.name).encode().replace(b"%", b"%%") + b":%b" for column in columns]
    whole = b"{" + b",".join(members) + b"}"
    writers = [json_of(column.dtype) for column in columns]

    def write(cells: Cells) -> bytes:
        return whole % tuple([of(cell) for of, cell in zip(writers, cells, strict=True)])

    return write


def json_of(dtype: DType) -> Callable[[bytes], bytes]:
    """What makes a value of JSON of a cell."""
    if dtype in _NUMBERS:
        other = {**_NOT_FINITE, b"": b"null"}
        return lambda cell: other.get(cell, cell)
    if dtype == "bool":
        return lambda cell: cell.lower() or b"null"
    return _json_text


def _json_text(cell: bytes) -> bytes:
    if _PLAIN(cell):
        return b'"%b"' % cell
    if not cell:
        return b"null"
    quoted: str = _quoted(unquoted(cell).decode())
    return quoted.encode()
