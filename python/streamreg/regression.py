"""Stage: language. A linear regression as columns: `intercept`, one coefficient a feature."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from streamreg._building import lifted
from streamreg._deferred import Environment, resolved
from streamreg._exceptions import ProgramError
from streamreg._nodes import restricted
from streamreg._universe import ReducedUniverse
from streamreg.expressions import Column, Expression, TypedExpression
from streamreg.reducers import ReducedColumn, Reducer, check_numbers

MAX_FEATURES: Final = 64
INTERCEPT: Final = "intercept"


MAX_DEGREE: Final = 64


@dataclass(frozen=True, eq=False)
class Powers:
    """The powers of a column from 1 to `degree`, exact: features of a regression, and nothing else."""

    column: Expression
    degree: int

    def __repr__(self) -> str:
        return f"poly({self.column.text}, {self.degree})"


def poly(column: Expression, degree: int) -> Powers:
    """The powers of a column, as features of `linear_regression`: x, x^2, … up to x^degree.

    They are exact, where `t.x ** 2` is a double of its own, rounded: on hard problems that costs
    half of all digits. The coefficients are columns named `x`, `x^2`, …: `fit.x`, `fit["x^2"]`.

    Raises:
        ProgramError: if the degree is no integer from 1 to 64.
    """
    expression = lifted(column)
    if isinstance(degree, bool) or not isinstance(degree, int) or not 1 <= degree <= MAX_DEGREE:
        raise ProgramError(
            f"poly({expression.text}, …): the degree is an integer from 1 to {MAX_DEGREE}, "
            f"not {degree!r}"
        )
    return Powers(expression, degree)


@dataclass(frozen=True)
class Feature:
    """A column to a power."""

    column: TypedExpression
    power: int = 1


def features_of(
    given: Sequence[Expression | Powers], environment: Environment
) -> tuple[Feature, ...]:
    """The features one by one, as `environment` understands their columns."""
    found: list[Feature] = []
    for item in given:
        if isinstance(item, Powers):
            column = resolved(item.column, environment)
            found += [Feature(column, power) for power in range(1, item.degree + 1)]
        else:
            found.append(Feature(resolved(lifted(item), environment)))
    return tuple(found)


def coefficients(
    target: TypedExpression,
    features: Sequence[Feature],
    weights: TypedExpression | None,
    universe: ReducedUniverse,
) -> dict[str, TypedExpression]:
    """The columns of the answer: the exact least-squares solution, each coefficient rounded once.

    Raises:
        ProgramError: if there are not 1 to 64 features, if one is no named column of numbers, is
            given twice, is called `intercept`, or is not of the rows that the answer is about.
    """
    if not 1 <= len(features) <= MAX_FEATURES:
        raise ProgramError(
            f"linear_regression takes the target, then 1 to {MAX_FEATURES} features, "
            f"not {len(features)}"
        )
    names = [_name(feature) for feature in features]
    for name in names:
        if name == INTERCEPT:
            raise ProgramError(
                "linear_regression: a feature cannot be called intercept, because a column of the "
                "answer is; give it another name with select"
            )
        if names.count(name) > 1:
            raise ProgramError(f"linear_regression: the feature {name} is given twice")
    columns = [*(feature.column for feature in features), target]
    if weights is not None:
        columns.append(weights)
    arguments = tuple(restricted(column, universe.origin) for column in columns)
    check_numbers("linear_regression", arguments)
    powers = tuple(feature.power for feature in features)

    def answer(name: str, index: int) -> ReducedColumn:
        reducer = Reducer(
            f"{name} of linear_regression",
            "moments",
            arguments,
            "coefficient",
            index,
            powers,
            weighted=weights is not None,
        )
        return ReducedColumn(reducer, arguments, universe)

    return {name: answer(name, index) for index, name in enumerate([INTERCEPT, *names])}


def _name(feature: Feature) -> str:
    column = feature.column
    if not isinstance(column, Column):
        raise ProgramError(
            f"linear_regression: the feature {column.text} has no name for its coefficient; "
            "give it one first, like `t += t.select(x2=t.x * t.x)`"
        )
    return column.name if feature.power == 1 else f"{column.name}^{feature.power}"
