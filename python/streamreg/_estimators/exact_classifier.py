"""Estimator, exact classifiers: rows in and out, and what they share of answers and bytes."""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

from streamreg._core import Discriminant
from streamreg._estimators.class_moments import ClassMoments, Description
from streamreg._estimators.classifier_base import Asked, Classifier, Floats
from streamreg._estimators.inputs import Data, Matrix, matrix
from streamreg._estimators.labels import Label, Labels, labels
from streamreg._estimators.open_classes import find_classes
from streamreg._estimators.serialization import damage, listed, seal, unseal
from streamreg._estimators.sklearn_interface import not_fitted
from streamreg._types import ClassMethod

Priors: TypeAlias = Sequence[float] | NDArray[np.float64] | None


class ExactClassifier(Classifier):
    """A classifier of the exact moments of its classes."""

    priors: Priors
    unbiased: bool = False
    var_smoothing: float = 0.0
    _METHOD: ClassVar[ClassMethod]
    _moments: ClassMoments
    _declared: tuple[Label, ...] | None

    # --- rows in and out -----------------------------------------------------

    def fit(self, X: Data, y: Data) -> Self:  # scikit-learn's name
        """Forgets all rows, and takes these.

        Args:
            X: Features, (rows, features): an array, or a table of pandas, polars or Arrow.
            y: Labels, (rows,): text, integers or booleans.

        Raises:
            TypeError: if a feature is no number, or the labels are of several types.
            ValueError: if something is missing, infinite or not exactly a double or 64-bit integer, if shapes do not
                fit, or if there are more than 1,000 classes.
        """
        for attribute in ("_moments", "_declared", "_feature_names", "n_features_in_"):
            self.__dict__.pop(attribute, None)
        return self.partial_fit(X, y)

    def partial_fit(self, X: Data, y: Data, classes: Data = None) -> Self:  # scikit-learn's name
        """Takes more rows; as `fit` of all rows at once.

        Args:
            X: Features, (rows, features).
            y: Labels, (rows,).
            classes: All labels that may come, to have them in `classes_` before they come; other ones are an error
                then. Without it classes are those that have rows.
        """
        who = type(self).__name__
        rows = matrix(X, who)
        fresh = labels(y, rows.rows, who)
        named = (
            self.__dict__.get("_declared")
            if classes is None
            else labels(classes, None, who).distinct
        )
        if "_moments" in self.__dict__:
            self._check(rows, fitting=True)
            self._check_declared(named, classes is not None)
            self._check_labels(fresh.distinct, self._seen_labels(named), named is not None)
            self._moments.put(fresh, rows.columns, remove=False)
        else:
            self._check_labels(fresh.distinct, named or (), named is not None)
            moments = ClassMoments.empty(len(rows.columns))
            moments.put(fresh, rows.columns, remove=False)
            self._begin(rows)
            self._moments = moments
        self._declared = named
        return self

    def forget(self, X: Data, y: Data) -> Self:  # scikit-learn's name
        """Takes rows out again: the exact inverse of `partial_fit`.

        Raises:
            ValueError: if the rows cannot all have been added, as far as exact sums can tell: too few rows would be
                left, or sums that no rows have. Nothing is changed then.
        """
        moments = self._seen()
        rows = matrix(X, type(self).__name__)
        self._check(rows, fitting=True)
        gone: Labels = labels(y, rows.rows, type(self).__name__)
        self._check_labels(
            gone.distinct, self._seen_labels(self._declared), self._declared is not None
        )
        moments.put(gone, rows.columns, remove=True)
        return self

    def merge(self, other: Self) -> Self:
        """Takes all rows that another classifier of the same kind has seen.

        Raises:
            ValueError: if it has other features, or labels of another type.
        """
        both = self._combined(other, subtract=False)
        self._moments, self._declared = both._moments, both._declared
        return self

    def __add__(self, other: Self) -> Self:
        """A classifier of the rows of both, with the parameters of the first."""
        return (
            self._combined(other, subtract=False) if type(other) is type(self) else NotImplemented
        )

    def __sub__(self, other: Self) -> Self:
        """A classifier of the rows of the first without those of the second."""
        return self._combined(other, subtract=True) if type(other) is type(self) else NotImplemented

    def _combined(self, other: Self, *, subtract: bool) -> Self:
        mine, theirs = self._seen(), other._seen()
        if (self.n_features_in_, self._names()) != (other.n_features_in_, other._names()):
            raise ValueError(
                f"the classifiers have other features: {self._named()}, and {other._named()}"
            )
        own, others = self._seen_labels(self._declared), other._seen_labels(other._declared)
        self._check_labels(others, own, closed=False)
        made = type(self)(**self.get_params())
        made._moments = mine.combined(theirs, subtract=subtract)
        made._declared = None
        if self._declared is not None or other._declared is not None:
            made._declared = tuple(sorted({*own, *others}))
        made.n_features_in_, made._feature_names = self.n_features_in_, self._names()
        return made

    def _check_declared(self, named: tuple[Label, ...] | None, anew: bool) -> None:
        before = self._declared
        if anew and before is not None and before != named:
            raise ValueError(
                f"classes={list(named or ())!r:.200} differs from the classes of the last call: {list(before)!r:.200}"
            )
        if anew and named is not None:
            self._check_labels(self._seen_labels(None), named, closed=True)

    # --- answers -------------------------------------------------------------

    def _seen(self) -> ClassMoments:
        if "_moments" not in self.__dict__:
            raise not_fitted(self)
        return self._moments

    def _named(self) -> list[str]:
        return list(self._names() or [f"x{i}" for i in range(self.n_features_in_)])

    def _counts(self) -> dict[Label, int]:
        return self._seen().counts(self._named())

    def _seen_labels(self, declared: tuple[Label, ...] | None) -> tuple[Label, ...]:
        return tuple(self._counts()) if declared is None else declared

    def _known(self) -> tuple[Label, ...]:
        self._seen()
        known = self._seen_labels(self._declared)
        if not known:
            raise not_fitted(self)
        return known

    @property
    def n_samples_seen_(self) -> int:
        """Rows added less rows forgotten."""
        return self._seen().n

    @property
    def class_counts_(self) -> NDArray[np.int64]:
        """The rows of each class."""
        counts = self._counts()
        return np.array([counts.get(label, 0) for label in self._known()], dtype=np.int64)

    @property
    def priors_(self) -> Floats:
        """The prior probability of each class."""
        given = self._priors()
        return self._of_all("prior", (), empty=0.0) if given is None else np.array(given)

    @property
    def means_(self) -> Floats:
        """The means of the features in the classes."""
        return self._of_all("mean", (self.n_features_in_,))

    def _priors(self) -> tuple[float, ...] | None:
        """The priors given, if they can be used."""
        if self.priors is None:
            return None
        priors = np.asarray(self.priors, dtype=np.float64)
        known = self._known()
        if priors.shape != (len(known),):
            raise ValueError(
                f"priors: expected one for each of the {len(known)} classes, {list(known)!r:.200}, "
                f"found {self.priors!r:.200}"
            )
        if not (priors > 0).all() or not math.isclose(math.fsum(priors), 1.0, rel_tol=1e-8):
            raise ValueError(f"priors: must be above 0 and sum to 1, found {self.priors!r:.200}")
        return tuple(priors.tolist())

    def _smoothing(self) -> float:
        """What is added to variances, if it can be."""
        smoothing = float(self.var_smoothing)
        if not 0 <= smoothing <= sys.float_info.max:
            raise ValueError(
                f"var_smoothing: must be a finite number from 0 up, found {self.var_smoothing!r:.200}"
            )
        return smoothing

    def _solved(self) -> Discriminant:
        priors, counts = self._priors(), self._counts()
        if priors is not None:
            known = zip(self._known(), priors, strict=True)
            priors = tuple(prior for label, prior in known if label in counts)
        return self._seen().solved(
            self._METHOD, priors, bool(self.unbiased), self._smoothing(), self._named()
        )

    def _describe(self, what: Description) -> Floats:
        return self._seen().describe(what, bool(self.unbiased), self._smoothing(), self._named())

    def _of_all(self, what: Description, shape: tuple[int, ...], empty: float = math.nan) -> Floats:
        """A description of all classes, also of those that have no row."""
        described = self._describe(what).reshape(-1, *shape)
        return self._spread(described, axis=0, empty=empty)

    def _spread(self, values: Floats, *, axis: int, empty: float) -> Floats:
        """Values of the classes that have rows, among all classes."""
        known, counts = self._known(), self._counts()
        if len(counts) == len(known):
            return values
        shape = list(values.shape)
        shape[axis] = len(known)
        spread = np.full(shape, empty)
        at = [index for index, label in enumerate(known) if label in counts]
        spread[(slice(None),) * axis + (at,)] = values
        return spread

    def _results(self, rows: Matrix, asked: Asked) -> Floats:
        # Nothing is known of a class without rows: its probability is 0.
        found = self._solved().rows(rows.columns, asked).reshape(rows.rows, -1)
        return self._spread(found, axis=1, empty=0.0 if asked == "posterior" else -math.inf)

    def _places(self, rows: Matrix) -> NDArray[np.int64]:
        found, counts = self._solved().classes(rows.columns), self._counts()
        present = [at for at, label in enumerate(self._known()) if label in counts]
        return np.array(present, dtype=np.int64)[found]

    def _decisions(self, rows: Matrix) -> Floats:
        # Of two scores that are both far from zero the exact difference is rounded, not theirs taken.
        both = len(self._known()) == 2 == len(self._counts())
        return self._solved().contrasts(rows.columns) if both else super()._decisions(rows)

    # --- from elsewhere, and bytes -------------------------------------------

    @classmethod
    def from_state(
        cls, directory: str | os.PathLike[str], *, output: str | os.PathLike[str] | None = None
    ) -> Self:
        """The classes of a job, from the state directory of a run that goes on or has ended.

        They are those of the last epoch that the run has closed, with the job's options; it is not disturbed.

        Args:
            directory: What the job has for `state=`.
            output: The file that shows the classes, as the job names it; needed if there are several such tables.

        Raises:
            StateError: if there is no state, it is damaged, it holds no such table, or no row was read yet.
            ConfigurationError: if there is no such output, one must be chosen, or a class has no prior in the job.
        """
        path = None if output is None else os.fspath(output)
        found = find_classes(Path(directory), path, cls._METHOD)
        made = cls(**{name: found.options[name] for name in cls().get_params()})
        made._moments, made._declared = ClassMoments(found.classes), found.declared
        made.n_features_in_, made._feature_names = len(found.columns), found.columns
        return made

    def to_bytes(self) -> bytes:
        """Everything of this classifier, with a checksum: equal rows give equal bytes.

        Raises:
            NotFittedError: if it has seen no row.
        """
        moments, params = self._seen(), self.get_params()
        if self.priors is not None:
            params["priors"] = [float(prior) for prior in self.priors]
        about = {
            "params": params,
            "features": self.n_features_in_,
            "names": self._names(),
            "classes": self._declared,
        }
        return seal(type(self).__name__, about, moments.to_bytes())

    @classmethod
    def from_bytes(cls, state: bytes) -> Self:
        """Reads what `to_bytes` wrote.

        Raises:
            ValueError: for any other bytes.
        """
        about, moments = unseal(cls.__name__, state)
        with damage(cls.__name__):
            made = cls(**about["params"])
            made._moments = ClassMoments.from_bytes(moments)
            made.n_features_in_ = about["features"]
            made._feature_names = listed(about["names"])
            made._declared = listed(about["classes"])
        return made
