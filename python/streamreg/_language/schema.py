"""Language: a schema says which columns a topic has, and of which type."""

import inspect
import typing
from collections.abc import Mapping
from types import MappingProxyType
from typing import ClassVar

from streamreg._exceptions import ProgramError
from streamreg._language.column_options import ColumnOptions
from streamreg._types import (
    TYPE_NAMES,
    ColumnType,
    SourceType,
    check_names,
    optional_dtype_of,
    with_optional,
)


class Schema:
    """Base of schemas: every annotation of a subclass is a column, in the order they are written.

    Columns of base classes come first. The types are float (64 bits), int (64 bits), bool, str,
    bytes, `decimal.Decimal`: the number that is written, with up to 34 significant digits and an
    exponent within ±400, whatever zeros it ends with: 1.50 is 1.5; `datetime.datetime`: a point in
    time of the years 1 to 9999, and `datetime.timedelta`, both exact, in 64-bit microseconds.

    Datetimes are text with an offset, as RFC 3339 and the extended format of ISO 8601 have them,
    timedeltas durations of ISO 8601 in weeks, days, hours, minutes and seconds; `sr.column` says
    where they are written otherwise.

        class InputSchema(sr.Schema):
            x: float
            y: int
            at: datetime
            sent: datetime = sr.column(unit="ms")
            z: float | None

    Values of a column of `float | None`, or another type beside None, can be missing: an empty cell in CSV, `null` in
    JSON or no such member (SQL's NULL ON EMPTY). Text and bytes in CSV are missing where nothing stands between the
    delimiters; `""` is the empty text. Without `| None` such a message is a reject, but for the empty text. What is
    computed from a missing value is missing too; a reducer, regression or classification excludes a row in which it
    misses a value, and counts it as excluded, as SQL's `regr_*` do; `count()` counts all rows.

    Raises:
        ProgramError: when the class is written, if it has no column, a column of another type, a
            default value, options that the type does not have, or an attribute without a type.
    """

    __streamreg_columns__: ClassVar[Mapping[str, SourceType]] = MappingProxyType({})

    def __init_subclass__(cls, **options: object) -> None:
        """Read the annotations; see the class."""
        super().__init_subclass__(**options)
        columns: dict[str, SourceType] = {}
        for base in reversed(cls.__mro__[1:]):
            columns.update(vars(base).get("__streamreg_columns__", {}))
        own = inspect.get_annotations(cls)
        for name, annotation in own.items():
            dtype, optional = _column_type(cls, name, annotation)
            source = _source_type(cls, name, dtype)
            columns[name] = with_optional(source, optional=optional)
        for name in vars(cls):
            if not name.startswith("__") and name not in own:
                raise ProgramError(
                    f"{cls.__name__}.{name}: a schema holds columns only: write `{name}: <type>`"
                )
        if not columns:
            raise ProgramError(f"{cls.__name__}: a schema needs a column, like `x: float`")
        check_names(columns)
        cls.__streamreg_columns__ = MappingProxyType(columns)


def schema_columns(schema: type[Schema]) -> Mapping[str, SourceType]:
    """Names and types of a schema's columns, in order.

    Raises:
        ProgramError: if it is not a schema with columns.
    """
    if not (isinstance(schema, type) and issubclass(schema, Schema)) or schema is Schema:
        raise ProgramError(
            f"{schema!r} is no schema: write `class InputSchema(sr.Schema)` with a line `x: float` "
            "for each column"
        )
    return schema.__streamreg_columns__


def _column_type(cls: type[Schema], name: str, annotation: object) -> tuple[ColumnType, bool]:
    """The type of a column, and whether its values can be missing."""
    found = optional_dtype_of(annotation)
    if found is None and isinstance(annotation, str):
        found = optional_dtype_of(_evaluated(cls, name))
    if found is None:
        shown = annotation.__name__ if isinstance(annotation, type) else annotation
        raise ProgramError(
            f"{cls.__name__}.{name}: {shown} is no type of a column; there are {TYPE_NAMES}"
        )
    return found


def _source_type(cls: type[Schema], name: str, dtype: ColumnType) -> SourceType:
    if name not in vars(cls):
        return dtype
    options = vars(cls)[name]
    if not isinstance(options, ColumnOptions):
        raise ProgramError(
            f"{cls.__name__}.{name}: a column has no default value: write `{name}: <type>`"
        )
    return options.source_type(f"{cls.__name__}.{name}", dtype)


def _evaluated(cls: type[Schema], name: str) -> object:
    """What an annotation written as a string means: an alias of a type, or nothing of use."""
    try:
        return typing.get_type_hints(cls).get(name)
    except Exception:
        return None
