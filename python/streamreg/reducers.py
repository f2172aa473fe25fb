"""Stage: language. Reducers: what `table.reduce` can say about all rows at once.

They are exact: sums and products of the inputs are held without rounding, and each answer is
rounded once, so it does not depend on the order of the rows. Rows where an input is NaN or
infinite are left out of the reducer that reads it. A reducer of no rows is missing, `count` is 0.
The functions of one or two columns have SQL's names, its order of arguments (what is explained
comes first) and its rules: a row where one of the two is missing or not finite is left out, and
counted; where nothing varies, or one row is no sample, the answer is missing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from streamreg._building import lifted, mistyped
from streamreg._deferred import Deferred
from streamreg._inference import COUNTS
from streamreg._operators import MistypedError
from streamreg._types import NUMBERS
from streamreg.expressions import Expression, Operand, TypedExpression

if TYPE_CHECKING:
    from collections.abc import Sequence

    from streamreg._types import Aggregate, ClassModel, DType, Model
    from streamreg._universe import ReducedUniverse

__all__ = [
    "avg",
    "corr",
    "count",
    "covar_pop",
    "covar_samp",
    "max",
    "min",
    "regr_avgx",
    "regr_avgy",
    "regr_count",
    "regr_intercept",
    "regr_r2",
    "regr_slope",
    "regr_sxx",
    "regr_sxy",
    "regr_syy",
    "stddev_pop",
    "stddev_samp",
    "sum",
    "var_pop",
    "var_samp",
]

AggregateKind: TypeAlias = Literal["count", "sum", "min", "max", "moments", "class"]


@dataclass(frozen=True, eq=False)
class Reducer:
    """One statistic of one aggregate.

    The arguments of "moments" are features, then target, then the weights if it is `weighted`;
    `powers` are those of the features, all 1 if there are none, and `names` those of their
    coefficients, if they have any. Those of "class" are features. `index` and `other` are the
    coefficients that a statistic is of, `model` how they are fitted, if not plainly, or how classes
    are told apart.
    """

    text: str
    aggregate: AggregateKind
    arguments: tuple[Expression, ...]
    statistic: str
    index: int = 0
    other: int = 0
    model: Model | ClassModel | None = None
    powers: tuple[int, ...] = ()
    names: tuple[str, ...] = ()
    weighted: bool = False

    def dtype(self, arguments: tuple[TypedExpression, ...]) -> DType:
        """The type of the answer, given the typed arguments."""
        if self.statistic in ("count", "regr_count", *COUNTS):
            return "int"
        return arguments[0].dtype if self.statistic in ("sum", "min", "max") else "float"


class ReducedColumn(TypedExpression):
    """The answer of a reducer, as an expression on the one row of the reduction."""

    __slots__ = ("arguments", "reducer")

    def __init__(
        self, reducer: Reducer, arguments: tuple[TypedExpression, ...], universe: ReducedUniverse
    ) -> None:
        """`arguments` are the reducer's, on the rows that the universe reduces.

        Raises:
            ProgramError: if one of them is no number.
        """
        check_numbers(reducer.text, arguments)
        super().__init__(reducer.text, reducer.dtype(arguments), universe)
        self.reducer = reducer
        self.arguments = arguments

    def aggregate(self, inputs: Sequence[int]) -> Aggregate:
        """What the core is to keep; `inputs` are the indexes of the arguments."""
        reducer = self.reducer
        if reducer.aggregate == "count":
            return ("count",)
        if reducer.aggregate == "class":
            return "class", tuple(inputs)
        if reducer.aggregate != "moments":
            return reducer.aggregate, inputs[0]
        *features, target = inputs[:-1] if reducer.weighted else inputs
        powers = reducer.powers or (1,) * len(features)
        # Moments are the fast way, but take neither weights nor powers nor decimals.
        decimals = any(argument.dtype == "decimal" for argument in self.arguments)
        if not reducer.weighted and not decimals and set(powers) == {1}:
            return "moments", tuple(features), target
        weight = inputs[-1] if reducer.weighted else None
        return "monomials", tuple(zip(features, powers, strict=True)), target, weight


def check_numbers(user: str, arguments: tuple[TypedExpression, ...]) -> None:
    """Raise a ProgramError, in the name of `user`, if an argument is no number."""
    for index, argument in enumerate(arguments):
        if argument.dtype not in NUMBERS:
            raise mistyped(user, arguments, MistypedError(index, "numbers"))


def count() -> Expression:
    """How many rows there are."""
    return _reducer("count", "count")


def sum(value: Operand) -> Expression:
    """The exact sum, rounded once; of an int or a decimal column exact, without limit."""
    return _reducer("sum", "sum", value)


def min(value: Operand) -> Expression:
    """The smallest value."""
    return _reducer("min", "min", value)


def max(value: Operand) -> Expression:
    """The largest value."""
    return _reducer("max", "max", value)


def avg(value: Operand) -> Expression:
    """The exact mean, rounded once."""
    return _reducer("avg", "sum", value)


def var_pop(value: Operand) -> Expression:
    """The variance: the mean square about the mean."""
    return _spread("var_pop", value)


def var_samp(value: Operand) -> Expression:
    """The variance that a sample estimates, with n - 1 in place of n; missing of one row."""
    return _spread("var_samp", value)


def stddev_pop(value: Operand) -> Expression:
    """The square root of `var_pop`, rounded once."""
    return _spread("stddev_pop", value)


def stddev_samp(value: Operand) -> Expression:
    """The square root of `var_samp`, rounded once; missing of one row."""
    return _spread("stddev_samp", value)


def covar_pop(y: Operand, x: Operand) -> Expression:
    """The covariance: the mean product about the means."""
    return _of_line("covar_pop", y, x)


def covar_samp(y: Operand, x: Operand) -> Expression:
    """The covariance that a sample estimates, with n - 1 in place of n; missing of one row."""
    return _of_line("covar_samp", y, x)


def corr(y: Operand, x: Operand) -> Expression:
    """The coefficient of correlation; missing if x or y does not vary."""
    return _of_line("corr", y, x)


def regr_slope(y: Operand, x: Operand) -> Expression:
    """The slope of the least-squares line of y on x; missing if x does not vary."""
    return _of_line("regr_slope", y, x)


def regr_intercept(y: Operand, x: Operand) -> Expression:
    """The value of the least-squares line of y on x at x = 0; missing if x does not vary."""
    return _of_line("regr_intercept", y, x)


def regr_r2(y: Operand, x: Operand) -> Expression:
    """The coefficient of determination; missing if x does not vary, 1 if y does not."""
    return _of_line("regr_r2", y, x)


def regr_count(y: Operand, x: Operand) -> Expression:
    """How many rows have both y and x finite."""
    return _of_line("regr_count", y, x)


def regr_avgx(y: Operand, x: Operand) -> Expression:
    """The mean of x."""
    return _of_line("regr_avgx", y, x)


def regr_avgy(y: Operand, x: Operand) -> Expression:
    """The mean of y."""
    return _of_line("regr_avgy", y, x)


def regr_sxx(y: Operand, x: Operand) -> Expression:
    """The sum of squares of x about its mean."""
    return _of_line("regr_sxx", y, x)


def regr_syy(y: Operand, x: Operand) -> Expression:
    """The sum of squares of y about its mean."""
    return _of_line("regr_syy", y, x)


def regr_sxy(y: Operand, x: Operand) -> Expression:
    """The sum of products of x and y about their means."""
    return _of_line("regr_sxy", y, x)


def _of_line(statistic: str, y: Operand, x: Operand) -> Expression:
    return _reducer(statistic, "moments", y, x)


def _spread(statistic: str, value: Operand) -> Expression:
    """Squares are products of a column with itself, which the moments of a line hold."""
    column = lifted(value)
    return _waiting(Reducer(_text(statistic, column), "moments", (column, column), statistic))


def _reducer(statistic: str, aggregate: AggregateKind, *values: Operand) -> Expression:
    arguments = tuple(lifted(value) for value in values)
    # The core wants what explains before what is explained.
    text = _text(statistic, *arguments)
    return _waiting(Reducer(text, aggregate, arguments[::-1], statistic))


def _text(name: str, *arguments: Expression) -> str:
    return f"{name}({', '.join(argument.text for argument in arguments)})"


def _waiting(reducer: Reducer) -> Expression:
    typed = tuple(item for item in reducer.arguments if isinstance(item, TypedExpression))
    check_numbers(reducer.text, typed)
    return Deferred(reducer.text, (), lambda environment, _: environment.reduction(reducer))


def __dir__() -> list[str]:
    return sorted(__all__)
