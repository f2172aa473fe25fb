"""Stage 4 of a job file: the tree becomes a `Job`, or all that is wrong with it is said at once.

`example.toml` beside this file explains every key to the user.
"""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import field, replace
from os.path import abspath
from pathlib import PurePath
from typing import Any, Literal

from streamreg._dataclass import dataclass
from streamreg._exceptions import ConfigurationError
from streamreg._jobs.check import MOST_SHOWN, Section, describe, listed, near
from streamreg._jobs.engine import JobEngine, read_engine
from streamreg._jobs.forget import Forget, read_forget
from streamreg._jobs.listen import read_listen
from streamreg._jobs.paths import client_files, from_folder
from streamreg._jobs.schema import KEY_TYPES, NUMBERS, TYPES, read_schema
from streamreg._jobs.source import Source, read_source, with_metadata
from streamreg._jobs.target import (
    TIMES,
    Output,
    Target,
    read_file_options,
    read_rejects,
    read_targets,
)
from streamreg._jobs.window import JobWindow, read_window
from streamreg._language.regression_options import OF_RIDGE, SINGULAR, STATISTICS, Options
from streamreg._plural import plural
from streamreg._serve.address import ListenOptions
from streamreg._types import SCORES, WINDOW_BOUNDS, SourceType, held_type

Durability = Literal["process", "power"]

DURABILITIES: tuple[Durability, ...] = ("process", "power")
_MOST = sys.float_info.max
_MOST_FEATURES = 64
_MOST_PROCESSES = 1024
_MOST_REJECTS = 2**63 - 1
# Every changelog has these columns of its own.
_RESERVED = ("time", "diff")


class JobError(ConfigurationError):
    """A job file that cannot be run; its text has one line for each problem."""

    def __init__(self, name: str, problems: list[str]) -> None:
        """Takes the file's name and its problems, in the order in which they were found."""
        shown = problems[:MOST_SHOWN]
        if len(problems) > len(shown):
            shown.append(f"and {plural(len(problems) - len(shown), 'problem')} more")
        super().__init__("\n".join(f"{name}: {problem}" for problem in shown))
        self.name = name
        self.problems = tuple(problems)

    def __reduce__(self) -> tuple[object, ...]:
        # The default would give the text to `__init__`, which takes what it is made of.
        return type(self), (self.name, list(self.problems)), vars(self)


@dataclass(frozen=True, kw_only=True)
class Job:
    """A regression over a topic, as a job file or a command describes it."""

    source: Source
    schema: Mapping[str, SourceType]
    target: str
    features: tuple[str, ...]
    output: Output
    by: tuple[str, ...] = ()
    weights: str | None = None
    forget: Forget | None = None
    window: JobWindow | None = None
    options: Options = field(default_factory=Options)
    state: str | None = None  # None: none is kept
    durability: Durability | None = None
    processes: int | None = None
    rejects: str | Mapping[str, Any] | None = None
    """The path of a file, or a topic, as `streamreg.run` has it."""

    max_rejects: int | None = None
    listen: ListenOptions | None = field(default=None, repr=False)  # it may hold a token
    engine: JobEngine | None = None
    name: str = "job"
    """What errors call the file."""

    folder: str = ""
    """The folder of the file, at which its relative paths start; "" is the current directory."""

    @property
    def rejects_file(self) -> str | None:
        """The dead-letter file, if it is one."""
        return self.rejects if isinstance(self.rejects, str) else None


