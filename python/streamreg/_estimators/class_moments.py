"""Estimator, state of classifiers: the exact moments of the rows seen, class by class, and what follows from them."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any, Final, Literal, NoReturn, Self, TypeAlias

from streamreg._core import Classes, Discriminant, Undefined
from streamreg._estimators.classifier_base import Floats
from streamreg._estimators.inputs import Column
from streamreg._estimators.labels import Label, Labels
from streamreg._estimators.left_rows import check_left
from streamreg._estimators.near_dependence import near_dependence
from streamreg._exceptions import NumericalWarning
from streamreg._types import ClassMethod

Description: TypeAlias = Literal["prior", "mean", "variance", "covariance", "pooled"]


class ClassMoments:
    """The rows added less the rows removed."""

    def __init__(self, classes: Classes) -> None:
        """`classes` are this object's own from now on."""
        self._classes = classes
        self._solved: dict[
            tuple[ClassMethod, tuple[float, ...] | None, bool, float], Discriminant
        ] = {}

    @classmethod
    def empty(cls, features: int) -> Self:
        """No row yet.

        Raises:
            ValueError: if there are more features than a classification takes.
        """
        return cls(Classes(features))

    @property
    def n(self) -> int:
        """Rows added less rows removed."""
        return self._classes.n

    def counts(self, names: Sequence[str]) -> dict[Label, int]:
        """The classes that have rows, in order, and how many.

        Raises:
            UndefinedError: if rows were removed that had not been added; `names` are those of the features.
        """
        found = self._classes.counts()
        if isinstance(found, Undefined):
            if found.reason == "no rows":
                return {}
            _raise(found, names)
        return dict(found)

    def put(self, labels: Labels, columns: Sequence[Column], *, remove: bool) -> None:
        """Adds or removes rows.

        Raises:
            ValueError: if there would be too many classes, or if rows are removed that cannot have been added.
            OverflowError: if a sum would leave its range.
        """
        if remove:
            left = Classes.from_bytes(self.to_bytes())
            left.remove(labels.distinct, labels.codes, columns)
            check_left(left)
            self._classes = left
        else:
            self._classes.add(labels.distinct, labels.codes, columns)
        self._solved.clear()

    def combined(self, other: ClassMoments, *, subtract: bool) -> ClassMoments:
        """The rows of both, or those of this one without those of the other.

        Raises:
            ValueError: if no rows can be what is left.
        """
        both = Classes.from_bytes(self.to_bytes())
        (both.subtract if subtract else both.merge)(other._classes)
        check_left(both)
        return ClassMoments(both)

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
        """What tells the classes apart, worked out once for each model.

        Raises:
            UndefinedError: if the rows do not give it.
        """
        key = (method, priors, unbiased, smoothing)
        if key not in self._solved:
            found = self._classes.discriminant(method, priors, unbiased, "drop", smoothing)
            if isinstance(found, Undefined):
                _raise(found, names, method)
            if found.dropped:
                warnings.warn(
                    f"within the classes {_features(found.dropped, names, method)} (decided exactly): the directions "
                    "that do not vary are left out",
                    stacklevel=2,
                )
            if found.nearly_dependent:
                warnings.warn(
                    "within the classes "
                    + near_dependence([names[at] for at in found.nearly_dependent], "round them"),
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
            ValueError: for any other bytes.
        """
        return cls(Classes.from_bytes(state))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ClassMoments) and self.to_bytes() == other.to_bytes()

    def __reduce__(self) -> tuple[Any, ...]:
        return ClassMoments.from_bytes, (self.to_bytes(),)


class UndefinedError(ValueError, AttributeError):
    """The rows seen do not determine the answer; for an attribute that depends on it, that it is not there."""


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
            f"{who}: rows were forgotten that had never been added, so that what is left is of no rows at all; add "
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
        f"{'the classes' if label is None else 'the class'} (decided exactly), so that there is no finite answer: "
        + _REMEDIES[method or "linear"].format(
            them="it" if len(undefined.features) == 1 else "them"
        )
    )


def _features(found: Sequence[int], names: Sequence[str], method: ClassMethod | None) -> str:
    """That these features do not vary of themselves."""
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
