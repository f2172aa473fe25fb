"""Language: builds typed expressions, and makes the checks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from types import MethodType

from streamreg._exceptions import ProgramError
from streamreg._language.deferred import Deferred
from streamreg._language.expression import Expression, Operand, TypedExpression
from streamreg._language.nodes import (
    Application,
    Constant,
    Operation,
    common_universe,
    origin,
    restricted,
)
from streamreg._language.operators import (
    ARITHMETIC,
    COMPARISON,
    LOGIC,
    MAX_INTEGER_EXPONENT,
    MistypedError,
    signature,
)
from streamreg._types import INT_MAX, INT_MIN, PYTHON_TYPES, TYPE_NAMES, DType, encodable

_INFIX = ARITHMETIC.keys() | COMPARISON.keys() | LOGIC.keys()
_NAMES = {"negative": "-", "absolute": "abs"}


def lifted(operand: object) -> Expression:
    """An operand as an expression: a constant becomes one.

    Raises:
        ProgramError: if it is no expression and no float, int (of 64 bits), Decimal (of 34 digits),
            bool, str, bytes, datetime with a tzinfo, or timedelta (of 64-bit microseconds).
    """
    if isinstance(operand, Expression):
        return operand
    value = operand
    if isinstance(value, datetime | timedelta):
        value = _time(value)
    elif type(value) not in PYTHON_TYPES:
        import numpy as np  # late: programs seldom hold NumPy's numbers, and the import is slow

        if isinstance(value, np.datetime64 | np.timedelta64):
            value = _time(value)
        elif isinstance(value, np.generic):
            value = value.item()
    dtype = PYTHON_TYPES.get(type(value))
    if isinstance(value, MethodType) and isinstance(
        getattr(value.__self__, "_columns", None), Mapping
    ):
        name = value.__name__
        raise ProgramError(
            f't.{name} is the method of the table, not a column: for a column of that name write t["{name}"]'
        )
    if dtype is None:
        raise ProgramError(
            f"{value!r} is neither an expression nor a constant of type {TYPE_NAMES}{_hint(value)}"
        )
    if isinstance(value, Decimal):
        from streamreg._evaluate.decimals import (
            constant,  # late: it brings NumPy, which is slow to import
        )

        constant(value)
    if dtype == "int" and isinstance(value, int) and not INT_MIN <= value <= INT_MAX:
        raise ProgramError(f"the constant {value} does not fit in 64 bits; write it as a float")
    if isinstance(value, str) and not encodable(value):
        raise ProgramError(f"the constant {value!r} holds half of a surrogate pair")
    return Constant(value, dtype)


def _hint(value: object) -> str:
    """What may be meant by a value that is no operand."""
    if isinstance(value, list | tuple) and any(isinstance(item, Expression) for item in value):
        return ": give its items one by one, *[…]"
    if value is None:
        return ": t.x.is_none() tells where a value is missing, and sr.coalesce(t.x, 0.0) puts another in its place"
    if value in (sum, min, max):
        name = getattr(value, "__name__", "")
        return f": Python's {name} takes no columns, sr.reducers.{name}(t.x) does"
    return ""


def _time(value: object) -> datetime | timedelta:
    from streamreg._evaluate.times import constant  # late: it brings NumPy, which is slow to import

    return constant(value)


def build(
    text: str,
    operands: Sequence[object],
    make: Callable[[tuple[TypedExpression, ...]], TypedExpression],
    *,
    infix: bool = False,
) -> Expression:
    """`make` of the operands: now if all are typed, else when the table or reduction is known."""
    expressions = tuple(lifted(operand) for operand in operands)
    typed = tuple(item for item in expressions if isinstance(item, TypedExpression))
    if len(typed) == len(expressions):
        universe = common_universe(typed)
        return make(tuple(restricted(item, universe) for item in typed))

    def later(resolved: tuple[TypedExpression, ...]) -> TypedExpression:
        universe = common_universe(resolved)
        return make(tuple(restricted(item, universe) for item in resolved))

    return Deferred(text, expressions, lambda _, resolved: later(resolved), infix=infix)


def operation(operator: str, *operands: Operand) -> Expression:
    """An operator (its sign, or a function's name) on operands.

    Raises:
        ProgramError: if types or rows do not go together; the message names the operand.
    """
    expressions = tuple(lifted(operand) for operand in operands)
    text = _text(operator, expressions)
    return build(
        text,
        expressions,
        lambda typed: _typed_operation(operator, typed, text),
        infix=operator in _INFIX,
    )


Expression._operation = staticmethod(operation)


def converted(expression: TypedExpression, dtype: DType) -> TypedExpression:
    """The expression as another type, by a cast that exists; itself if it is of that type."""
    if expression.dtype == dtype:
        return expression
    if isinstance(expression, Constant) and isinstance(expression.value, int) and dtype == "float":
        return Constant(float(expression.value), "float")
    kernel = f"cast.{expression.dtype}.{dtype}"
    return Operation(kernel, (expression,), dtype, text=expression.text)


def mistyped(
    operator: str, operands: Sequence[TypedExpression], error: MistypedError
) -> ProgramError:
    """The message for an operand of a type that the operator does not take."""
    operand = operands[error.index]
    sign = operator if operator in _INFIX else _NAMES.get(operator, operator)
    if operand.dtype == "any":
        return untyped(operand, sign)
    if error.wanted == "comparable":
        types = " with ".join(f"{item.text} ({item.dtype})" for item in operands)
        if {"datetime", "timedelta"} & {item.dtype for item in operands}:
            return ProgramError(
                f"{sign} cannot compare {types}; a datetime is compared with a datetime, a timedelta with a timedelta"
            )
        exact = next((item for item in operands if item.dtype == "decimal"), None)
        hint = (
            f"; compare with a Decimal, or sr.cast(float, {exact.text})"
            if exact is not None
            else ""
        )
        return ProgramError(f"{sign} cannot compare {types}{hint}")
    if error.wanted == "times":
        types = " and ".join(f"{item.text} ({item.dtype})" for item in operands)
        return ProgramError(
            f"{sign} cannot take {types}: times go together with times, and a timedelta is multiplied by an int; "
            "sr.cast(float, …) makes seconds of a time"
        )
    if isinstance(operand, Constant) and isinstance(operand.value, str):
        hint = f"; {for_column(operand.value)}"
    elif error.wanted == "numbers" and operand.dtype == "bool":
        hint = f"; sr.cast(int, {operand.text}) makes it 0 and 1"
    elif error.wanted == "numbers" and operand.dtype == "decimal":
        hint = f"; sr.cast(float, {operand.text}) makes it the nearest float"
    elif error.wanted == "numbers" and operand.dtype in ("datetime", "timedelta"):
        hint = f"; sr.cast(float, {operand.text}) makes seconds of it"
    elif error.wanted == "booleans" and operand.dtype in ("int", "float"):
        hint = "; compare it with something, and put each comparison in parentheses"
    else:
        hint = ""
    return ProgramError(f"{sign} takes {error.wanted}, but {operand.text} is {operand.dtype}{hint}")


def column_given(argument: object, where: str) -> Expression:
    """An argument that has to be a column, as an expression.

    Raises:
        ProgramError: if it is text, as a column's name is to other libraries, or can be no expression.
    """
    if isinstance(argument, str):
        raise ProgramError(f"{where}: {argument!r} is text, not a column: {for_column(argument)}")
    return lifted(argument)


def for_column(name: str) -> str:
    """What to write for the column of that name."""
    plain = name.isidentifier() and not name.startswith("__")
    return "for the column of that name write " + (f"t.{name}" if plain else f"t[{name!r}]")


def untyped(expression: TypedExpression, user: str) -> ProgramError:
    """The message for a function's result of unknown type, used where a type is needed."""
    made = origin(expression)
    name = made.function.name if isinstance(made, Application) else "f"
    return ProgramError(
        f"{user} cannot take {expression.text}: the type of what {name} returns is not known; "
        f"annotate it (`def {name}(…) -> float:`), or use sr.apply_with_type({name}, float, …)"
    )


def _typed_operation(
    operator: str, operands: tuple[TypedExpression, ...], text: str
) -> TypedExpression:
    infix = operator in _INFIX
    if operator == "**":
        power = _integer_power(operands, text)
        if power is not None:
            return power
    if (
        operator in COMPARISON
        and any(map(_small, operands))
        and set(_types(operands)) == {"int", "float"}
    ):
        operands = tuple(converted(operand, "float") for operand in operands)
    try:
        rule = signature("absolute" if operator == "positive" else operator, _types(operands))
    except MistypedError as error:
        raise mistyped(operator, operands, error) from None
    if operator == "positive":
        return operands[0]
    arguments = tuple(map(converted, operands, rule.arguments))
    return Operation(rule.kernel, arguments, rule.result, text=text, infix=infix)


def _small(operand: TypedExpression) -> bool:
    """Whether it is a number so small that whatever is compared with it can be rounded to a double before."""
    value = operand.value if isinstance(operand, Constant) else None
    if isinstance(value, float) and value != value:
        return True
    return isinstance(value, int | float) and abs(value) < 2**53


def _integer_power(operands: tuple[TypedExpression, ...], text: str) -> TypedExpression | None:
    """`n ** k` stays an int if a literal k allows it; `x ** 2` is x * x, correctly rounded."""
    base, exponent = operands
    if not isinstance(exponent, Constant) or not isinstance(exponent.value, int):
        return None
    if (
        base.dtype == "int"
        and exponent.dtype == "int"
        and 0 <= exponent.value <= MAX_INTEGER_EXPONENT
    ):
        return Operation("power.int", operands, "int", text=text, infix=True)
    if base.dtype == "float" and exponent.dtype == "int" and exponent.value == 2:
        return Operation("multiply.float", (base, base), "float", text=text, infix=True)
    return None


def _types(operands: Sequence[TypedExpression]) -> tuple[DType, ...]:
    return tuple(operand.dtype for operand in operands)


def _text(operator: str, operands: Sequence[Expression]) -> str:
    parts = [
        f"({item.text})" if isinstance(item, Operation | Deferred) and item.infix else item.text
        for item in operands
    ]
    if operator in _INFIX and len(parts) == 2:
        return f"{parts[0]} {operator} {parts[1]}"
    sign = {"negative": "-", "positive": "+", "~": "~"}.get(operator)
    if sign:
        return f"{sign}{parts[0]}"
    return f"{_NAMES.get(operator, operator)}({', '.join(item.text for item in operands)})"
