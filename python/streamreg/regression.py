"""Stage: language. A linear regression as columns: the coefficients, and the statistics asked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from streamreg._exceptions import ProgramError
from streamreg._inference import INTERCEPT, Options
from streamreg._nodes import restricted
from streamreg._universe import ReducedUniverse
from streamreg.expressions import Column, TypedExpression
from streamreg.reducers import ReducedColumn, Reducer, check_numbers

MAX_FEATURES: Final = 64


def answer(
    target: TypedExpression,
    features: Sequence[TypedExpression],
    options: Options,
    universe: ReducedUniverse,
) -> dict[str, TypedExpression]:
    """The columns of the answer, each statistic of the exact least-squares solution.

    Raises:
        ProgramError: if there are not 1 to 64 features, if one is no expression of numbers, is
            given twice, is called `intercept` where there is one, or is not of the rows that the
            answer is about; if two columns of the answer would have the same name.
    """
    if not 1 <= len(features) <= MAX_FEATURES:
        raise ProgramError(
            f"linear_regression takes the target, then 1 to {MAX_FEATURES} features, "
            f"not {len(features)}"
        )
    names = [_name(feature) for feature in features]
    for name in names:
        if name == INTERCEPT and options.intercept:
            raise ProgramError(
                "linear_regression: a feature cannot be called intercept, because a column of the "
                "answer is; give it another name with select"
            )
        if names.count(name) > 1:
            raise ProgramError(f"linear_regression: the feature {name} is given twice")
    arguments = tuple(restricted(column, universe.origin) for column in (*features, target))
    check_numbers("linear_regression", arguments)
    columns: dict[str, TypedExpression] = {}
    for asked in options.asked(names):
        if asked.name in columns:
            raise ProgramError(
                f"linear_regression: two columns of the answer would be called {asked.name}; give "
                "the feature that makes one of them another name with select"
            )
        reducer = Reducer(
            f"{asked.name} of linear_regression",
            "moments",
            arguments,
            asked.statistic,
            asked.one,
            other=asked.other,
            model=options.model(asked.statistic),
        )
        columns[asked.name] = ReducedColumn(reducer, arguments, universe)
    return columns


def _name(feature: TypedExpression) -> str:
    """Its own name, or its text, which is as it was written."""
    if isinstance(feature, Column):
        return feature.name
    if feature.universe is None:
        raise ProgramError(
            f"linear_regression: the feature {feature.text} is the same for all rows, as the "
            "intercept is"
        )
    if feature.text.endswith("…"):
        raise ProgramError(
            f"linear_regression: the feature {feature.text} is too long to name its coefficient; "
            "give it a name first, like `t += t.select(z=…)`"
        )
    return feature.text
