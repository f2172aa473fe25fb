"""Types: the types a column can have, and how Python's types map to them."""

import typing
from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from types import UnionType
from typing import Final, Literal, NamedTuple, TypeAlias, TypedDict, Union, cast

from streamreg._exceptions import ProgramError

ColumnType: TypeAlias = Literal[
    "float", "int", "decimal", "bool", "str", "bytes", "datetime", "timedelta"
]
"""What a column of a source holds."""

SourceType: TypeAlias = str
"""A column type, and how it is written in the messages if there is a choice: `datetime tz=Europe/Berlin`.

Where values can be missing, ` | None` stands behind it.
"""

OPTIONAL: Final = " | None"
"""Stands behind types whose values can be missing."""

DType: TypeAlias = ColumnType | Literal["any"]
"""What a column holds; `any` is the result of a function whose return type nobody declared."""

InputType: TypeAlias = str
"""What a reduction reads, or groups by: a `Number`, or a `KeyType`; with ` | None` where values can be missing."""

Number: TypeAlias = Literal["float", "int", "decimal", "datetime", "timedelta"]
"""What a column holds that can be reduced; times count in seconds, exactly."""

KeyType: TypeAlias = Literal["str", "int", "bool", "datetime", "timedelta"]
"""What a column holds that rows can be grouped by."""

Aggregate: TypeAlias = (
    tuple[Literal["count"]]
    | tuple[Literal["sum", "min", "max"], int]
    | tuple[Literal["moments"], tuple[int, ...], int]
    | tuple[Literal["monomials"], tuple[tuple[int, int], ...], int, int | None]
    | tuple[Literal["fading"], tuple[tuple[int, int], ...], int, int, int]
    | tuple[Literal["class"], tuple[int, ...]]
)
"""What a reduction keeps: its kind, and the indexes of its inputs.

For moments: features, then target; for monomials: features with their powers, target, weight; for rows that fade:
features with their powers, target, time, and the half-life itself; for a class: features.
"""

Singular: TypeAlias = Literal["zero", "null", "drop"]
"""What coefficients are that the rows do not determine: 0, or missing, all or those that follow from others."""

Model: TypeAlias = tuple[bool, float, Singular, float]
"""A regression: with an intercept or without, its ridge, `Singular`, the level of its intervals."""

PLAIN_MODEL: Final[Model] = (True, 0.0, "zero", 0.95)
"""The one without options."""

Statistic: TypeAlias = tuple[int, str, int] | tuple[int, str, int, int, Model]
"""A result of a reduction: index of the aggregate, name of the statistic, index of the coefficient or 0.

With the index of a second coefficient, or 0, and a model it is one of that regression.
"""

ClassMethod: TypeAlias = Literal["linear", "quadratic", "bayes"]
"""The method of classification."""

SingularClasses: TypeAlias = Literal["null", "drop"]
"""What a singular covariance of all classes gives: no result, or one without the directions that do not vary."""


class ClassModel(NamedTuple):
    """How rows are classified: one model for all classes."""

    method: ClassMethod
    unbiased: bool
    singular: SingularClasses
    smoothing: float
    """What naive Bayes adds to variances, as a share of the greatest over all rows."""

    priors: tuple[tuple[bool | int | str, float], ...] | None
    """In the order of the labels; None for the shares of the rows."""

    def priors_of(self, labels: Iterable[object]) -> list[float | None] | None:
        """The prior of each label, None for one without; None for the shares of the rows."""
        if self.priors is None:
            return None
        known: dict[object, float] = dict(self.priors)
        return [known.get(label) for label in labels]


ClassParameters: TypeAlias = tuple[
    int, float | None, float | None, list[float] | None, list[float] | None
]
"""Of a class n, prior, intercept, and the linear and quadratic parameters; None where the rows do not give it."""


class ClassStatistic(NamedTuple):
    """A result for each class that depends on all: of an aggregate, which parameter, and which of that name."""

    aggregate: int
    name: str
    at: int
    model: ClassModel


ResultValue: TypeAlias = float | int | Decimal | datetime | timedelta | bool | str | None
"""The value of a statistic, None where it is not defined; or the value of a key."""

Scalar: TypeAlias = float | int | Decimal | bool | str | bytes | datetime | timedelta
"""What may stand for a column in an expression: the same value for every row."""

Moment: TypeAlias = int | float
"""A point in event time, or a length of it, in the unit of its column: that of datetimes is a microsecond."""

EVENT_TIMES: Final = ("datetime", "int", "float")
"""The types of columns that hold the time of a row by which it is put into windows."""

JsonKind: TypeAlias = Literal["number", "bool", "text"]
"""What the values of a column are in JSON, where none is missing."""


