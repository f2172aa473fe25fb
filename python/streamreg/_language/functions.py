"""Language: the functions beside the operators, for choices, casts, mathematics, and functions written in Python."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, Literal, TypeAlias

from streamreg._evaluate.program import IS_NONE
from streamreg._evaluate.udf import RowFunction, check_call, function_name, returned_type
from streamreg._exceptions import ProgramError
from streamreg._language.build import (
    build,
    converted,
    lifted,
    mistyped,
    operation,
    untyped,
)
from streamreg._language.expression import Expression, Operand, TypedExpression
from streamreg._language.nodes import Application, Choice, Constant, Operation
from streamreg._language.operators import CASTS, MistypedError
from streamreg._types import TYPE_NAMES, DType, dtype_of, optional_dtype_of

OnError: TypeAlias = Literal["raise", "reject"]

_MOST_LEVELS: Final = 60
"""Lists, tuples and dicts in each other that a constant may be: a state describes each level by up to three of its own,
and takes 200 in all."""


def if_else(condition: Operand, chosen: Operand, otherwise: Operand) -> Expression:
    """`chosen` where the condition is true, `otherwise` where it is false; missing where the condition is.

    Each is computed on its own rows only, so `if_else(t.d != 0, t.n // t.d, 0)` rejects no row.
    An int beside a float becomes a float.

    Raises:
        ProgramError: if the condition is no bool, or the two others are of different types.
    """

    def make(operands: tuple[TypedExpression, ...]) -> TypedExpression:
        test, *arms = operands
        if test.dtype != "bool":
            raise mistyped("if_else", operands, MistypedError(0, "booleans"))
        first, second = _of_one_type("if_else needs both values", arms)
        optional = any(operand.optional for operand in operands)
        return Choice(test, first, second, optional=optional)

    operands = [lifted(operand) for operand in (condition, chosen, otherwise)]
    text = f"if_else({', '.join(operand.text for operand in operands)})"
    return build(text, operands, make)


def coalesce(first: Operand, second: Operand, *others: Operand) -> Expression:
    """The first of the values that is not missing, in each row; missing if all are.

    Each is computed where those before it are missing, and nowhere else. NaN is a value. Ints beside a float become
    floats.

    Raises:
        ProgramError: if they are of different types, or not of the same rows.
    """

    def make(operands: tuple[TypedExpression, ...]) -> TypedExpression:
        typed = _of_one_type("coalesce needs all values", operands)
        found = typed[-1]
        for value in reversed(typed[:-1]):
            missing = Operation(IS_NONE, (value,), "bool", text=f"is_none({value.text})")
            optional = value.optional and found.optional
            found = Choice(missing, found, value, text=text, optional=optional)
        return found

    operands = [lifted(operand) for operand in (first, second, *others)]
    text = f"coalesce({', '.join(operand.text for operand in operands)})"
    return build(text, operands, make)


def _of_one_type(wanted: str, operands: Sequence[TypedExpression]) -> tuple[TypedExpression, ...]:
    """Operands of one type, ints beside floats as floats; else raises a ProgramError that begins as wanted."""
    if {operand.dtype for operand in operands} == {"int", "float"}:
        return tuple(converted(operand, "float") for operand in operands)
    first = operands[0]
    for other in operands[1:]:
        if other.dtype != first.dtype:
            raise ProgramError(
                f"{wanted} of one type, but {first.text} is {first.dtype} and {other.text} is {other.dtype}"
            )
    return tuple(operands)


def cast(dtype: type, value: Operand) -> Expression:
    """The value as another type, with Python's meaning of `dtype(value)`.

    float to int cuts the fraction off, and rejects rows of NaN, infinities and what goes beyond
    64 bits; Decimal to float is the nearest one; bool to number gives 0 and 1; number to bool is
    `!= 0`; anything to str is as Python writes it.

    A datetime becomes a number as the time since 1970-01-01T00:00Z, a timedelta as its length: to int in
    microseconds, to Decimal in seconds, to float in seconds, rounded once. The other way an int counts microseconds, a
    Decimal seconds (what is finer than a microsecond is rejected), a float seconds, rounded to the nearest microsecond,
    of two the even one; rows out of range are rejected. To str both are as files have them, in ISO 8601.

    Text becomes a datetime or a timedelta as the schema reads it: ISO 8601, a datetime with its offset or Z; rows of
    other text are rejected. It is not read as a number: declare the column as one in the schema.

    Raises:
        ProgramError: if there is no such cast.
    """
    wanted = dtype_of(dtype)
    if wanted is None:
        raise ProgramError(f"cast: {dtype!r} is no type of a column; there are {TYPE_NAMES}")
    target: DType = wanted

    def make(operands: tuple[TypedExpression, ...]) -> TypedExpression:
        (operand,) = operands
        if operand.dtype == "any":
            raise untyped(operand, "cast")
        if operand.dtype != target and target not in CASTS.get(operand.dtype, ()):
            raise ProgramError(
                f"cast: {operand.text} is {operand.dtype}, which cannot become {target}; "
                f"declare it as {target} in the schema"
            )
        return converted(operand, target)

    operand = lifted(value)
    return build(f"cast({target}, {operand.text})", [operand], make)


def apply(
    function: Callable[..., object], *args: object, on_error: OnError = "raise", **kwargs: object
) -> Expression:
    """A Python function called for each row, with the row's values as Python objects.

    Its return annotation (float, int, Decimal, bool, str, bytes, datetime, timedelta) is the type of the
    result; without one the result can be written but not computed with. The function must give the same value for the
    same arguments: it may be called once for several uses, or again after a restart. A missing value arrives as None.
    None may be returned, for a missing value, after a `reduce`, and where an argument can be missing (a column of a
    type like `float | None`, or what is computed from one); there `float | None` as return annotation has the type
    float. Other arguments are handed on as they are; lists, tuples and dicts may stand in each other up to 60 levels
    deep. A datetime arrives in UTC, and one that is returned needs a tzinfo.

    Where the function raises, the run ends with its traceback. With `on_error="reject"` the row's message is a
    reject of the reason `function-error`, with the exception's type and message; after a `reduce` or `predict_on`,
    where there is no message to reject, the value is missing.

    Raises:
        ProgramError: if it does not take these arguments, or these are not of the same rows.
        TypeError: in the run, if it returns another type than declared.
    """
    if not callable(function):
        return _applied(function, "any", args, kwargs, on_error)
    dtype, optional = returned_type(function)
    if not optional:
        return _applied(function, dtype, args, kwargs, on_error)
    # Of a column without missing values such a function has no type, as ever.
    return _applied(function, "any", args, kwargs, on_error, of_missing=dtype)


def apply_with_type(
    function: Callable[..., object],
    return_type: object,
    *args: object,
    on_error: OnError = "raise",
    **kwargs: object,
) -> Expression:
    """`apply` with the type of the result given here instead of by annotation: `float | None` if it may return None.

    Raises:
        ProgramError: as `apply`, or if `return_type` is no type of a column.
    """
    found = optional_dtype_of(return_type)
    if found is None:
        raise ProgramError(
            f"apply_with_type: {return_type!r} is no type of a column; there are {TYPE_NAMES}"
        )
    dtype, optional = found
    return _applied(function, dtype, args, kwargs, on_error, optional=optional)


def minimum(first: Operand, second: Operand) -> Expression:
    """The smaller of two values in each row; NaN if one of them is."""
    return operation("minimum", first, second)


def maximum(first: Operand, second: Operand) -> Expression:
    """The larger of two values in each row; NaN if one of them is."""
    return operation("maximum", first, second)


def floor_time(at: Operand, duration: timedelta, origin: datetime | None = None) -> Expression:
    """The last of the points `origin + k · duration` that is not after the datetime, for whole k of any sign.

    `floor_time(t.at, timedelta(minutes=5))` is the beginning of its five minutes. They are counted
    in UTC; the origin is 1970-01-01T00:00Z if none is given. A row whose point would lie before the year 1
    is rejected.

    Raises:
        ProgramError: if `at` is no datetime, the duration no timedelta above zero, or the origin no
            datetime with a tzinfo.
    """
    step = lifted(duration)
    start = lifted(datetime(1970, 1, 1, tzinfo=UTC) if origin is None else origin)
    for given, name, dtype in ((step, "duration", "timedelta"), (start, "origin", "datetime")):
        if not isinstance(given, Constant) or given.dtype != dtype:
            raise ProgramError(f"floor_time: the {name} is a {dtype}, not {given.text}")
    if isinstance(step, Constant) and step.value <= timedelta(0):  # type: ignore[operator]  # its dtype says so
        raise ProgramError(f"floor_time: the duration is above zero, not {step.text}")
    return operation("floor_time", at, duration, start)


def exp(value: Operand) -> Expression:
    """The exponential, e to the power of the value."""
    return operation("exp", value)


def expm1(value: Operand) -> Expression:
    """exp(value) - 1, exact near 0."""
    return operation("expm1", value)


def log(value: Operand) -> Expression:
    """Natural logarithm; NaN below 0, -infinity at 0."""
    return operation("log", value)


def log1p(value: Operand) -> Expression:
    """log(1 + value), exact near 0."""
    return operation("log1p", value)


def log2(value: Operand) -> Expression:
    """Logarithm to base 2."""
    return operation("log2", value)


def log10(value: Operand) -> Expression:
    """Logarithm to base 10."""
    return operation("log10", value)


def sqrt(value: Operand) -> Expression:
    """Square root, correctly rounded; NaN below 0."""
    return operation("sqrt", value)


def sin(value: Operand) -> Expression:
    """Sine of an angle in radians."""
    return operation("sin", value)


def cos(value: Operand) -> Expression:
    """Cosine of an angle in radians."""
    return operation("cos", value)


def tan(value: Operand) -> Expression:
    """Tangent of an angle in radians."""
    return operation("tan", value)


def floor(value: Operand) -> Expression:
    """The largest whole number not above the value, of the value's type."""
    return operation("floor", value)