def read_job(tree: dict[str, Any], name: str, environ: Mapping[str, str], folder: str = "") -> Job:
    """The job that a tree of TOML values describes.

    Args:
        tree: The file's top-level table.
        name: The file's name, for errors.
        environ: The values for `${NAME}`.
        folder: Where relative paths start.

    Returns:
        A job whose parts fit together. Whether the broker and the paths are there is not looked at.

    Raises:
        JobError: With all problems of the file.
    """
    problems: list[str] = []
    root = Section(tree, "", problems, environ)
    source_table = root.section("source")
    source = read_source(source_table)
    schema = with_metadata(source_table, source, read_schema(root.section("schema")))
    regression = root.section("regression")
    target, features = _regression(regression, schema)
    weights = regression.string("weights", required=False) or None
    if weights and schema:
        _number(regression, "weights", weights, schema)
    options = _options(regression, features)
    columns = _columns(regression, features, options)
    by = _keys(regression, columns, schema)
    regression.close()
    listen = read_listen(root.section("listen"))
    engine = read_engine(root.section("engine"))
    if engine is not None and source.path:
        root.section("engine").problem("name", "its executors read topics, not files")
    forget = read_forget(root.section("forget"), schema)
    if forget and weights:
        root.section("forget").problem("half_life", "rows that fade have no other weights")
    window = read_window(root.section("window"), schema)
    for given, section in ((forget, "forget"), (window, "window")):
        if given is not None and source.replaces:
            root.section(section).problem("", "takes no row back: not where rows are replaced")
    bounds = () if window is None else WINDOW_BOUNDS
    for bound in bounds:
        if bound in (*by, *columns):
            root.section("window").problem("", f"{describe(bound)} is a column of the result too")
    written = tuple(dict.fromkeys((*by, *bounds, *columns)))
    tables = root.tables("output")
    if tables is None:
        output = _output(root.section("output"), written, schema, folder)
    else:
        output = Output(targets=read_targets(tables, source.kafka, folder))
        _check_targets(root, tables, output.targets, written, schema)
    if window is not None and output.writes("scores") and not window.scores_rows:
        root.section("output").problem(
            "scores", "by the last closed window: give [window] a cutoff, or exactly_once"
        )
    state, durability = _state(root.section("state"), name, folder)
    run = root.section("run")
    processes = run.integer("processes", 1, _MOST_PROCESSES)
    rejects_file = from_folder(folder, run.string("rejects", required=False)) or None
    rejects_topic = read_rejects(root.section("rejects"), source.kafka, folder)
    if rejects_file and rejects_topic:
        run.problem("rejects", "beside [rejects]: a file or a topic")
    max_rejects = run.integer("max_rejects", 0, _MOST_REJECTS)
    outputs = [abspath(path) for path in output.paths.values()]
    if rejects_file and abspath(rejects_file) in outputs:
        run.problem("rejects", "the same file as an output's")
    run.close()
    if state and abspath(state) in [*outputs, abspath(rejects_file or "")]:
        root.section("state").problem("directory", "the same path as an output's")
    root.close()
    fields = schema.keys() - source.metadata.keys()
    lacking = fields - set(source.header) if source.header else ()
    if lacking:
        source_table.problem("header", f"lacks the schema's {listed(sorted(lacking)[:MOST_SHOWN])}")
    if problems:
        raise JobError(name, problems)
    return Job(
        source=replace(
            source,
            kafka=client_files(folder, source.kafka),
            schema_registry=client_files(folder, source.schema_registry),
        ),
        schema=schema,
        target=target,
        features=features,
        weights=weights,
        forget=forget,
        window=window,
        options=options,
        output=output,
        by=by,
        state=state,
        durability=durability,
        processes=processes,
        rejects=rejects_file or rejects_topic,
        max_rejects=max_rejects,
        listen=listen,
        engine=engine,
        name=name,
        folder=folder,
    )


def _regression(table: Section, schema: Mapping[str, str]) -> tuple[str, tuple[str, ...]]:
    target = table.string("target")
    features = table.strings("features")
    if len(features) > _MOST_FEATURES:
        table.problem("features", f"{len(features)} features; {_MOST_FEATURES} are the most")
        features = ()
    if target and schema:
        _number(table, "target", target, schema)
    for feature in features if schema else ():
        _number(table, "features", feature, schema)
        if feature == target:
            table.problem("features", f"{describe(feature)} is the target")
    return target, features


def _keys(table: Section, columns: tuple[str, ...], schema: Mapping[str, str]) -> tuple[str, ...]:
    keys = table.strings("by", required=False)
    for key in keys if schema else ():
        if key not in schema:
            table.problem("by", f"{describe(key)} is no column of the schema{near(key, schema)}")
        elif (kind := held_type(schema[key])) in TYPES and kind not in KEY_TYPES:
            table.problem("by", f"{describe(key)} is {kind}: keys are {listed(KEY_TYPES)}")
        if key in columns:
            table.problem("by", f"{describe(key)} is a column of the result too")
    return keys


