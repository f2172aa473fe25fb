"""Stage 4 of a job file, its schema: the columns of the topic, and how they are written."""

from typing import Final, get_args

from streamreg._core import check_column_type
from streamreg._jobs.check import Section, listed
from streamreg._types import OPTIONAL, ColumnType, KeyType, Number, SourceType, with_optional

TYPES: Final[tuple[str, ...]] = get_args(ColumnType)
NUMBERS: Final[tuple[str, ...]] = get_args(Number)
KEY_TYPES: Final[tuple[str, ...]] = get_args(KeyType)

_MOST_COLUMNS: Final = 1000


def read_schema(table: Section) -> dict[str, SourceType]:
    """The columns and their types; none, or "" for a type, where a problem was noted."""
    schema = {name: _column(table, name) for name in table.columns()}
    if not schema:
        table.problem("", "expected at least one column")
    if len(schema) > _MOST_COLUMNS:
        table.problem("", f"{len(schema)} columns; {_MOST_COLUMNS} are the most")
        return {}
    return schema


def _column(table: Section, name: str) -> SourceType:
    """The type of a column: its name, or a table of it and an option. "" if it is none."""
    if not table.is_table(name):
        kind = table.string(name)
        return kind if _is_type(table, name, kind) else ""
    options = table.section(name)
    kind = options.string("type")
    tz, unit = (options.string(key, required=False) for key in ("tz", "unit"))
    options.close()
    if not _is_type(options, "type", kind):
        return ""
    if tz and unit:
        options.problem("unit", "not beside tz: a column is written as texts or as numbers")
    key = "tz" if tz else "unit"
    present = kind.removesuffix(OPTIONAL)
    source = f"{present} {key}={tz or unit}" if tz or unit else present
    source = with_optional(source, optional=kind != present)
    try:
        check_column_type(source)
    except ValueError as error:
        options.problem(key, str(error))
    return source


def _is_type(table: Section, key: str, kind: str) -> bool:
    present = kind.removesuffix(OPTIONAL)
    if kind and present not in TYPES:
        table.problem(
            key,
            f'expected one of {listed(TYPES)}, each also with " | None" behind it, found {table.shown(key)}',
        )
    return present in TYPES
