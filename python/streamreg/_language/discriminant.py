"""Language: classification as a table: the columns of a row for each class, by discriminant analysis or naive Bayes."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final, TypeAlias, get_args

from streamreg._dataclass import dataclass
from streamreg._exceptions import ProgramError
from streamreg._language.build import mistyped
from streamreg._language.expression import Expression, TypedExpression
from streamreg._language.features import Feature, Powers, check_features, features_of
from streamreg._language.group_by import GroupedTable
from streamreg._language.name_resolution import TableEnvironment
from streamreg._language.nodes import restricted
from streamreg._language.operators import MistypedError
from streamreg._language.reduction import ReducedColumn, Reducer
from streamreg._language.regression_options import is_number
from streamreg._types import (
    PYTHON_TYPES,
    ClassMethod,
    ClassModel,
    SingularClasses,
    quoted,
)

if TYPE_CHECKING:
    from streamreg._language.table import Table
    from streamreg._language.universe import ReducedUniverse

Priors: TypeAlias = Mapping[str, float] | Mapping[int, float] | Mapping[bool, float] | None

METHODS: Final[dict[ClassMethod, str]] = {
    "linear": "linear_discriminant",
    "quadratic": "quadratic_discriminant",
    "bayes": "gaussian_naive_bayes",
}
"""The names of the table's methods."""


@dataclass(frozen=True, kw_only=True)
class Options:
    """How rows are classified.

    Raises:
        ProgramError: if an option makes no sense.
    """

    method: ClassMethod
    priors: Priors = None
    unbiased: bool = False
    singular: SingularClasses = "null"
    var_smoothing: float = 0.0

    def __post_init__(self) -> None:
        """Check what can be checked without the label."""
        if not isinstance(self.unbiased, bool):
            raise self._wrong("unbiased", "True or False", self.unbiased)
        if self.singular not in get_args(SingularClasses):
            raise self._wrong("singular", '"null" or "drop"', self.singular)
        if not is_number(self.var_smoothing) or not 0 <= self.var_smoothing <= sys.float_info.max:
            raise self._wrong("var_smoothing", "a finite number from 0 up", self.var_smoothing)
        if self.priors is not None:
            self._check_priors(self.priors)

    def _check_priors(self, priors: object) -> None:
        numbers = list(priors.values()) if isinstance(priors, Mapping) else []
        if not numbers or not all(is_number(prior) and 0 < prior <= 1 for prior in numbers):
            raise self._wrong(
                "priors", "a number from above 0 to 1 for each label, in a dict", priors
            )
        if not math.isclose(math.fsum(numbers), 1.0, rel_tol=1e-8):
            raise self._wrong("priors", "numbers that sum to 1", priors)

    def model(self, label: TypedExpression) -> ClassModel:
        """The model that the core solves.

        Raises:
            ProgramError: if the priors are of labels of another type.
        """
        for name in self.priors or ():
            if PYTHON_TYPES.get(type(name)) != label.dtype:
                raise ProgramError(
                    f"{METHODS[self.method]}: priors holds the label {quoted(name)}, but "
                    f"{label.text} is {label.dtype}"
                )
        priors = None
        if self.priors is not None:
            priors = tuple(sorted((name, float(prior)) for name, prior in self.priors.items()))
        smoothing = float(self.var_smoothing)
        return ClassModel(self.method, self.unbiased, self.singular, smoothing, priors)

    def _wrong(self, option: str, expected: str, found: object) -> ProgramError:
        return ProgramError(f"{METHODS[self.method]}: {option} is {expected}, not {quoted(found)}")


def classes(
    table: Table, label: Expression, features: Sequence[Expression | Powers], options: Options
) -> tuple[dict[str, TypedExpression], dict[str, ReducedColumn], ReducedUniverse]:
    """The columns of a row for each class (label, prior, n, parameters), and the rows that they belong to.

    Raises:
        ProgramError: if the label is no column of str, int or bool, if there are not 1 to 64 features, if one is given
            twice, is no column of floats or ints, or if two columns would have the same name.
    """
    grouped = GroupedTable(table, (label,), METHODS[options.method])
    columns = class_columns(table, features, options, grouped._keys, grouped._universe)
    return {**grouped._keys}, columns, grouped._universe


def class_columns(
    table: Table,
    features: Sequence[Expression | Powers],
    options: Options,
    keys: Mapping[str, TypedExpression],
    universe: ReducedUniverse,
) -> dict[str, ReducedColumn]:
    """The columns of a row for each class behind those of the keys, of which the last one is the label.

    Raises:
        ProgramError: as `classes`.
    """
    method = METHODS[options.method]
    found = features_of(method, features, TableEnvironment(table))
    check_features(method, "label", found)
    arguments = tuple(_argument(method, feature, universe) for feature in found)
    for index, argument in enumerate(arguments):
        if argument.dtype not in ("float", "int"):
            raise mistyped(method, arguments, MistypedError(index, "numbers"))
    *_, (label_name, key) = keys.items()
    if key.dtype in ("datetime", "timedelta"):
        raise ProgramError(
            f"{method}: the label {label_name} is {key.dtype}, but labels are str, int or bool"
        )
    columns: dict[str, ReducedColumn] = {}
    model = options.model(key)
    for name, statistic, index in _asked(options.method, [feature.name for feature in found]):
        if name in keys or name in columns:
            raise ProgramError(
                f"{method}: two columns of the result would be called {name}; give the label or "
                f"the feature that makes one of them another name first, like t += t.select(…)"
            )
        reducer = Reducer(f"{name} of {method}", "class", arguments, statistic, index, model=model)
        columns[name] = ReducedColumn(reducer, arguments, universe)
    return columns


def _argument(method: str, feature: Feature, universe: ReducedUniverse) -> TypedExpression:
    if feature.power != 1:
        raise ProgramError(
            f"{method}: sr.poly stands in linear_regression alone; write the powers as expressions"
        )
    return restricted(feature.column, universe.origin)


def _asked(method: ClassMethod, features: Sequence[str]) -> Iterator[tuple[str, str, int]]:
    """The columns beside the label: name, statistic, index of the parameter."""
    yield "prior", "prior", 0
    yield "n", "n", 0
    if method == "bayes":
        yield from ((f"mean_{name}", "linear", at) for at, name in enumerate(features))
        yield from ((f"variance_{name}", "quadratic", at) for at, name in enumerate(features))
        return
    yield "intercept", "intercept", 0
    yield from ((name, "linear", at) for at, name in enumerate(features))
    if method == "quadratic":
        pairs = [(a, b) for at, a in enumerate(features) for b in features[at:]]
        yield from ((f"quadratic_{a}_{b}", "quadratic", at) for at, (a, b) in enumerate(pairs))