class KeyedMessage(TypedDict):
    """A message of a topic that holds the last row of each key."""

    key: bytes
    value: bytes | None
    """None: the row of the key is gone."""


CoreWindow: TypeAlias = (
    tuple[Literal["grid"], Moment, Moment, Moment]
    | tuple[Literal["session"], Moment]
    | tuple[Literal["last"], int]
)
"""Windows as the core takes them: of a grid origin, hop and duration; the gap of sessions; how many last rows."""

Time: TypeAlias = Literal["epoch", "unix_ms"]
"""What the column `time` of a changelog holds."""

WINDOW_BOUNDS: Final = ("window_start", "window_end")
"""The columns that a row of a window has, beside its instance."""

SCORES: Final = ("prediction", "residual", "standardized_residual")
"""The columns that rows have beside their own where a regression has scored them."""

CLASS_SCORES: Final = ("predicted_label", "posterior", "own_posterior")
"""Those where a classification has scored them: also three, so that shipped columns begin at one index."""

FIRST_SHIPPED: Final = len(SCORES)
"""Where shipped columns begin among those that a program of scored rows loads: the scores stand before them."""

INT_MIN: Final = -(2**63)
INT_MAX: Final = 2**63 - 1

PYTHON_TYPES: Final[dict[type, ColumnType]] = {
    float: "float",
    int: "int",
    Decimal: "decimal",
    bool: "bool",
    str: "str",
    bytes: "bytes",
    datetime: "datetime",
    timedelta: "timedelta",
}
NUMBERS: Final[dict[DType, Number]] = {
    "float": "float",
    "int": "int",
    "decimal": "decimal",
    "datetime": "datetime",
    "timedelta": "timedelta",
}
TYPE_NAMES: Final = "float, int, Decimal, bool, str, bytes, datetime, timedelta"

_BY_NAME: Final[dict[str, ColumnType]] = {
    name: dtype
    for python, dtype in PYTHON_TYPES.items()
    for name in (python.__name__, f"{python.__module__}.{python.__name__}")
}


def dtype_of(annotation: object) -> ColumnType | None:
    """The column type that an annotation (a type, or its name) stands for; None if none."""
    if isinstance(annotation, str):
        return _BY_NAME.get(annotation.strip())
    if isinstance(annotation, type):
        return PYTHON_TYPES.get(annotation)
    return None


def optional_dtype_of(annotation: object) -> tuple[ColumnType, bool] | None:
    """The column type that an annotation stands for, and whether values can be missing; None if none."""
    found = dtype_of(annotation)
    if found is not None:
        return found, False
    present = _without_none(annotation)
    found = None if present is None else dtype_of(present)
    return None if found is None else (found, True)


def _without_none(annotation: object) -> object:
    """What stands beside None in an annotation, or in the text of one; None if nothing does."""
    if isinstance(annotation, str):
        text = annotation.strip()
        name, bracket, inside = text.partition("[")
        if bracket and name.strip() in ("Optional", "typing.Optional") and inside.endswith("]"):
            return inside[:-1]
        parts: list[object] = [part.strip() for part in text.split("|")]
        rest = [part for part in parts if part != "None"]
    elif typing.get_origin(annotation) in (Union, UnionType):
        parts = list(typing.get_args(annotation))
        rest = [part for part in parts if part is not type(None)]
    else:
        return None
    return rest[0] if len(rest) == 1 and len(parts) == 2 else None


def held_type(source: SourceType) -> ColumnType:
    """What a column holds, however it is written in the messages."""
    return cast(ColumnType, source.partition(" ")[0])


def is_optional(source: SourceType) -> bool:
    """Whether values of a column can be missing."""
    return source.endswith(OPTIONAL)


def with_optional(name: str, *, optional: bool) -> str:
    """The name of a type, or of one whose values can be missing."""
    return name + OPTIONAL if optional else name


def encodable(text: str) -> bool:
    """Whether text can be written: half of a surrogate pair, which Python lets stand in it, is in no encoding."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def check_names(names: Iterable[str]) -> None:
    """Raises a ProgramError for a column whose name cannot be written."""
    for name in names:
        if not encodable(name):
            raise ProgramError(f"the name of the column {name!r} holds half of a surrogate pair")


def quoted(value: object) -> str:
    """A value of whatever kind for a message."""
    try:
        return shortened(repr(value))
    except ValueError:  # Python writes out no integer of more than some thousand digits.
        return "a very large integer"


def shortened(text: str, limit: int = 60) -> str:
    """Text for a message: expressions can be of any length, messages cannot."""
    return text if len(text) <= limit else text[: limit - 1] + "…"
