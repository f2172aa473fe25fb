"""Language: the expressions that a program computes for each row.

An expression is an immutable graph, typed when it is built, so that a mistake shows on the line
that makes it. `operators` has the typing rules, `build` the nodes and the checks,
`functions.py` the functions beside the operators.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, NoReturn, TypeAlias

from streamreg._exceptions import ProgramError
from streamreg._types import Scalar, shortened, with_optional

if TYPE_CHECKING:
    from collections.abc import Callable

    from streamreg._language.universe import Universe
    from streamreg._types import DType


class Expression:
    """One value per row. Made from a table's columns, `sr.this`, reducers, functions and constants.

    Operators: `+ - * / // % **`, unary `-` and `abs()` on float and int; `== != < <= > >=` on
    numbers and on text (`==` and `!=` on bool too); `& | ^ ~` on bool. A Decimal is compared with
    Decimals and ints, exactly; arithmetic takes `sr.cast(float, …)` of it.

    Times, exact to the microsecond: datetime - datetime is a timedelta; datetime ± timedelta, timedelta ± timedelta,
    timedelta * int, `%`, unary `-` and `abs()`; timedelta / timedelta is a float, the exact quotient rounded once,
    timedelta // timedelta an int; comparisons of two datetimes or two timedeltas. A row whose result lies outside
    of the years 1 to 9999, or beyond 64 bits of microseconds, is rejected.

    Integers have 64 bits and never wrap: a row where `+ - * //`, `**` or `abs` goes beyond, or
    where `//` or `%` divides by zero, is rejected, and the run goes on. With an int on one side
    and a float on the other, the int is taken as the nearest double, in comparisons too. `/` is a
    float, for integers the exact quotient rounded once. `n ** k` of an int column is an int where
    k is a literal from 0 to 63, otherwise a float. Floats are IEEE doubles: `1.0 / 0.0` is an
    infinity, `log(-1)` is NaN, both ordinary values. After a `reduce` integers have no limit, and
    a missing value (the average of no rows, a division by zero) makes whatever is computed from
    it missing.

    So it is with missing values of a source, in columns of types like `float | None`: whatever is computed from one
    is missing, comparisons and `& | ^ ~` too, and `filter` and `if_else` take no missing condition for true.
    `x.is_none()` asks for them, `sr.coalesce(x, 0.0)` puts something in their place.

    Raises:
        ProgramError: by each operator, if the types or the rows of its operands do not go together.
    """

    __slots__ = ("text",)
    _operation: ClassVar[Callable[..., Expression]]
    """What makes an operator's node: `build` brings it, since it needs the classes of nodes."""

    text: str

    def __init__(self, text: str) -> None:
        """`text` is how messages show the expression."""
        self.text = shortened(text)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.text}>"

    def __hash__(self) -> int:
        return id(self)

    def __bool__(self) -> NoReturn:
        raise ProgramError(
            f"{self.text} has a value for each row, so it is neither true nor false: combine "
            "conditions with & | ~ (not and, or, not), and choose with sr.if_else (not if)"
        )

    # NumPy asks these before its own, in `numpy.float64(2) * column` too.
    def __array_ufunc__(
        self, ufunc: Callable[..., object], method: str, *inputs: object, **options: object
    ) -> Expression:
        from streamreg._language.numpy_functions import universal  # it brings NumPy, which is slow

        sign, first, second = universal(ufunc.__name__, method, inputs, options)
        return operate(sign, first, second)  # type: ignore[arg-type]  # it says what it does not take

    def __array_function__(self, function: Callable[..., object], *_: object) -> NoReturn:
        from streamreg._language.numpy_functions import refused

        raise refused(function.__name__)

    def __float__(self) -> float:
        from streamreg._language.numpy_functions import no_number

        raise no_number(self.text)

    __int__ = __trunc__ = __floor__ = __ceil__ = __round__ = __float__

    def __iter__(self) -> NoReturn:
        raise ProgramError(
            f"{self.text} has a value for each row, which come while the program runs, so that it cannot go "
            f"through them: for sum, min, max and count use reducers, like t.reduce(s=sr.reducers.sum({self.text}))"
        )

    def __len__(self) -> NoReturn:
        raise ProgramError(
            f"{self.text} has a value for each row, which come while the program runs: t.reduce(n=sr.reducers.count()) "
            "counts them"
        )

    def __getitem__(self, index: object) -> NoReturn:
        raise ProgramError(
            f"{self.text} has a value for each row, which are not numbered: t.filter(…) chooses rows"
        )

    def __contains__(self, value: object) -> NoReturn:
        iter(self)

    def __matmul__(self, other: object) -> NoReturn:
        raise ProgramError(
            "@ is no operator of columns: * multiplies them row by row, and "
            "t.reduce(s=sr.reducers.sum(t.x * t.y)) sums that"
        )

    def __add__(self, other: Operand) -> Expression:
        return operate("+", self, other)

    def __radd__(self, other: Operand) -> Expression:
        return operate("+", other, self)

    def __sub__(self, other: Operand) -> Expression:
        return operate("-", self, other)

    def __rsub__(self, other: Operand) -> Expression:
        return operate("-", other, self)

    def __mul__(self, other: Operand) -> Expression:
        return operate("*", self, other)

    def __rmul__(self, other: Operand) -> Expression:
        return operate("*", other, self)

    def __truediv__(self, other: Operand) -> Expression:
        return operate("/", self, other)

    def __rtruediv__(self, other: Operand) -> Expression:
        return operate("/", other, self)

    def __floordiv__(self, other: Operand) -> Expression:
        return operate("//", self, other)

    def __rfloordiv__(self, other: Operand) -> Expression:
        return operate("//", other, self)

    def __mod__(self, other: Operand) -> Expression:
        return operate("%", self, other)

    def __rmod__(self, other: Operand) -> Expression:
        return operate("%", other, self)

    def __pow__(self, other: Operand) -> Expression:
        return operate("**", self, other)

    def __rpow__(self, other: Operand) -> Expression:
        return operate("**", other, self)

    def __neg__(self) -> Expression:
        return operate("negative", self)

    def __pos__(self) -> Expression:
        return operate("positive", self)

    def __abs__(self) -> Expression:
        return operate("absolute", self)

    def __eq__(self, other: Operand) -> Expression:  # type: ignore[override]  # a condition per row
        return operate("==", self, other)

    def __ne__(self, other: Operand) -> Expression:  # type: ignore[override]  # a condition per row
        return operate("!=", self, other)

    def __lt__(self, other: Operand) -> Expression:
        return operate("<", self, other)

    def __le__(self, other: Operand) -> Expression:
        return operate("<=", self, other)

    def __gt__(self, other: Operand) -> Expression:
        return operate(">", self, other)

    def __ge__(self, other: Operand) -> Expression:
        return operate(">=", self, other)

    def __and__(self, other: Operand) -> Expression:
        return operate("&", self, other)

    def __rand__(self, other: Operand) -> Expression:
        return operate("&", other, self)

    def __or__(self, other: Operand) -> Expression:
        return operate("|", self, other)

    def __ror__(self, other: Operand) -> Expression:
        return operate("|", other, self)

    def __xor__(self, other: Operand) -> Expression:
        return operate("^", self, other)

    def __rxor__(self, other: Operand) -> Expression:
        return operate("^", other, self)

    def __invert__(self) -> Expression:
        return operate("~", self)

    def is_none(self) -> Expression:
        """Whether the value is missing, in each row: true or false, never missing itself. NaN is a value."""
        return operate("is_none", self)

    def is_not_none(self) -> Expression:
        """Whether the value is there, in each row."""
        return ~self.is_none()


