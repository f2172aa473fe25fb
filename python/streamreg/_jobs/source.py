"""Stage 4 of a job file, the source: which messages are read, and how they hold the columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args

from streamreg._dataclass import dataclass
from streamreg._exceptions import ConfigurationError
from streamreg._formats.metadata import Metadata
from streamreg._formats.options import Records
from streamreg._formats.registry import OF_REGISTRY, FormatName, having, holding
from streamreg._jobs.check import Section, listed
from streamreg._kafka.settings import ReaderChoice, no_servers
from streamreg._kafka.start import Start, checked_start
from streamreg._kafka.topics import Topics, checked_topics

if TYPE_CHECKING:
    from streamreg._types import SourceType

Format: TypeAlias = FormatName
Mode = Literal["streaming", "static"]

MODES: tuple[Mode, ...] = ("streaming", "static")
_LEAST_SCHEMA: dict[str, SourceType] = {"target": "float", "feature": "float"}
_DAY_MS = 86_400_000
_OF_FILES: tuple[Format, ...] = ("csv", "json")
_OF_TOPICS = (
    "topic", "pattern", "kafka", "records", "metadata", "upsert", "reader", "start", "wait_for_topic",
    "on_lost_offsets",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Source:
    """What is read. None: not given, the reader's default holds."""

    kafka: Mapping[str, str] = field(repr=False)  # holds secrets
    topics: Topics = field(default_factory=Topics)
    """None where files are read."""

    path: tuple[str, ...] = ()
    """Files, or patterns of such, in place of a topic."""

    refresh_seconds: float | None = None
    format: Format | None = None
    mode: Mode | None = None
    autocommit_duration_ms: int | None = None
    header: tuple[str, ...] | None = None
    delimiter: str | None = None
    records: Records | None = None
    numbers_in_strings: bool | None = None
    json_field_paths: Mapping[str, str] = field(default_factory=dict)
    schema_registry: Mapping[str, str] = field(default_factory=dict, repr=False)  # holds secrets
    subject: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    upsert: bool | None = None
    reader: ReaderChoice | None = None
    start: Start | None = None
    wait_for_topic: bool | None = None
    on_lost_offsets: Literal["fail", "continue"] | None = None

    @property
    def name(self) -> str:
        """What a state calls it: the topics, or the paths of the files as they are written."""
        return ", ".join(self.path) if self.path else self.topics.name

    @property
    def replaces(self) -> bool:
        """Whether rows are replaced and removed."""
        return bool(self.upsert) or self.format == "debezium"

    @property
    def given(self) -> dict[str, Any]:
        """The reader's options that the job gives; the others keep the reader's own defaults."""
        options = {
            "format": self.format,
            "mode": self.mode,
            "pattern": self.topics.pattern,
            "autocommit_duration_ms": self.autocommit_duration_ms,
            **self.of_format,
            "metadata": self.metadata or None,
            "upsert": self.upsert,
            "reader": self.reader,
            "start": self.start,
            "wait_for_topic": self.wait_for_topic,
            "on_lost_offsets": self.on_lost_offsets,
            "refresh_seconds": self.refresh_seconds,
        }
        if self.path:
            options["format"] = None  # There is a function for each.
        return {name: value for name, value in options.items() if value is not None}

    @property
    def of_format(self) -> dict[str, Any]:
        """Those that belong to the format."""
        return {
            "header": self.header,
            "delimiter": self.delimiter,
            "records": self.records,
            "numbers_in_strings": self.numbers_in_strings,
            "json_field_paths": self.json_field_paths or None,
            "schema_registry": self.schema_registry or None,
            "subject": self.subject,
        }


