"""Stage 4 of a job file, several outputs: `[[output]]`, one table for each, with the keys of its sink."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from os.path import abspath
from typing import Any, Literal, get_args

from streamreg._dataclass import dataclass
from streamreg._jobs.check import Section, describe
from streamreg._jobs.paths import client_files, from_folder
from streamreg._kafka.settings import of_writers
from streamreg._sinks.file_place import is_url
from streamreg._sinks.rotation import Rotation
from streamreg._sinks.sqlite_names import folded

Of = Literal["regression", "input", "scores"]
Mode = Literal["changelog", "current"]
Time = Literal["epoch", "unix_ms"]

TABLES: tuple[Of, ...] = get_args(Of)
MODES: tuple[Mode, ...] = get_args(Mode)
TIMES: tuple[Time, ...] = get_args(Time)
FORMATS = ("json", "csv", "avro")
IF_EXISTS = ("fail", "replace", "append")

_MOST_ROWS = 2**31 - 1


@dataclass(frozen=True, kw_only=True)
class Target:
    """A table of the job, and where it is written."""

    of: Of
    sink: str
    """The module of `streamreg.io` that writes it."""

    options: Mapping[str, Any] = field(default_factory=dict)
    """What its function is given beside the table."""

    columns: Mapping[str, str] = field(default_factory=dict)
    """Other names of the columns of the regression."""

    place: tuple[str, ...] = ()
    """Where that is: no two targets have one."""

    @property
    def path(self) -> str | None:
        """The file or directory that is written, if it is one."""
        found: str | None = self.options.get("path")
        return None if found is not None and is_url(found) else found


@dataclass(frozen=True, kw_only=True)
class Output:
    """What is written."""

    regression: str | None = None
    input: str | None = None
    scores: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    time: Time | None = None
    file_options: Mapping[str, Any] = field(default_factory=dict)
    """What `io.csv.write` is given beside them."""

    targets: tuple[Target, ...] = ()
    """In place of all these, of `[[output]]`."""

    @property
    def paths(self) -> dict[str, str]:
        """The files that are written, by their keys; a database counts once for each table."""
        files = {"regression": self.regression, "input": self.input, "scores": self.scores}
        files |= {f"{at}.path": target.path for at, target in enumerate(self.targets, 1)}
        return {key: path for key, path in files.items() if path}

    @property
    def files(self) -> list[str]:
        """The files that are written, but for databases: these may hold more than the job's tables."""
        databases = {target.path for target in self.targets if target.sink != "csv"}
        return [path for path in self.paths.values() if path not in databases]

    def writes(self, of: str) -> bool:
        """Whether a table is written anywhere."""
        return of in self.paths or any(target.of == of for target in self.targets)


def read_targets(
    tables: Sequence[Section], source: Mapping[str, str], folder: str
) -> tuple[Target, ...]:
    """The targets that these tables describe.

    `source` is the client settings of the job's source, `folder` that of the job file, at which relative paths start.
    """
    found: list[Target] = []
    for table in tables:
        sink = table.choice("sink", tuple(_SINKS)) or "csv"
        if not table.has("sink"):
            table.problem("sink", f"missing: one of {', '.join(map(describe, _SINKS))}")
        of = table.choice("of", TABLES) or "regression"
        mode = table.choice("mode", MODES) if sink != "csv" else None
        if mode == "current" and of != "regression":
            table.problem("mode", f'"current" is for the regression: rows of {of} have no keys')
        options, place = _SINKS[sink](table, source, folder)
        time = table.choice("time", TIMES)
        columns = table.section("columns").names()
        if columns and of != "regression":
            table.problem("columns", "other names are for the columns of the regression")
        given = {"mode": mode, "time": time}
        options |= {name: value for name, value in given.items() if value is not None}
        table.close()
        if place in [other.place for other in found]:
            table.problem("sink", "another output writes to the same place")
        found.append(Target(of=of, sink=sink, options=options, columns=columns, place=place))
    return tuple(found)


_Read = tuple[dict[str, Any], tuple[str, ...]]


