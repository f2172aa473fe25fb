"""Stage 4 of a job file: the tree becomes a `Job`, or all that is wrong with it is said at once.

`example.toml` beside this file explains every key to the user.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from os.path import abspath
from pathlib import PurePath
from typing import Any, Literal

from streamreg._config.check import MOST_SHOWN, Section, describe, listed, near
from streamreg._exceptions import ConfigurationError

Format = Literal["csv", "json"]
Mode = Literal["streaming", "static"]
Time = Literal["epoch", "unix_ms"]
Durability = Literal["process", "power"]

TYPES = ("float", "int", "decimal", "bool", "str", "bytes")
NUMBERS = TYPES[:3]
# Raw messages have one column, of text, and a regression wants numbers.
KEY_TYPES = ("str", "int", "bool")
FORMATS: tuple[Format, ...] = ("csv", "json")
MODES: tuple[Mode, ...] = ("streaming", "static")
TIMES: tuple[Time, ...] = ("epoch", "unix_ms")
DURABILITIES: tuple[Durability, ...] = ("process", "power")
_MOST_FEATURES = 64
_MOST_COLUMNS = 1000
_MOST_PROCESSES = 1024
_MOST_REJECTS = 2**63 - 1
_DAY_MS = 86_400_000
# Every changelog has these columns of its own.
_RESERVED = ("time", "diff")


class JobError(ConfigurationError):
    """A job file that cannot be run; its text has one line for each problem."""

    def __init__(self, name: str, problems: list[str]) -> None:
        """Takes the file's name and its problems, in the order in which they were found."""
        shown = problems[:MOST_SHOWN]
        if len(problems) > len(shown):
            shown.append(f"and {len(problems) - len(shown)} problems more")
        super().__init__("\n".join(f"{name}: {problem}" for problem in shown))
        self.problems = tuple(problems)


@dataclass(frozen=True, kw_only=True)
class Source:
    """What is read. None: not given, the reader's default holds."""

    kafka: Mapping[str, str] = field(repr=False)  # holds secrets
    topic: str
    format: Format | None = None
    mode: Mode | None = None
    autocommit_duration_ms: int | None = None
    header: tuple[str, ...] | None = None


@dataclass(frozen=True, kw_only=True)
class Output:
    """What is written."""

    regression: str
    input: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    time: Time | None = None


@dataclass(frozen=True, kw_only=True)
class Job:
    """A regression over a topic, as a job file or a command describes it."""

    source: Source
    schema: Mapping[str, str]
    target: str
    features: tuple[str, ...]
    output: Output
    by: tuple[str, ...] = ()
    state: str | None = None  # None: none is kept
    durability: Durability | None = None
    processes: int | None = None
    rejects: str | None = None
    max_rejects: int | None = None


def read_job(tree: dict[str, Any], name: str, environ: Mapping[str, str]) -> Job:
    """The job that a tree of TOML values describes.

    Args:
        tree: The file's top-level table.
        name: The file's name, for errors.
        environ: The values for `${NAME}`.

    Returns:
        A job whose parts fit together. Whether the broker and the paths are there is not looked at.

    Raises:
        JobError: With all problems of the file.
    """
    problems: list[str] = []
    root = Section(tree, "", problems, environ)
    source_table = root.section("source")
    source = _source(source_table)
    schema = _schema(root.section("schema"))
    regression = root.section("regression")
    target, features, by = _regression(regression, schema)
    output = _output(
        root.section("output"), tuple(dict.fromkeys((*by, "intercept", *features))), schema
    )
    state, durability = _state(root.section("state"), name)
    run = root.section("run")
    processes = run.integer("processes", 1, _MOST_PROCESSES)
    rejects = run.string("rejects", required=False) or None
    max_rejects = run.integer("max_rejects", 0, _MOST_REJECTS)
    outputs = [abspath(path) for path in (output.regression, output.input) if path]
    if rejects and abspath(rejects) in outputs:
        run.problem("rejects", "the same file as an output's")
    run.close()
    if state and abspath(state) in [*outputs, abspath(rejects or "")]:
        root.section("state").problem("directory", "the same path as an output's")
    root.close()
    lacking = schema.keys() - source.header if source.header else ()
    if lacking:
        source_table.problem("header", f"lacks the schema's {listed(sorted(lacking)[:MOST_SHOWN])}")
    if problems:
        raise JobError(name, problems)
    return Job(
        source=source,
        schema=schema,
        target=target,
        features=features,
        output=output,
        by=by,
        state=state,
        durability=durability,
        processes=processes,
        rejects=rejects,
        max_rejects=max_rejects,
    )