def ceil(value: Operand) -> Expression:
    """The smallest whole number not below the value, of the value's type."""
    return operation("ceil", value)


def sign(value: Operand) -> Expression:
    """-1, 0 or 1 with the value's sign, of the value's type; NaN of NaN."""
    return operation("sign", value)


def _flat_enough(value: object) -> object:
    """The value itself.

    Raises:
        ProgramError: if it is nested too deeply for a state to tell of it, or holds itself.
    """
    level = {id(value): value}
    for _ in range(_MOST_LEVELS + 1):
        inner = (
            part
            for each in level.values()
            if isinstance(each, list | tuple | dict)
            for part in ([*each, *each.values()] if isinstance(each, dict) else each)
        )
        # Each once: a list may hold the same list twice, that one another twice, and so on.
        level = {id(part): part for part in inner}
        if not level:
            return value
    raise ProgramError(
        f"apply: a constant that is nested more than {_MOST_LEVELS} levels deep cannot be told of in a state: make it "
        "in the function, or give it as text"
    )


def _applied(
    function: Callable[..., object],
    dtype: DType,
    args: tuple[object, ...],
    kwargs: dict[str, object],
    on_error: OnError,
    *,
    optional: bool = False,
    of_missing: DType | None = None,
) -> Expression:
    """A function of this type; of another one, `of_missing`, where an argument can be missing."""
    if on_error not in ("raise", "reject"):
        raise ProgramError(f'apply: on_error: expected "raise" or "reject", found {on_error!r}')
    keywords = tuple(kwargs)
    check_call(function, len(args), keywords)

    def make(typed: tuple[TypedExpression, ...]) -> TypedExpression:
        can_miss = any(argument.optional for argument in typed)
        call = RowFunction(
            function,
            of_missing if can_miss and of_missing is not None else dtype,
            keywords,
            rejects=on_error == "reject",
            optional=optional or can_miss,
        )
        return Application(call, typed)

    arguments = [
        value if isinstance(value, Expression) else Constant(_flat_enough(value), "any")
        for value in (*args, *kwargs.values())
    ]
    return build(f"apply({function_name(function)})", arguments, make)
