"""Tables read from a Kafka topic, and written to one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from streamreg._exceptions import ConfigurationError, ProgramError
from streamreg._language import outputs
from streamreg._language.keys import key_columns, keys_for
from streamreg._language.outputs import Output
from streamreg._language.schema import Schema, schema_columns
from streamreg._language.table import Table
from streamreg._source.arguments import check_interval, check_mode

if TYPE_CHECKING:
    from streamreg._formats.contract import Format
    from streamreg._formats.options import Records
    from streamreg._formats.registry import FormatName
    from streamreg._kafka.settings import OAuthCallback, ReaderChoice

__all__ = ["read", "write"]


def __dir__() -> list[str]:
    return __all__


def read(
    rdkafka_settings: Mapping[str, str | int | float | bool | OAuthCallback],
    topic: str | Sequence[str] | None = None,
    *,
    schema: type[Schema],
    pattern: str | None = None,
    format: FormatName | Format = "csv",
    mode: Literal["streaming", "static"] = "streaming",
    autocommit_duration_ms: int = 1500,
    header: Sequence[str] | None = None,
    delimiter: str | None = None,
    json_field_paths: Mapping[str, str] | None = None,
    numbers_in_strings: bool | None = None,
    records: Records | None = None,
    schema_registry: Mapping[str, object] | None = None,
    subject: str | None = None,
    metadata: Mapping[str, str] | None = None,
    upsert: bool | None = None,
    reader: ReaderChoice = "auto",
    start: Literal["earliest", "latest"]
    | datetime
    | Mapping[int, int]
    | Mapping[str, Mapping[int, int]]
    | None = None,
    wait_for_topic: bool = False,
    on_lost_offsets: Literal["fail", "continue"] = "fail",
) -> Table:
    """A table of the messages of a topic, or of several.

    A message that does not fit the schema is a reject: counted, kept if `run` is told where, and not in the table.
    A message without a value (a tombstone) is skipped; with `upsert` it removes the row of its key.

    Args:
        rdkafka_settings: settings of librdkafka, as they are: `bootstrap.servers` is required; `oauth_cb` is a function
            that gives a token for OAUTHBEARER, as confluent-kafka has it, called in each process; `auto.offset.reset`
            says where a run begins, "earliest" (the default) or "latest", if `start` does not. With a `group.id` merged
            offsets are committed to that group, for tools that show the lag; no group is joined.
            `fetch.message.max.bytes` is 524288 for the client, for the sake of memory: for a broker that is far away
            set it higher.
        topic: the topic, or several of the same schema. A job with a state can go on with more topics: those that are
            new are read from their beginning. With fewer it is another job.
        schema: the columns and their types. Values of those like `float | None` can be missing: an empty CSV cell (of
            text and bytes one without quotes), JSON's null or no such member, no such part of a message's metadata.
        pattern: in place of `topic` a regular expression of Python, which a whole name matches, as in Java's clients;
            a `^` before it, as librdkafka has it, changes nothing. Topics whose names begin with `__` are left out.
            Topics that are made later are found as new partitions are, and read from their beginning.
        format: "csv": one RFC 4180 record a message. The first message of the topic names the columns, in any order;
            others than the schema's are ignored. Several topics have the same header. "json": one object a message.
            "raw": the whole message in the schema's only column, as `bytes` or `str`. "debezium": one change event of
            Debezium a message, in JSON with or without its schema: `after` replaces the row of the message's key, a
            deletion removes it. Without a key (a table without a primary key) `before` is taken back and `after`
            added; where `before` is missing the message is a reject. A truncation ends the run with SourceError.
            "avro": one record a message, behind the frame of a Schema Registry (`schema_registry`). Its fields are the
            columns: int and long for int, float too; float and double for float; decimals for Decimal; string and
            enum for str; dates and timestamps for datetime, which local ones need a `tz` for; times of day for
            timedelta. A union with null is a column like `float | None`, and so is a field that some schemas lack.
            "protobuf": one message of Protobuf, likewise: whole numbers of all kinds for int, float and Decimal; an
            enum for str (its name) or int; `google.protobuf.Timestamp` for datetime and `Duration` for timedelta. A
            field that is not written is 0, false or empty; one of those with presence (`optional`, in a `oneof` or in
            a message that is not there, `google.protobuf.DoubleValue` and its like) is a missing value.
        mode: "streaming" reads for ever; "static" reads up to the ends found at the start, then finishes.
        autocommit_duration_ms: the least time between the ends of two epochs, in milliseconds. 0: an epoch ends as
            soon as it holds anything.
        header: names of the fields of a CSV message, for a topic whose messages come without a header.
        delimiter: what stands between the fields of a CSV message: a comma, if nothing is said; a tab or another
            punctuation mark.
        json_field_paths: columns that are no members of the JSON object itself, and where they stand in it, as JSON
            pointers (RFC 6901): `{"x": "/payload/after/x"}`; the items of an array by their numbers. Likewise through
            the records of Avro and the messages of Protobuf.
        numbers_in_strings: whether JSON may hold the numbers of float and int columns as strings, too: `"1.5"`.
        records: "many" for messages that hold any number of records: CSV, one a line, also with a header before them;
            a JSON array of objects, or an object a line. Each is a row or a reject of its own. "one" otherwise.
        schema_registry: settings of confluent-kafka's client of a Schema Registry, as they are: `url`,
            `basic.auth.user.info`, `ssl.ca.location`, `bearer.auth.*`; needs the extra `registry`. For "avro" and
            "protobuf", and for "json" whose messages begin with a registry's frame. The run asks for each schema when
            the first message names it, and while the registry is away it waits and says so. An id that the registry
            does not know is a reject (`unknown-schema`); a registry that does not let the program in ends the run with
            SourceError.
        subject: the registry's subject whose latest schema is compared with `schema` when a run begins; the topic's
            name with `-value` behind it, if nothing is said.
        metadata: columns of what a message carries beside its value, as `{"sensor": "key"}`: "timestamp", "key",
            "topic", "partition", "offset", or "header:" and a name, of which the last counts. A timestamp is a
            datetime, or milliseconds since 1970-01-01 UTC if the schema declares the column as int; a key or header is
            text, or bytes if the schema says so. A message that does not have it, or has no text where text is wanted,
            is a reject.
        upsert: whether the key of a message names its row: a message replaces the row of the last one with that key
            in its partition, and a tombstone removes it, as in compacted topics and changelogs of tables. A message
            without a key is a reject (`missing-key`), and a reject changes nothing: the row of its key stands. All
            that is computed follows exactly: it is that of the rows that stand; outputs of rows get -1 of the old
            row and 1 of the new one. `predict_on` scores each row once, when it comes, and takes nothing back. Rows
            that are taken back are computed anew, so that functions given to `apply` must give the same for the
            same row. The last message of each key is kept in the state of the run, on disk; of a run without a
            state in a temporary file. Always so with format="debezium".
        reader: who reads the messages. "native": streamreg itself, several times as fast as the Kafka client; what is
            unusual it hands over to the client at the next offset, says so once, and tries again some time later.
            "client": the client (librdkafka) always. "auto": natively where all `rdkafka_settings` are known to the
            native reader. The messages, and so the results, are the same.
        start: where a run begins that has no state, or whose state has no offsets yet: "earliest", "latest", a datetime
            (with a tzinfo: at the first message of each partition that is not older), or offsets by partition, as
            `{0: 1200}` (partitions that are not named: at the earliest), of several topics by topic and partition, as
            `{"a": {0: 1200}}`. It is looked up once: from before the first
            message on the state has the offsets, and a run that has a state takes no heed of it. Partitions that are
            added later are read from their beginning.
        wait_for_topic: whether topics that are not there yet are waited for, which the run says, and no error.
        on_lost_offsets: what happens where the broker has deleted messages before they were read (retention): "fail"
            ends the run with SourceError. "continue" goes on with what is there; the sums stay those of all messages
            that were read, and the gap is logged, counted in `Summary.lost` and kept in the state.

    Raises:
        ConfigurationError: naming the argument or setting that cannot be used.
    """
    # Late: they bring the client and NumPy, whose import is slow.
    from streamreg._formats.registry import input_of
    from streamreg._kafka.native_reader import check_reader
    from streamreg._kafka.settings import checked
    from streamreg._kafka.source import KafkaSource
    from streamreg._kafka.start import checked_start
    from streamreg._kafka.topics import checked_topics

    settings = checked(rdkafka_settings)
    check_reader(reader, settings)
    topics = checked_topics(topic, pattern)
    check_mode(mode)
    check_interval(autocommit_duration_ms)
    options = {
        "header": header,
        "delimiter": delimiter,
        "json_field_paths": json_field_paths,
        "numbers_in_strings": numbers_in_strings,
        "records": records,
        "schema_registry": schema_registry,
        "subject": subject,
    }
    if not isinstance(wait_for_topic, bool):
        raise ConfigurationError(
            f"wait_for_topic: expected True or False, found {wait_for_topic!r}"
        )
    if on_lost_offsets not in ("fail", "continue"):
        raise ConfigurationError(
            f"on_lost_offsets: expected 'fail' or 'continue', found {on_lost_offsets!r}"
        )
    source = KafkaSource(
        settings,
        topics,
        mode,
        autocommit_duration_ms,
        reader,
        checked_start(start, topics),
        wait_for_topic,
        on_lost_offsets == "continue",
    )
    columns = schema_columns(schema)
    return Table._from_input(input_of(source, columns, format, metadata, options, upsert=upsert))


def write(
    rows: Table,
    rdkafka_settings: Mapping[str, str | int | float | bool],
    topic: str,
    *,
    key: str | Sequence[str] | None = None,
    mode: Literal["changelog", "current"] = "changelog",
    format: Literal["json", "csv", "avro"] = "json",
    schema_registry: Mapping[str, object] | None = None,
    subject: str | None = None,
    create: Mapping[str, str | int] | None = None,
    time: Literal["epoch", "unix_ms"] = "epoch",
) -> Output:
    """Writes every change of a table to a topic, from the next `run` on.

    The changes of an epoch are one transaction, which commits the epoch too, as an offset of the group that is called
    as the transactional id: with a state, readers of committed messages (`isolation.level=read_committed`) see each
    change once, whatever dies whenever. Without a state the last changes may be missing if the run is killed. A run
    that begins with the transactional id of another one ends that one.

    A message is a JSON object, or a record of CSV; its key the same of the key columns alone. In JSON a datetime, a
    timedelta and bytes (in base64) are text, and so are "NaN" and "Infinity"; what is missing is null. The topic
    must be empty at first, and nobody else may write to it.

    In Avro a value stands behind the frame of a Schema Registry: a record whose fields are the columns, each with null
    as its default, so that a column more or less is compatible both ways. A float is a double, an int a long, a
    datetime a timestamp in microseconds, a decimal one of 38 digits, 18 of them behind the point; a timedelta is text.
    Changes have `time` and `diff` behind them, both long. The schema is registered before the first message; one that
    is not compatible with its subject is refused before the run begins, and a registry that is away is waited for. Keys
    are JSON: an id before them would make other keys of them whenever the schema changes.

    Args:
        rows: the table to write.
        rdkafka_settings: settings of librdkafka, as they are: `bootstrap.servers` is required. `transactional.id` is
            "streamreg-" and the topic, if nothing is said.
        topic: the topic.
        key: the columns that the key of a message is made of. By default the keys of the table, the same for all
            messages if it has one row; without keys (rows of a source) messages have none.
        mode: "changelog": every change is a message, with `time` and `diff` in its value and its headers.
            "current": a message has the row as it is now, a tombstone says that the row of its key is gone: fit for
            compaction. For results of reductions and regressions.
        format: "json", "csv" or "avro".
        schema_registry: settings of confluent-kafka's client of a Schema Registry, for "avro", as for `read`.
        subject: where the schema is registered; the topic's name with `-value` behind it, if nothing is said.
        create: settings of the topic, which is made if it is not there: `num.partitions`, `replication.factor`, others
            as Kafka has them. In the mode "current" `cleanup.policy` is "compact", if nothing is said.
        time: what `time` holds, as for `io.csv.write`.

    Returns:
        The output, for `run(outputs=[…])`, as of `io.csv.write`.

    Raises:
        ConfigurationError: naming the argument or setting that cannot be used.
        ProgramError: if the table has a column `time` or `diff`, or no column that is named as a key; with
            mode="current", if its rows have no keys, or one is not among the columns.
    """
    # Late: they bring the client.
    from streamreg._kafka.settings import checked
    from streamreg._kafka.sink import Topic
    from streamreg._kafka.sink_messages import FORMATS
    from streamreg._kafka.topic_settings import checked_topic_settings

    settings = checked(rdkafka_settings)
    if not isinstance(topic, str) or not topic:
        raise ConfigurationError(f"topic: expected the name of a topic, found {topic!r}")
    if format not in FORMATS:
        raise ConfigurationError(f"format: expected 'json', 'csv' or 'avro', found {format!r}")
    keys = keys_for(rows, mode, Topic.call)
    sink = Topic(
        mode=mode,
        keys=keys,
        settings=settings,
        topic=topic,
        format=format,
        message_key=_message_key(rows, key, keys if mode == "current" else None),
        create=checked_topic_settings(create),
        schema_registry=_registry(format, schema_registry, subject),
        subject=subject,
    )
    return outputs.write(rows, sink, time)


def _message_key(
    rows: Table, given: str | Sequence[str] | None, keys: tuple[str, ...] | None
) -> tuple[str, ...] | None:
    """The columns of the key of a message; `keys` are those by which readers take rows for the same, if they do."""
    if given is None:
        if keys is not None:
            return keys
        try:
            return key_columns(rows, "io.kafka.write")
        except ProgramError:
            return None  # Rows of a source: any partition is as good as another.
    found = (given,) if isinstance(given, str) else given
    if not isinstance(found, Sequence) or not all(isinstance(name, str) for name in found):
        raise ConfigurationError(f"key: expected the name of a column, or several, found {given!r}")
    for name in found:
        rows[name]
    if keys is not None and sorted(found) != sorted(keys):
        raise ProgramError(
            f'io.kafka.write: key: mode="current" upserts rows by their keys: expected {", ".join(keys) or "none"}, '
            f"found {', '.join(found)}"
        )
    return tuple(found)


def _registry(
    format: str, given: Mapping[str, object] | None, subject: str | None
) -> Mapping[str, object] | None:
    """The checked settings of the registry, of a format that has one."""
    from streamreg._formats.avro import Avro
    from streamreg._formats.options import check_subject_name
    from streamreg._formats.schema_registry import check_installed, checked_settings

    check_subject_name(subject)
    if format == Avro.name:
        if given is None:
            raise ConfigurationError(Avro.needed())
        check_installed("fastavro")
        return checked_settings(given)
    for option, value in (("schema_registry", given), ("subject", subject)):
        if value is not None:
            raise ConfigurationError(f'{option}: only format="avro" has one, not {format!r}')
    return None