def _options(table: Section, features: tuple[str, ...]) -> Options:
    intercept = table.boolean("intercept", Options.intercept)
    ridge = table.number(
        "ridge", Options.ridge, lambda value: 0 <= value <= _MOST, "a finite number from 0 up"
    )
    statistics = table.strings("statistics", required=False)
    for statistic in statistics:
        if statistic not in STATISTICS:
            hint = near(statistic, STATISTICS) or f"; there are {listed(STATISTICS)}"
            table.problem("statistics", f"{describe(statistic)} is no statistic{hint}")
        elif ridge and statistic not in OF_RIDGE:
            hint = f"with a ridge only {listed(OF_RIDGE)} are"
            table.problem("statistics", f"{describe(statistic)} is not defined: {hint}")
    singular = table.choice("singular", SINGULAR) or Options.singular
    level = table.number(
        "level", Options.level, lambda value: 0 < value < 1, "a number between 0 and 1"
    )
    if intercept and "intercept" in features:
        table.problem("features", '"intercept" is the name of the constant term')
    known = tuple(name for name in statistics if name in (OF_RIDGE if ridge else STATISTICS))
    return Options(
        intercept=intercept, ridge=ridge, statistics=known, singular=singular, level=level
    )


def _columns(table: Section, features: tuple[str, ...], options: Options) -> tuple[str, ...]:
    """The columns of the result; none without features."""
    names = [asked.name for asked in options.asked(features)] if features else []
    unique = tuple(dict.fromkeys(names))
    if len(unique) < len(names):
        (first, *_) = (name for name in unique if names.count(name) > 1)
        table.problem("statistics", f"two columns of the result would be called {describe(first)}")
    return unique


def _number(table: Section, key: str, column: str, schema: Mapping[str, str]) -> None:
    if column not in schema:
        table.problem(key, f"{describe(column)} is no column of the schema{near(column, schema)}")
    elif (kind := held_type(schema[column])) in TYPES and kind not in NUMBERS:
        table.problem(key, f"{describe(column)} is {kind}: a regression takes {listed(NUMBERS)}")


def _output(
    table: Section, columns: Sequence[str], schema: Mapping[str, str], folder: str
) -> Output:
    output = Output(
        regression=from_folder(folder, table.string("regression")),
        input=from_folder(folder, table.string("input", required=False)) or None,
        scores=from_folder(folder, table.string("scores", required=False)) or None,
        columns=table.section("columns").names(),
        time=table.choice("time", TIMES),
        file_options=read_file_options(table),
    )
    table.close()
    first: dict[str, str] = {}
    for key, path in output.paths.items():
        other = first.setdefault(abspath(path), key)
        if other != key:
            table.problem(key, f"the same file as output.{other}")
    for key, own in (("input", _RESERVED), ("scores", (*SCORES, *_RESERVED))):
        for name in own if key in output.paths else ():
            if name in schema:
                table.problem(key, f'the changelog has a column "{name}" of its own')
    if columns:  # otherwise there is nothing sound to compare the names with
        _check_columns(table, output.columns, columns)
    return output


def _check_targets(
    root: Section,
    tables: Sequence[Section],
    targets: Sequence[Target],
    columns: Sequence[str],
    schema: Mapping[str, str],
) -> None:
    for table, target in zip(tables, targets, strict=True):
        own = {"input": _RESERVED, "scores": (*SCORES, *_RESERVED)}.get(target.of, ())
        for name in own:
            if name in schema:
                table.problem("of", f'the changelog has a column "{name}" of its own')
        if columns:
            _check_columns(table, target.columns, columns)
    if targets and not any(target.of == "regression" for target in targets):
        root.problem("output", "none of them is of the regression")


def _state(table: Section, name: str, folder: str) -> tuple[str | None, Durability | None]:
    directory = table.string_or_false("directory", f"{PurePath(name).stem}.state")
    durability = table.choice("durability", DURABILITIES)
    if directory is None and durability:
        table.problem("durability", "without a directory no state is kept")
    table.close()
    return None if directory is None else from_folder(folder, directory), durability


def _check_columns(table: Section, columns: Mapping[str, str], own: Sequence[str]) -> None:
    unknown = [name for name in columns if name not in own]
    for name in unknown[:MOST_SHOWN]:
        hint = near(name, own)
        table.problem("columns", f"{describe(name)} is no column of the result{hint}")
    written = [columns.get(name, name) for name in own]
    if len(set(written)) < len(written) and all(written):
        table.problem("columns", "two columns have the same name")
    for name in _RESERVED:
        if name in written:
            table.problem("columns", f'the changelog has a column "{name}" of its own')