def _source(table: Section) -> Source:
    client = table.section("kafka")
    kafka = client.settings()
    if "bootstrap.servers" not in kafka:
        client.problem("bootstrap.servers", "missing")
    source = Source(
        kafka=kafka,
        topic=table.string("topic"),
        format=table.choice("format", FORMATS),
        mode=table.choice("mode", MODES),
        autocommit_duration_ms=table.integer("autocommit_duration_ms", 0, _DAY_MS),
        header=table.strings("header", required=False) or None,
    )
    if source.header and source.format == "json":
        table.problem("header", 'for format "csv" alone: a JSON message names its own fields')
    table.close()
    return source


def _schema(table: Section) -> dict[str, str]:
    schema = table.names()
    if not schema:
        table.problem("", "expected at least one column")
    if len(schema) > _MOST_COLUMNS:
        table.problem("", f"{len(schema)} columns; {_MOST_COLUMNS} are the most")
        return {}
    for name, kind in schema.items():
        if kind and kind not in TYPES:
            table.problem(name, f"expected one of {listed(TYPES)}, found {table.shown(name)}")
    return schema


def _regression(
    table: Section, schema: Mapping[str, str]
) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    target = table.string("target")
    features = table.strings("features")
    by = table.strings("by", required=False)
    table.close()
    if len(features) > _MOST_FEATURES:
        table.problem("features", f"{len(features)} features; {_MOST_FEATURES} are the most")
        features = ()
    if target and schema:
        _number(table, "target", target, schema)
    for feature in features if schema else ():
        _number(table, "features", feature, schema)
        if feature == "intercept":
            table.problem("features", '"intercept" is the name of the constant term')
        if feature == target:
            table.problem("features", f"{describe(feature)} is the target")
    for key in by if schema else ():
        _key(table, key, features, schema)
    return target, features, by


def _key(table: Section, key: str, features: tuple[str, ...], schema: Mapping[str, str]) -> None:
    if key not in schema:
        table.problem("by", f"{describe(key)} is no column of the schema{near(key, schema)}")
    elif schema[key] in TYPES and schema[key] not in KEY_TYPES:
        table.problem("by", f"{describe(key)} is {schema[key]}: keys are {listed(KEY_TYPES)}")
    if key in features:
        table.problem("by", f"{describe(key)} is a feature too")
    if key == "intercept":
        table.problem("by", '"intercept" is the name of the constant term')


def _number(table: Section, key: str, column: str, schema: Mapping[str, str]) -> None:
    if column not in schema:
        table.problem(key, f"{describe(column)} is no column of the schema{near(column, schema)}")
    elif schema[column] in TYPES and schema[column] not in NUMBERS:
        kind = schema[column]
        table.problem(key, f"{describe(column)} is {kind}: a regression takes {listed(NUMBERS)}")


def _output(table: Section, own: tuple[str, ...], schema: Mapping[str, str]) -> Output:
    output = Output(
        regression=table.string("regression"),
        input=table.string("input", required=False) or None,
        columns=table.section("columns").names(),
        time=table.choice("time", TIMES),
    )
    table.close()
    if output.input and output.regression and abspath(output.input) == abspath(output.regression):
        table.problem("input", "the same file as output.regression")
    for name in _RESERVED:
        if output.input and name in schema:
            table.problem("input", f'the changelog has a column "{name}" of its own')
    if own[-1] != "intercept":  # otherwise there is nothing sound to compare the names with
        _check_columns(table, output.columns, own)
    return output


def _state(table: Section, name: str) -> tuple[str | None, Durability | None]:
    # Not beside the job file, which may be where nothing can be written.
    directory = table.string_or_false("directory", f"{PurePath(name).stem}.state")
    durability = table.choice("durability", DURABILITIES)
    if directory is None and durability:
        table.problem("durability", "without a directory no state is kept")
    table.close()
    return directory, durability


def _check_columns(table: Section, columns: Mapping[str, str], own: tuple[str, ...]) -> None:
    unknown = [name for name in columns if name not in own]
    for name in unknown[:MOST_SHOWN]:
        hint = near(name, own)
        table.problem(
            "columns", f"{describe(name)} is neither intercept nor a feature nor a key{hint}"
        )
    written = [columns.get(name, name) for name in own]
    if len(set(written)) < len(written) and all(written):
        table.problem("columns", "two columns have the same name")
    for name in _RESERVED:
        if name in written:
            table.problem("columns", f'the changelog has a column "{name}" of its own')