Operand: TypeAlias = Expression | Scalar
"""What can stand in an expression: another expression, or a constant."""


class TypedExpression(Expression):
    """An expression whose type and rows are known: not one of `sr.this` or of reducers."""

    __slots__ = ("dtype", "optional", "universe")

    def __init__(
        self, text: str, dtype: DType, universe: Universe | None, *, optional: bool = False
    ) -> None:
        """`universe` is None for what has the same value on any rows.

        `optional` says whether values can be missing in rows of the source; after a reduction they always can.
        """
        super().__init__(text)
        self.dtype: DType = dtype
        self.universe = universe
        self.optional = optional

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.text}: {self.shown_type}>"

    @property
    def shown_type(self) -> str:
        """The type as a schema has it."""
        return with_optional(self.dtype, optional=self.optional)


class Column(TypedExpression):
    """A column of a table: an expression with a name."""

    __slots__ = ("definition", "name")

    def __init__(self, name: str, definition: TypedExpression) -> None:
        """The values of `definition`, called `name`."""
        super().__init__(name, definition.dtype, definition.universe, optional=definition.optional)
        self.name = name
        self.definition = definition


def operate(operator: str, *operands: Operand) -> Expression:
    """An operator on operands, as `build` makes it."""
    return Expression._operation(operator, *operands)
