"""Sink: rows of CSV text as JSON objects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from streamreg._core import JsonRows

if TYPE_CHECKING:
    from streamreg._sinks.contract import ColumnSpec
    from streamreg._types import DType, JsonKind

_KINDS: Final[Mapping[DType, JsonKind]] = {
    "float": "number",
    "int": "number",
    "decimal": "number",
    "bool": "bool",
}
"""All others are text."""


def json_rows(columns: Sequence[ColumnSpec]) -> JsonRows:
    """What makes objects of rows with these columns."""
    return JsonRows([(column.name, _KINDS.get(column.dtype, "text")) for column in columns])
