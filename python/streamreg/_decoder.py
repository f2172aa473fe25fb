"""Decode: the decoder of a source's format."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from streamreg._core import Decoder, csv_decoder, json_decoder, raw_decoder
from streamreg._types import ColumnType


def decoder_of(
    format: Literal["csv", "json", "raw"],
    columns: Mapping[str, ColumnType],
    names: Sequence[str] | None,
) -> Decoder:
    """What reads messages of a format into these columns; `names` are those of the fields of a CSV record.

    Raises:
        ValueError: if the format cannot fill these columns.
    """
    schema = list(columns.items())
    match format:
        case "csv":
            return csv_decoder(schema, names or ())
        case "json":
            return json_decoder(schema)
        case "raw":
            return raw_decoder(schema)
