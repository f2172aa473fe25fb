"""Language: the nodes that typed expressions are made of, and the rows that they belong to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from streamreg._evaluate.program import IS_NONE
from streamreg._exceptions import ProgramError
from streamreg._language.expression import Column, TypedExpression
from streamreg._language.universe import (
    FilteredUniverse,
    ReducedUniverse,
    ScoredUniverse,
    Universe,
    WindowedUniverse,
    path_below,
)
from streamreg._types import WINDOW_BOUNDS, DType

if TYPE_CHECKING:
    from streamreg._evaluate.udf import RowFunction


class SourceColumn(TypedExpression):
    """A column as the source brings it."""

    __slots__ = ("name",)

    def __init__(
        self, name: str, dtype: DType, universe: Universe, *, optional: bool = False
    ) -> None:
        """Column `name` of the source that `universe` belongs to."""
        super().__init__(name, dtype, universe, optional=optional)
        self.name = name


class KeyColumn(TypedExpression):
    """A key of a reduction, as an expression on its rows."""

    __slots__ = ("index",)

    def __init__(self, universe: ReducedUniverse, index: int) -> None:
        """The key of `universe` at this index."""
        key = universe.keys[index]
        super().__init__(key.text, key.dtype, universe, optional=key.optional)
        self.index = index


class WindowBound(KeyColumn):
    """The start or the end of a window, as an expression on the rows of a reduction by windows."""

    __slots__ = ()

    def __init__(self, universe: WindowedUniverse, name: str) -> None:
        """One of WINDOW_BOUNDS: they stand behind the keys."""
        TypedExpression.__init__(self, name, universe.windowing.time.dtype, universe)
        self.index = len(universe.keys) + WINDOW_BOUNDS.index(name)


class ScoredColumn(TypedExpression):
    """A score of each row, by a regression or a classification: one of the columns of the scores."""

    __slots__ = ("index",)

    def __init__(self, name: str, index: int, dtype: DType, universe: ScoredUniverse) -> None:
        """Column `index` of the scores, called `name`; missing where it is not defined."""
        super().__init__(name, dtype, universe)
        self.index = index


class Filtered(TypedExpression):
    """The values of `inner`, one filter above, on the rows that passed the filter."""

    __slots__ = ("inner",)

    def __init__(self, inner: TypedExpression, universe: FilteredUniverse) -> None:
        """`inner` is of the parent of `universe`."""
        super().__init__(inner.text, inner.dtype, universe, optional=inner.optional)
        self.inner = inner


class Constant(TypedExpression):
    """The same value for every row; of type `any` only as an argument of a function."""

    __slots__ = ("value",)

    def __init__(self, value: object, dtype: DType) -> None:
        """`value` as a Python object of that type."""
        super().__init__(repr(value), dtype, None)
        self.value = value


class Operation(TypedExpression):
    """A kernel of `_evaluate/kernels` on arguments of exactly the types it takes."""

    __slots__ = ("arguments", "infix", "kernel")

    def __init__(
        self,
        kernel: str,
        arguments: tuple[TypedExpression, ...],
        dtype: DType,
        *,
        text: str,
        infix: bool = False,
    ) -> None:
        """The arguments are of one universe, or constant."""
        optional = kernel != IS_NONE and any(argument.optional for argument in arguments)
        super().__init__(text, dtype, common_universe(arguments), optional=optional)
        self.kernel = kernel
        self.arguments = arguments
        self.infix = infix


class Choice(TypedExpression):
    """`chosen` where `condition` is true, else `otherwise`; each computed on its own rows only."""

    __slots__ = ("chosen", "condition", "otherwise")

    def __init__(
        self,
        condition: TypedExpression,
        chosen: TypedExpression,
        otherwise: TypedExpression,
        *,
        text: str = "",
        optional: bool = False,
    ) -> None:
        """Both branches are of one type; all three are of one universe, or constant."""
        branches = (condition, chosen, otherwise)
        text = text or f"if_else({', '.join(branch.text for branch in branches)})"
        super().__init__(text, chosen.dtype, common_universe(branches), optional=optional)
        self.condition = condition
        self.chosen = chosen
        self.otherwise = otherwise


class Application(TypedExpression):
    """A Python function called on each row."""

    __slots__ = ("arguments", "function")

    def __init__(self, function: RowFunction, arguments: tuple[TypedExpression, ...]) -> None:
        """The arguments in the order that `function` takes them, those by name last."""
        universe = common_universe(arguments)
        text = f"apply({function.name})"
        super().__init__(text, function.dtype, universe, optional=function.optional)
        self.function = function
        self.arguments = arguments


def origin(expression: TypedExpression) -> TypedExpression:
    """What a column stands for, without its names and filters."""
    while isinstance(expression, Column | Filtered):
        expression = expression.definition if isinstance(expression, Column) else expression.inner
    return expression


def common_universe(expressions: Sequence[TypedExpression]) -> Universe | None:
    """The innermost universe of the expressions; the others must lie on the way to it.

    Raises:
        ProgramError: if two of them are not of the same rows.
    """
    found: TypedExpression | None = None
    for expression in expressions:
        if expression.universe is None:
            continue
        if found is None or found.universe is None:
            found = expression
        elif path_below(expression.universe, found.universe) is None:
            if path_below(found.universe, expression.universe) is None:
                raise ProgramError(
                    f"{found.text} and {expression.text} are not of the same rows: the first is of "
                    f"{found.universe}, the second of {expression.universe}"
                )
            found = expression
    return None if found is None else found.universe


def restricted(expression: TypedExpression, universe: Universe | None) -> TypedExpression:
    """An expression of a universe above, on the rows of `universe`; unchanged if it has them.

    Raises:
        ProgramError: if it is not of these rows at all.
    """
    if expression.universe is None or expression.universe is universe or universe is None:
        return expression
    path = path_below(expression.universe, universe)
    if path is None:
        raise ProgramError(
            f"{expression.text} is not of these rows: it is of {expression.universe}, "
            f"and {universe} are wanted"
        )
    for step in path:
        if isinstance(step, FilteredUniverse):
            expression = Filtered(expression, step)
    return expression
