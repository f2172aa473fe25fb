"""Language: a linear regression as columns: the coefficients, and the statistics asked for."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import timedelta

from streamreg._core import Monomials
from streamreg._dataclass import dataclass
from streamreg._exceptions import ProgramError
from streamreg._language.build import column_given, lifted
from streamreg._language.deferred import resolved
from streamreg._language.expression import Expression, TypedExpression
from streamreg._language.fading import Fading, fading
from streamreg._language.features import Feature, Powers, check_features, features_of
from streamreg._language.name_resolution import TableEnvironment
from streamreg._language.nodes import origin, restricted
from streamreg._language.reduction import ReducedColumn, Reducer, check_numbers
from streamreg._language.regression_options import INTERCEPT, Options
from streamreg._language.universe import ReducedUniverse
from streamreg._types import NUMBERS, Number


@dataclass(frozen=True)
class Rows:
    """What a row gives: the target, the features, and its weight, or its time if it fades."""

    target: TypedExpression
    features: tuple[Feature, ...]
    weights: TypedExpression | None = None
    fading: Fading | None = None

    @property
    def weighed_by(self) -> TypedExpression | None:
        """The column that its weight is, or follows from."""
        return self.weights if self.fading is None else self.fading.time


@dataclass(frozen=True)
class Fit:
    """What `linear_regression` was given of the rows and how they are fitted."""

    target: Expression
    features: Sequence[Expression | Powers]
    weights: Expression | None
    half_life: timedelta | int | None
    time: Expression | None
    options: Options

    def columns(
        self, environment: TableEnvironment, universe: ReducedUniverse
    ) -> dict[str, ReducedColumn]:
        """The columns of the result.

        Raises:
            ProgramError: as `result`, and if something is no column, or fades in no way.
        """
        time = None if self.time is None else resolved(lifted(self.time), environment)
        weights = None if self.weights is None else resolved(lifted(self.weights), environment)
        rows = Rows(
            resolved(column_given(self.target, "linear_regression"), environment),
            features_of("linear_regression", self.features, environment),
            weights,
            fading(self.half_life, time, self.weights),
        )
        return result(rows, self.options, universe)


def result(rows: Rows, options: Options, universe: ReducedUniverse) -> dict[str, ReducedColumn]:
    """The columns of the result, each statistic of the exact least-squares solution.

    Raises:
        ProgramError: if there are not 1 to 64 features, if one is no expression of numbers, is
            given twice, is called `intercept` where there is one, or is not of the rows that the
            result is about; if two columns of the result would have the same name; if the sums of
            powers could be too large to be held.
    """
    check_features("linear_regression", "target", rows.features)
    names = [feature.name for feature in rows.features]
    if INTERCEPT in names and options.intercept:
        raise ProgramError(
            "linear_regression: a feature cannot be called intercept, because a column of the "
            "result is; give it another name with select"
        )
    read = [*(feature.column for feature in rows.features), rows.target]
    if rows.weighed_by is not None:
        read.append(rows.weighed_by)
    arguments = tuple(restricted(column, universe.origin) for column in read)
    check_numbers("linear_regression", arguments)
    _check_powers(rows)
    columns: dict[str, ReducedColumn] = {}
    for asked in options.asked(names):
        if asked.name in columns:
            raise ProgramError(
                f"linear_regression: two columns of the result would be called {asked.name}; give "
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
            powers=tuple(feature.power for feature in rows.features),
            names=tuple(names),
            weighted=rows.weights is not None,
            half_life=None if rows.fading is None else rows.fading.half_life,
        )
        columns[asked.name] = ReducedColumn(reducer, arguments, universe)
    return columns


def _check_powers(rows: Rows) -> None:
    """Raise a ProgramError if the core does not take sums of such powers."""
    if all(feature.power == 1 for feature in rows.features):
        return
    places: dict[int, int] = {}
    kinds: list[Number] = []

    def place(column: TypedExpression) -> int:
        if id(origin(column)) not in places:
            kinds.append(NUMBERS[column.dtype])
        return places.setdefault(id(origin(column)), len(places))

    powers = [(place(feature.column), feature.power) for feature in rows.features]
    target = place(rows.target)
    weight = None if rows.weighed_by is None else place(rows.weighed_by)
    try:
        Monomials(kinds, powers, target, weight)
    except ValueError as error:
        raise ProgramError(f"linear_regression: {error}") from None


def check_keys(keys: Collection[str], result: Collection[str]) -> None:
    """Raise a ProgramError if a key is called as a column of the result beside it."""
    for name in keys:
        if name in result:
            raise ProgramError(
                f"linear_regression: by={name}: a column of the result is called {name} too; give "
                f"the key another name first, like `t += t.select({name}_key=t.{name})`"
            )
