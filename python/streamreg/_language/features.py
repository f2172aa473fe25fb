"""Language: the features of a regression, or of classes: columns, expressions, exact powers of a column."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from streamreg._dataclass import dataclass
from streamreg._exceptions import ProgramError
from streamreg._language.build import column_given
from streamreg._language.deferred import Environment, resolved
from streamreg._language.expression import Column, Expression, TypedExpression

MAX_DEGREE: Final = 64
MAX_FEATURES: Final = 64


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
    Where there are decimals, the regression refuses degrees whose sums could take more than 128 MB:
    above 27 for one column, above 13 with decimal weights.

    Raises:
        ProgramError: if the degree is no integer from 1 to 64.
    """
    expression = column_given(column, "poly")
    if isinstance(degree, bool) or not isinstance(degree, int) or not 1 <= degree <= MAX_DEGREE:
        raise ProgramError(
            f"poly({expression.text}, …): the degree is an integer from 1 to {MAX_DEGREE}, "
            f"not {degree!r}"
        )
    return Powers(expression, degree)


@dataclass(frozen=True)
class Feature:
    """An expression to a power, and what its coefficient is called."""

    column: TypedExpression
    name: str
    power: int = 1


def features_of(
    method: str, given: Sequence[Expression | Powers], environment: Environment
) -> tuple[Feature, ...]:
    """The features of a method one by one, as `environment` understands them.

    Raises:
        ProgramError: if one cannot name its coefficient.
    """
    found: list[Feature] = []
    for item in given:
        if isinstance(item, Powers):
            column = resolved(item.column, environment)
            name = _name(method, column)
            found.append(Feature(column, name))
            base = name if isinstance(column, Column) else f"({name})"
            powers = range(2, item.degree + 1)
            found += [Feature(column, f"{base}^{power}", power) for power in powers]
        else:
            column = resolved(column_given(item, method), environment)
            found.append(Feature(column, _name(method, column)))
    return tuple(found)


def check_features(method: str, first: str, features: Sequence[Feature]) -> None:
    """Raise a ProgramError if there are none, too many, or one twice, beside the argument that comes first."""
    if not 1 <= len(features) <= MAX_FEATURES:
        raise ProgramError(
            f"{method} takes the {first}, then 1 to {MAX_FEATURES} features, not {len(features)}"
        )
    names = [feature.name for feature in features]
    for name in names:
        if names.count(name) > 1:
            raise ProgramError(f"{method}: the feature {name} is given twice")


def _name(method: str, feature: TypedExpression) -> str:
    """Its own name, or its text, which is as it was written."""
    if isinstance(feature, Column):
        return feature.name
    if feature.universe is None:
        raise ProgramError(
            f"{method}: the feature {feature.text} is the same for all rows, as the intercept is"
        )
    if feature.text.endswith("…"):
        raise ProgramError(
            f"{method}: the feature {feature.text} is too long to name its coefficient; "
            "give it a name first, like `t += t.select(z=…)`"
        )
    return feature.text