def read_source(table: Section) -> Source:
    """What a table says of the source; what is wrong is noted there."""
    if table.has("path"):
        return _read_files(table)
    client = table.section("kafka")
    kafka = client.settings()
    if "bootstrap.servers" not in kafka:
        client.problem("bootstrap.servers", no_servers(kafka))
    topics = _topics(table)
    if table.has("refresh_seconds"):
        table.problem("refresh_seconds", "of files, not of a topic: leave it out, or topic")
    source = Source(
        kafka=kafka,
        topics=topics,
        format=table.choice("format", holding(_LEAST_SCHEMA)),
        mode=table.choice("mode", MODES),
        autocommit_duration_ms=table.integer("autocommit_duration_ms", 0, _DAY_MS),
        header=table.strings("header", required=False) or None,
        delimiter=table.string("delimiter", required=False) or None,
        records=table.choice("records", get_args(Records)),
        numbers_in_strings=table.boolean("numbers_in_strings", False) or None,
        json_field_paths=table.section("json_field_paths").names(),
        schema_registry=table.section("schema_registry").settings(),
        subject=table.string("subject", required=False) or None,
        metadata=table.section("metadata").names(),
        upsert=table.boolean("upsert", False) or None,
        reader=table.choice("reader", get_args(ReaderChoice)),
        start=_start(table, topics),
        wait_for_topic=table.boolean("wait_for_topic", False) or None,
        on_lost_offsets=table.choice("on_lost_offsets", ("fail", "continue")),
    )
    _check_options(table, source)
    if source.upsert and source.records == "many":
        table.problem("upsert", 'not with records = "many": the key of a message names one row')
    table.close()
    return source


def _read_files(table: Section) -> Source:
    """The same of files."""
    paths = (
        table.strings("path") if isinstance(table.unread("path"), list) else (table.string("path"),)
    )
    for key in _OF_TOPICS:
        if table.has(key):
            table.problem(key, "of a topic, not of files: leave it out, or path")
    source = Source(
        kafka={},
        path=paths,
        format=table.choice("format", _OF_FILES),
        mode=table.choice("mode", MODES),
        autocommit_duration_ms=table.integer("autocommit_duration_ms", 0, _DAY_MS),
        header=table.strings("header", required=False) or None,
        delimiter=table.string("delimiter", required=False) or None,
        numbers_in_strings=table.boolean("numbers_in_strings", False) or None,
        json_field_paths=table.section("json_field_paths").names(),
        refresh_seconds=table.number(
            "refresh_seconds", 0.0, lambda value: 0 < value <= _DAY_MS, "seconds, above 0"
        )
        or None,
    )
    _check_options(table, source)
    table.close()
    return source


def _check_options(table: Section, source: Source) -> None:
    """Notes the options that another format has."""
    for option, value in source.of_format.items():
        formats = [name for name in having(option) if not source.path or name in _OF_FILES]
        if value is not None and (source.format or "csv") not in formats:
            table.problem(option, f"for format {listed(formats)} alone")
    if source.format in OF_REGISTRY and not source.schema_registry:
        missing = f'missing: format "{source.format}" needs one, with its url'
        table.problem("schema_registry", missing)


def _topics(table: Section) -> Topics:
    """Which topics are read."""
    names: tuple[str, ...] = ()
    if table.has("pattern"):
        key, pattern = "pattern", table.string("pattern")
        if table.has("topic"):
            table.problem("topic", "beside pattern: give one of them")
    else:
        several = isinstance(table.unread("topic"), list)
        key, pattern = "topic", None
        names = table.strings("topic") if several else (table.string("topic"),)
    if not any(names) and not pattern:
        return Topics(("",))  # What is wrong was noted.
    try:
        return checked_topics(names or None, pattern)
    except ConfigurationError as error:
        table.problem(key, str(error).removeprefix(f"{key}: "))
        return Topics(("",))


def _start(table: Section, topics: Topics) -> Start | None:
    """Where a run without a state begins."""
    try:
        return checked_start(_numbered(table.unread("start")), topics)
    except ConfigurationError as error:
        table.problem("start", str(error).removeprefix("start: "))
        return None


def _numbered(given: object) -> object:
    """The keys of tables as numbers, where they are such."""
    if not isinstance(given, dict):
        return given
    return {
        int(key) if key.isascii() and key.isdigit() else key: _numbered(value)
        for key, value in given.items()
    }


def with_metadata(
    table: Section, source: Source, schema: dict[str, SourceType]
) -> dict[str, SourceType]:
    """The columns of the schema, and those that messages carry beside their values."""
    if not schema or not source.metadata:
        return schema
    try:
        return Metadata(source.metadata).columns(schema)
    except ConfigurationError as error:
        table.problem("metadata", str(error).removeprefix("metadata: "))
        return schema
