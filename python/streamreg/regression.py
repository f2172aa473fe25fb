"""Stage: language. A linear regression as columns: `intercept`, one coefficient a feature."""

from collections.abc import Collection, Sequence
from typing import Final

from streamreg._exceptions import ProgramError
from streamreg._nodes import restricted
from streamreg._universe import ReducedUniverse
from streamreg.expressions import Column, TypedExpression
from streamreg.reducers import ReducedColumn, Reducer, check_numbers

MAX_FEATURES: Final = 64
INTERCEPT: Final = "intercept"


def coefficients(
    target: TypedExpression, features: Sequence[TypedExpression], universe: ReducedUniverse
) -> dict[str, TypedExpression]:
    """The columns of the answer: the exact least-squares solution, each coefficient rounded once.

    Raises:
        ProgramError: if there are not 1 to 64 features, if one is no named column of numbers, is
        given
            twice, is called `intercept`, or is not of the rows that the answer is about.
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
    arguments = tuple(restricted(column, universe.origin) for column in (*features, target))
    check_numbers("linear_regression", arguments)
    return {
        name: ReducedColumn(
            Reducer(f"{name} of linear_regression", "moments", arguments, "coefficient", index),
            arguments,
            universe,
        )
        for index, name in enumerate([INTERCEPT, *names])
    }


def check_keys(keys: Collection[str], answer: Collection[str]) -> None:
    """Raise a ProgramError if a key is called as a column of the answer beside it."""
    for name in keys:
        if name in answer:
            what = "the intercept" if name == INTERCEPT else "a feature"
            raise ProgramError(
                f"linear_regression: by={name}: {what} is called {name} too; give the key another "
                f"name first, like `t += t.select({name}_key=t.{name})`"
            )


def _name(feature: TypedExpression) -> str:
    if not isinstance(feature, Column):
        raise ProgramError(
            f"linear_regression: the feature {feature.text} has no name for its coefficient; "
            "give it one first, like `t += t.select(x2=t.x * t.x)`"
        )
    return feature.name
