"""Estimator, state of classifiers: the exact moments of the rows seen, class by class, and results of them."""

from __future__ import annotations

import copy
import threading
import warnings
from collections.abc import Callable, Sequence
from typing import Any, Final, Literal, NoReturn, Self, TypeAlias

import numpy as np

from streamreg._core import Classes, ClassSums, Discriminant, Undefined
from streamreg._estimators.classifier_base import Floats
from streamreg._estimators.inputs import Matrix
from streamreg._estimators.labels import Label, Labels
from streamreg._estimators.left_rows import check_left
from streamreg._estimators.near_dependence import near_dependence
from streamreg._estimators.numbers import Column
from streamreg._estimators.turns import Rows
from streamreg._exceptions import NumericalWarning, UndefinedError
from streamreg._types import ClassMethod

_SUMS: Final = b"D"
"""What the core marks the bytes of `ClassSums` with, after their version."""

Description: TypeAlias = Literal["prior", "mean", "variance", "covariance", "pooled"]


class ClassMoments(Rows):
    """The rows added less the rows removed.

    Several threads may read it, and one may change it as long as it is not shared.
    """

    def __init__(self, classes: Classes | ClassSums) -> None:
        """`classes` are this object's own from now on."""
        self._classes = classes
        self._solved: dict[
            tuple[ClassMethod, tuple[float, ...] | None, bool, float], Discriminant
        ] = {}
        self._solving = threading.Lock()

    @classmethod
    def empty(cls, features: int, *, weighted: bool, squares: bool) -> Self:
        """No row yet; of rows with weights or without, with all products of features or `squares` alone.

        Raises:
            ValueError: if there are more features than a classification takes.
        """
        if weighted or squares:
            return cls(ClassSums(features, weighted, squares))
        return cls(Classes(features))

    @property
    def features(self) -> int:
        """How many features there are."""
        return self._classes.features

    @property
    def weighted(self) -> bool:
        """Whether rows have weights."""
        return isinstance(self._classes, ClassSums) and self._classes.weighted

    @property
    def n(self) -> int:
        """Rows added less rows removed."""
        return self._classes.n

    def counts(self, names: Sequence[str]) -> dict[Label, tuple[int, float]]:
        """The classes that have rows, in order, how many, and what they weigh.

        Raises:
            UndefinedError: if rows were removed that had not been added; `names` are those of the features.
        """
        if isinstance(self._classes, ClassSums):
            weighed = self._classes.counts()
            if not isinstance(weighed, Undefined):
                return {label: (n, weight) for label, n, weight in weighed}
            found: Undefined = weighed
        else:
            counted = self._classes.counts()
            if not isinstance(counted, Undefined):
                return {label: (n, float(n)) for label, n in counted}
            found = counted
        if found.reason == "no rows":
            return {}
        _raise(found, names)

    def put(self, labels: Labels, rows: Matrix, weights: Column | None, *, remove: bool) -> None:
        """Adds or removes rows, all or none.

        Raises:
            ValueError: if there would be too many classes; or if there are weights, but none were given with the first
                rows.
            RangeError: if a sum would leave its range.
        """
        if self.weighted and weights is None:
            weights = np.ones(rows.rows)
        elif weights is not None and not self.weighted:
            raise ValueError(
                "rows have weights, but earlier rows came without: give them weights too, "
                "sample_weight=np.ones(len(X))"
            )
        beside = [] if weights is None else [weights]
        if rows.columns and not remove:
            self._classes.add(labels.distinct, labels.codes, [*rows.columns, *beside])
        else:
            changed = copy.copy(self._classes)
            for at, columns in rows.pieces():
                own = [column[at] for column in beside]
                (changed.remove if remove else changed.add)(
                    labels.distinct, labels.codes[at], [*columns, *own]
                )
            if remove:
                check_left(changed)
            self._classes = changed
        self._solved.clear()

    def combined(self, other: ClassMoments, *, subtract: bool) -> ClassMoments:
        """The rows of both, or those of this one without those of the other.

        Raises:
            ValueError: if one has weights, and the other has none.
        """
        if self.weighted != other.weighted:
            raise ValueError("rows with weights cannot be merged with rows without")
        both = self.copied()
        put: Callable[[Any], None] = both._classes.subtract if subtract else both._classes.merge
        put(other._classes)
        check_left(both._classes)
        return both

    def copied(self) -> ClassMoments:
        """A copy that nobody else holds."""
        return ClassMoments(copy.copy(self._classes))

    def describe(
        self, what: Description, unbiased: bool, smoothing: float, names: Sequence[str]
    ) -> Floats:
        """A description of the classes that have rows, flat.

        Raises:
            UndefinedError: if the rows do not give it.
        """
        found = self._classes.describe(what, unbiased, smoothing)
        if isinstance(found, Undefined):
            _raise(found, names)
        return found

    def solved(
        self,
        method: ClassMethod,
        priors: tuple[float, ...] | None,
        unbiased: bool,
        smoothing: float,
        names: Sequence[str],
    ) -> Discriminant:
        """The discriminant functions of a model, computed once for each model.

        Raises:
            UndefinedError: if the rows do not give it.
        """
        key = (method, priors, unbiased, smoothing)
        with self._solving:
            if key not in self._solved:
                found = self._classes.discriminant(method, priors, unbiased, "drop", smoothing)
                if isinstance(found, Undefined):
                    _raise(found, names, method)
                if found.dropped:
                    warnings.warn(
                        f"within the classes {_features(found.dropped, names, method)} (decided exactly): the "
                        "directions that do not vary are excluded",
                        stacklevel=2,
                    )
                if found.nearly_dependent:
                    warnings.warn(
                        "within the classes "
                        + near_dependence(
                            [names[at] for at in found.nearly_dependent], "round them"
                        ),
                        NumericalWarning,
                        stacklevel=2,
                    )
                self._solved[key] = found
            return self._solved[key]

    def to_bytes(self) -> bytes:
        """Equal rows give equal bytes, in whatever order and pieces they came."""
        return self._classes.to_bytes()

    @classmethod
    def from_bytes(cls, state: bytes) -> Self:
        """Reads what `to_bytes` wrote.

        Raises:
            CorruptStateError: for any other bytes.
            MismatchError: if a newer streamreg wrote them.
        """
        read = ClassSums.from_bytes if state[1:2] == _SUMS else Classes.from_bytes
        return cls(read(state))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ClassMoments) and self.to_bytes() == other.to_bytes()

    def __reduce__(self) -> tuple[Any, ...]:
        return ClassMoments.from_bytes, (self.to_bytes(),)


