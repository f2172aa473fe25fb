"""Language: the reducers' expressions, before and after it is known which rows they reduce."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

from streamreg._dataclass import dataclass
from streamreg._exceptions import ProgramError
from streamreg._language.build import mistyped
from streamreg._language.expression import Expression, TypedExpression
from streamreg._language.operators import MistypedError
from streamreg._language.regression_options import COUNTS
from streamreg._language.universe import check_group
from streamreg._types import NUMBERS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from streamreg._language.universe import ReducedUniverse
    from streamreg._types import Aggregate, ClassModel, DType, Model

AggregateKind: TypeAlias = Literal["count", "sum", "min", "max", "moments", "class"]


@dataclass(frozen=True, eq=False)
class Reducer:
    """One statistic of one aggregate.

    The arguments of "moments" are features, then target, then the weights if it is `weighted`, or
    the times if there is a `half_life`; `powers` are those of the features, all 1 if there are
    none, and `names` those of their coefficients, if they have any. The arguments of "class" are
    features. `index` and `other` are the coefficients that a statistic belongs to, `model` says how
    they are fitted, if not plainly, or how rows are classified.
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
    half_life: int | None = None

    def dtype(self, arguments: tuple[TypedExpression, ...]) -> DType:
        """The type of the result, given the typed arguments."""
        if self.statistic in ("count", "regr_count", *COUNTS):
            return "int"
        if self.statistic == "avg" and arguments[0].dtype == "timedelta":
            return "timedelta"
        return arguments[0].dtype if self.statistic in ("sum", "min", "max") else "float"

    def check(self, arguments: tuple[TypedExpression, ...]) -> None:
        """Raise a ProgramError if it does not take these arguments."""
        check_numbers(self.text, arguments)
        if self.aggregate == "sum" and arguments[0].dtype == "datetime":
            text = arguments[0].text
            raise ProgramError(
                f"{self.text}: points in time have no sum; take the time since one of them, like "
                f"{self.statistic}({text} - datetime(2026, 1, 1, tzinfo=UTC)), or sr.cast(float, {text}) for seconds"
            )


class ReducedColumn(TypedExpression):
    """The result of a reducer, as an expression on the one row of the reduction."""

    __slots__ = ("arguments", "reducer")

    def __init__(
        self, reducer: Reducer, arguments: tuple[TypedExpression, ...], universe: ReducedUniverse
    ) -> None:
        """`arguments` are the reducer's, on the rows that the universe reduces.

        Raises:
            ProgramError: if one of them is no number, or a datetime that is to be summed; or if rows are taken back,
                of which the result without them is unknown.
        """
        reducer.check(arguments)
        if reducer.aggregate in ("min", "max"):
            why = "and without a row that is gone a minimum or maximum is unknown"
            check_group(universe.origin, reducer.text, why)
        if reducer.half_life is not None:
            why = "but rows that have faded are dropped, and cannot be taken back: leave half_life out"
            check_group(universe.origin, "linear_regression", why)
        super().__init__(reducer.text, reducer.dtype(arguments), universe)
        self.reducer = reducer
        self.arguments = arguments

    def aggregate(self, inputs: Sequence[int]) -> Aggregate:
        """The aggregate that the core keeps; `inputs` are the indexes of the arguments."""
        reducer = self.reducer
        if reducer.aggregate == "count":
            return ("count",)
        if reducer.aggregate == "class":
            return "class", tuple(inputs)
        if reducer.aggregate != "moments":
            return reducer.aggregate, inputs[0]
        fading = reducer.half_life is not None
        *features, target = inputs[:-1] if reducer.weighted or fading else inputs
        powers = reducer.powers or (1,) * len(features)
        if reducer.half_life is not None:
            own = tuple(zip(features, powers, strict=True))
            return "fading", own, target, inputs[-1], reducer.half_life
        # Moments are the fast way, but take neither weights nor powers nor decimals, as which times count.
        binary = all(argument.dtype in ("float", "int") for argument in self.arguments)
        if not reducer.weighted and binary and set(powers) == {1}:
            return "moments", tuple(features), target
        weight = inputs[-1] if reducer.weighted else None
        return "monomials", tuple(zip(features, powers, strict=True)), target, weight


def check_numbers(user: str, arguments: tuple[TypedExpression, ...]) -> None:
    """Raise a ProgramError, in the name of `user`, if an argument is no number."""
    for index, argument in enumerate(arguments):
        if argument.dtype not in NUMBERS:
            raise mistyped(user, arguments, MistypedError(index, "numbers"))
