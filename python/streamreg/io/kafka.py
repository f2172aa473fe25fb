"""Tables read from a Kafka topic."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from streamreg._exceptions import ConfigurationError
from streamreg._types import encodable
from streamreg.schema import Schema, schema_columns
from streamreg.table import Table

__all__ = ["read"]


def read(
    rdkafka_settings: Mapping[str, str | int | float | bool],
    topic: str,
    *,
    schema: type[Schema],
    format: Literal["csv", "json", "raw"] = "csv",
    mode: Literal["streaming", "static"] = "streaming",
    autocommit_duration_ms: int = 1500,
    header: Sequence[str] | None = None,
) -> Table:
    """A table of the messages of a topic.

    A message that does not fit the schema is a reject: counted, kept if `run` is told where, and not in the table.
    A message without a value (a tombstone) is skipped.

    Args:
        rdkafka_settings: settings of librdkafka, as they are: `bootstrap.servers` is required; `auto.offset.reset`
            says where a run begins, "earliest" (the default) or "latest". With a `group.id`, merged offsets are
            committed to that group, for tools that show the lag; no group is joined. `fetch.message.max.bytes` is
            131072 here, for the sake of memory: for a broker that is far away set it higher.
        topic: the topic.
        schema: the columns and their types.
        format: "csv": one RFC 4180 record a message. The first message of the topic names the columns, in any order;
            others than the schema's are ignored. "json": one object a message. "raw": the whole message in the
            schema's only column, as `bytes` or `str`.
        mode: "streaming" reads for ever; "static" reads up to the ends found at the start, then finishes.
        autocommit_duration_ms: the least time between the ends of two epochs, in milliseconds. 0: an epoch ends as
            soon as it holds anything.
        header: names of the fields of a CSV message, for a topic whose messages come without a header.

    Raises:
        ConfigurationError: naming the argument or setting that cannot be used.
    """
    # Late: they bring the client, whose import is slow.
    from streamreg._kafka import KafkaSource
    from streamreg._kafka_settings import checked

    settings = checked(rdkafka_settings)
    if not isinstance(topic, str) or not topic:
        raise ConfigurationError(f"topic: expected the name of a topic, found {topic!r}")
    _choice("format", format, ("csv", "json", "raw"))
    _choice("mode", mode, ("streaming", "static"))
    if (
        isinstance(autocommit_duration_ms, bool)
        or not isinstance(autocommit_duration_ms, int)
        or autocommit_duration_ms < 0
    ):
        raise ConfigurationError(
            "autocommit_duration_ms: expected a number of milliseconds, 0 or more, found "
            f"{autocommit_duration_ms!r}"
        )
    columns = schema_columns(schema)
    kinds = list(columns.values())
    if format == "raw" and kinds not in (["bytes"], ["str"]):
        raise ConfigurationError('schema: format="raw" needs one column, of type bytes or str')
    if header is not None:
        _check_header(header, format, columns)
        header = list(header)
    return Table._from_source(
        KafkaSource(settings, topic, dict(columns), format, mode, autocommit_duration_ms, header)
    )


def _choice(name: str, value: str, choices: Sequence[str]) -> None:
    if value not in choices:
        raise ConfigurationError(
            f"{name}: expected {' or '.join(map(repr, choices))}, found {value!r}"
        )


def _check_header(header: Sequence[str], format: str, columns: Mapping[str, str]) -> None:
    if format != "csv":
        raise ConfigurationError(f'header: only format="csv" has one, not {format!r}')
    if (
        isinstance(header, str)
        or not isinstance(header, Sequence)
        or not all(isinstance(name, str) and encodable(name) for name in header)
    ):
        raise ConfigurationError(f"header: expected a list of names, found {header!r}")
    for name in columns:
        if list(header).count(name) != 1:
            raise ConfigurationError(
                f"header: column {name!r} of the schema must stand in it once, found {list(header)}"
            )


def __dir__() -> list[str]:
    return sorted(__all__)