def _csv(table: Section, _source: Mapping[str, str], folder: str) -> _Read:
    path = from_folder(folder, table.string("path"))
    return {"path": path, **read_file_options(table)}, ("file", abspath(path))


def read_file_options(table: Section) -> dict[str, Any]:
    """What is said of files beside their paths, as `io.csv.write` has it."""
    if_exists = table.choice("if_exists", IF_EXISTS)
    rotate = table.string("rotate", required=False)
    if rotate:
        try:
            Rotation.of(rotate)
        except ValueError as error:
            table.problem("rotate", str(error))
    given = {"if_exists": if_exists, "rotate": rotate}
    return {name: value for name, value in given.items() if value}


def _sqlite(table: Section, _source: Mapping[str, str], folder: str) -> _Read:
    path, name = from_folder(folder, table.string("path")), table.string("table")
    return {"path": path, "table": name}, ("sqlite", abspath(path), folded(name))


def _postgres(table: Section, _source: Mapping[str, str], _folder: str) -> _Read:
    # Empty leaves all to libpq's variables.
    connection, name = table.string("connection", empty=True), table.string("table")
    schema = table.string("schema", required=False)
    options = {"connection": connection, "table": name, **({"schema": schema} if schema else {})}
    return options, ("postgres", connection, schema, name)


def _kafka(table: Section, source: Mapping[str, str], folder: str) -> _Read:
    topic = table.string("topic")
    format = table.choice("format", FORMATS)
    key = table.strings("key", required=False)
    create = table.section("create").settings()
    settings = client_files(folder, table.section("kafka").settings()) or of_writers(source)
    options = {"rdkafka_settings": settings, "topic": topic}
    registry = client_files(folder, table.section("schema_registry").settings())
    subject = table.string("subject", required=False)
    for option, value in (("schema_registry", registry), ("subject", subject)):
        if value and format != "avro":
            table.problem(option, 'for format "avro" alone')
    if format == "avro" and not registry:
        table.problem("schema_registry", 'missing: format "avro" needs one, with its url')
    optional = {
        "format": format,
        "key": key,
        "create": create,
        "schema_registry": registry,
        "subject": subject,
    }
    options |= {name: value for name, value in optional.items() if value}
    return options, ("kafka", settings.get("bootstrap.servers", ""), topic)


def read_rejects(table: Section, source: Mapping[str, str], folder: str) -> dict[str, Any] | None:
    """The topic of the rejects, if the job names one: what `streamreg.run` is given."""
    if table.empty:
        return None
    settings = client_files(folder, table.section("kafka").settings()) or of_writers(source)
    found: dict[str, Any] = {"topic": table.string("topic"), "rdkafka_settings": settings}
    create = table.section("create").settings()
    if not settings:
        table.problem("kafka", "missing: the source is no topic whose cluster it could be on")
    table.close()
    return {**found, "create": create} if create else found


def _delta(table: Section, _source: Mapping[str, str], folder: str) -> _Read:
    given = table.string("path")
    path = given if is_url(given) else from_folder(folder, given)
    options: dict[str, Any] = {"path": path}
    rows = table.integer("rows_per_file", 1, _MOST_ROWS)
    interval = table.string("interval", required=False)
    if interval:
        try:
            age = Rotation.of(interval).age
        except ValueError:
            age = None
        if age is None:
            found = table.shown("interval")
            table.problem("interval", f'expected a time like "1 minute", found {found}')
    optional = {
        "rows_per_file": rows,
        "interval": interval,
        "storage_options": table.section("storage_options").settings(),
    }
    options |= {name: value for name, value in optional.items() if value}
    return options, ("delta", path if is_url(path) else abspath(path))


_SINKS: Mapping[str, Callable[[Section, Mapping[str, str], str], _Read]] = {
    "csv": _csv,
    "sqlite": _sqlite,
    "kafka": _kafka,
    "postgres": _postgres,
    "delta": _delta,
}
"""By their names, what reads the keys of each: the options, and the place."""
