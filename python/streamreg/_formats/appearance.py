"""Format: what a message looks like that does not fit, and which setting would change that.

For messages to people alone: nothing that is read depends on it.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from streamreg._core import split_header

_DELIMITERS: Final = {";": "semicolons", "\t": "tabs", "|": "bars"}
_MARK: Final = b"\xef\xbb\xbf"
_UTF16: Final = "text in UTF-16: let the producer send UTF-8"
_COMPRESSED: Final = (
    "{}: let the producer send plain text; with its compression.type clients undo it"
)
_BEGINNINGS: Final = {
    b"\x1f\x8b": _COMPRESSED.format("compressed by gzip"),
    b"\x28\xb5\x2f\xfd": _COMPRESSED.format("compressed by zstd"),
    b"\x04\x22\x4d\x18": _COMPRESSED.format("compressed by lz4"),
    b"\xff\x06\x00\x00sNaPpY": _COMPRESSED.format("compressed by snappy"),
    b"\x03\x00": "framed by the AWS Glue Schema Registry: let the producer send plain JSON or CSV",
    b"\x03\x05": "framed by the AWS Glue Schema Registry: let the producer send plain JSON or CSV",
    b"Obj\x01": "an Avro file: let the producer send plain JSON or CSV",
    b"<": "XML: let the producer send JSON or CSV",
}


def appearance(
    value: bytes, format: str, columns: Collection[str], *, framed: bool = False
) -> str | None:
    """What a value is likely to be instead, and what to do, where it does not fit this format; None if that is unclear.

    `value` may be the beginning of a long one. `framed` says that the format reads the frame of a Schema Registry.
    """
    if _in_utf16(value):
        return _UTF16
    for beginning, look in _BEGINNINGS.items():
        if value.startswith(beginning) and format != "raw":
            return look
    if len(value) > 4 and value[:1] == b"\0" and not framed:
        return (
            "framed by a Schema Registry's serializer (a zero byte, the schema's id, then Avro, Protobuf or JSON): "
            'read it with format="avro", "protobuf" or "json" and schema_registry={…}'
        )
    text = value.removeprefix(_MARK).decode("utf-8", "replace").strip()
    if text.startswith("{"):
        return _of_object(text, format, columns)
    if text.startswith("["):
        if format == "json":
            return 'a JSON array: set records="many"'
        return 'a JSON array: set format="json" and records="many"' if format == "csv" else None
    if format == "json":
        return _of_text(text)
    if format == "csv":
        return _of_record(text, columns)
    return None


def _in_utf16(value: bytes) -> bool:
    """Whether it is text in UTF-16, of either order: with a mark, or without one and all Latin."""
    if value.startswith((b"\xff\xfe", b"\xfe\xff")) and b"\0" in value:
        return True
    pairs = value[: len(value) // 2 * 2]
    halves = (pairs[::2], pairs[1::2])
    return len(value) > 3 and any(
        not any(empty) and all(other) for empty, other in (halves, halves[::-1])
    )


def _of_object(text: str, format: str, columns: Collection[str]) -> str | None:
    if format == "csv":
        return 'JSON: set format to "json"'
    if format == "json" and '"payload"' in text and "payload" not in columns:
        return (
            'JSON in an envelope with a schema: its columns stand in "payload". Name their places, like '
            'json_field_paths={"x": "/payload/x"}, or let the producer send them alone (Kafka Connect: '
            "value.converter.schemas.enable=false)"
        )
    if format == "json" and '"after"' in text and "after" not in columns:
        return (
            'a change event, whose columns stand in "after": set format="debezium", or let the producer send them '
            "alone (Debezium: the transformation ExtractNewRecordState)"
        )
    return None


def _of_text(text: str) -> str | None:
    if "," in text and "\n" not in text:
        return 'CSV: set format to "csv"'
    return None


def _of_record(text: str, columns: Collection[str]) -> str | None:
    for delimiter, name in _DELIMITERS.items():
        if "," not in text and text.count(delimiter) >= max(len(columns) - 1, 1):
            return f"fields between {name}: set delimiter={delimiter!r}"
    return None


def header_and_more(value: bytes, columns: Collection[str]) -> bool:
    """Whether a message holds the names of the columns and then other lines."""
    first, *others = value.removeprefix(_MARK).splitlines()[:2] or [b""]
    try:
        return bool(others) and set(split_header(first)) >= set(columns)
    except ValueError:
        return False