_MOST_SHOWN: Final = 10

_REMEDIES: Final = {
    "linear": "leave {them} out, or add rows",
    "quadratic": "leave {them} out, add rows, or use LinearDiscriminantAnalysis, which needs one covariance "
    "for all classes only",
    "bayes": "leave {them} out, add rows, or set var_smoothing",
}


def _raise(
    undefined: Undefined, names: Sequence[str], method: ClassMethod | None = None
) -> NoReturn:
    label = undefined.label
    who = "the rows of all classes together" if label is None else f"class {label!r}"
    if undefined.reason == "no rows":
        raise UndefinedError("no row is left: all that were added have been forgotten")
    if undefined.reason == "inconsistent":
        raise UndefinedError(
            f"{who}: rows were forgotten that had never been added, so that no rows can have what is left; add "
            "them, or fit again"
        )
    if undefined.reason == "too few rows":
        raise UndefinedError(
            f"{who} have no covariance: there must be more rows than classes, so add rows"
            if label is None
            else f"{who} has only 1 sample, and a covariance takes 2 at least: add rows"
        )
    raise UndefinedError(
        f"{who}: {_features(undefined.features, names, method)} within "
        f"{'the classes' if label is None else 'the class'} (decided exactly), so that there is no finite result: "
        + _REMEDIES[method or "linear"].format(
            them="it" if len(undefined.features) == 1 else "them"
        )
    )


def _features(found: Sequence[int], names: Sequence[str], method: ClassMethod | None) -> str:
    """A clause: these features are constant or linearly dependent."""
    shown = ", ".join(repr(names[at]) for at in found[:_MOST_SHOWN])
    more = f" and {len(found) - _MOST_SHOWN} more" if len(found) > _MOST_SHOWN else ""
    if len(found) == 1:
        fault = (
            "is constant" if method == "bayes" else "is constant, or follows from those before it"
        )
        return f"feature {shown} {fault}"
    fault = (
        "are constant" if method == "bayes" else "are constant, or follow from those before them"
    )
    return f"features {shown}{more} {fault}"
