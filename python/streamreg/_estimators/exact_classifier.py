"""Estimator, exact classifiers: rows in and out, and what they share of results and bytes."""

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
from streamreg._estimators.class_rows import ClassRows
from streamreg._estimators.classifier_base import Asked, Floats
from streamreg._estimators.key_cells import Key
from streamreg._estimators.numbers import Column, Data
from streamreg._estimators.open_classes import find_classes
from streamreg._estimators.open_windows import AskedWindow, Start
from streamreg._estimators.serialization import (
    damage,
    deserialized,
    label_list,
    name_list,
    parameters,
    serialized,
    whole,
)
from streamreg._estimators.turns import as_of_now, in_turn
from streamreg._exceptions import CorruptStateError, UndefinedError
from streamreg._plural import plural

Priors: TypeAlias = Sequence[float] | NDArray[np.float64] | None


class ExactClassifier(ClassRows):
    """A classifier of the exact moments of its classes."""

    priors: Priors
    unbiased: bool = False
    var_smoothing: float = 0.0
    _PRIORS: ClassVar[str] = "priors"
    """As scikit-learn writes it where they are negative."""

    @property
    @in_turn
    def n_samples_seen_(self) -> int:
        """Rows added less rows forgotten."""
        return self._seen().n

    @property
    @as_of_now
    def class_counts_(self) -> NDArray[np.int64]:
        """The rows of each class."""
        counts = self._counts()
        return np.array([counts.get(label, (0, 0.0))[0] for label in self._known()], dtype=np.int64)

    @property
    @as_of_now
    def class_count_(self) -> Floats:
        """What the rows of each class weigh: without weights, how many there are."""
        counts = self._counts()
        return np.array([counts.get(label, (0, 0.0))[1] for label in self._known()])

    @property
    @as_of_now
    def priors_(self) -> Floats:
        """The prior probability of each class."""
        given = self._priors()
        return self._of_all("prior", (), empty=0.0) if given is None else np.array(given)

    class_prior_ = priors_

    @property
    @as_of_now
    def means_(self) -> Floats:
        """The means of the features in the classes."""
        return self._of_all("mean", (self.n_features_in_,))

    def _priors(self, *, fitting: bool = False) -> tuple[float, ...] | None:
        """The priors given, if they can be used; while `fitting`, classes that have none yet may have the prior 0.

        Raises:
            ValueError: if there is not one for each class, or if they are negative or do not sum to 1.
        """
        if self.priors is None:
            return None
        priors = np.asarray(self.priors, dtype=np.float64)
        known, found = self._known(), f"found {self.priors!r:.200}"
        if priors.shape != (len(known),):
            raise ValueError(
                f"Number of priors must match number of classes: priors: expected one for each of the {len(known)} "
                f"classes, {list(known)!r:.200}, {found}"
            )
        if (priors < 0).any():
            raise ValueError(
                f"{self._PRIORS} must be non-negative; priors: must be above 0, {found}"
            )
        if not (priors >= 0).all() or not (fitting or (priors > 0).all()):
            raise ValueError(f"priors: must be above 0 and sum to 1, {found}")
        return self._summing(priors, found, fitting=fitting)

    def _summing(self, priors: Floats, found: str, *, fitting: bool) -> tuple[float, ...]:
        """Priors that sum to 1.

        Raises:
            ValueError: if they do not.
        """
        if not math.isclose(math.fsum(priors), 1.0, rel_tol=1e-8):
            raise ValueError(f"The sum of the priors should be 1; priors: must sum to 1, {found}")
        return tuple(priors.tolist())

    @in_turn
    def fit(self, X: Data, y: Data, sample_weight: Data = None) -> Self:  # scikit-learn's name
        """Forgets all rows, and takes these.

        Args:
            X: Features, (rows, features): an array, a table of pandas, polars or Arrow, or a sparse matrix.
            y: Labels, (rows,): text, integers or booleans.
            sample_weight: What each row counts, (rows,), at least 0: as so many rows.

        Raises:
            TypeError: if a feature is no number, or the labels are of several types.
            ValueError: if something is missing, infinite or not exactly a double or 64-bit integer, if shapes do not
                fit, if there are more than 1,000 classes, or if the priors are not theirs.
        """
        with self._anew():
            self._take(X, y, None, sample_weight, whole=True)
            self._priors(fitting=True)
        return self

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

    def _results(self, columns: Sequence[Column], asked: Asked) -> Floats:
        # Nothing is known of a class without rows: its probability is 0.
        found = self._solved().rows(columns, asked).reshape(len(columns[0]), -1)
        return self._spread(found, axis=1, empty=0.0 if asked == "posterior" else -math.inf)

    def _places(self, columns: Sequence[Column]) -> NDArray[np.int64]:
        found, counts = self._solved().classes(columns), self._counts()
        present = [at for at, label in enumerate(self._known()) if label in counts]
        return np.array(present, dtype=np.int64)[found]

    def _decisions(self, columns: Sequence[Column]) -> Floats:
        # Of two scores that are both far from zero the exact difference is rounded, not theirs taken.
        both = len(self._known()) == 2 == len(self._counts())
        return self._solved().contrasts(columns) if both else super()._decisions(columns)

    # --- from elsewhere, and bytes -------------------------------------------

    @classmethod
    def from_state(
        cls,
        directory: str | os.PathLike[str],
        *,
        output: str | os.PathLike[str] | None = None,
        instance: Key = None,
        window_start: Start = None,
    ) -> Self:
        """The classes of a job, from the state directory of a run that goes on or has ended.

        They are those of the last epoch that the run has closed, with the job's options; it is not disturbed.

        Args:
            directory: What the job has for `state=`.
            output: The file that shows the classes, as the job names it; needed if there are several such tables.
            instance: Of windows, the cell of the instance, or a tuple of several; `(None,)` for a missing one.
            window_start: Of windows, when the one begins that is meant. By default it is the last closed one of the
                instance, if the job scores rows by it, else the newest. Other closed windows are not in a state.

        Raises:
            StateError: if there is no state, it is damaged, it holds no such table, or no row was read yet.
            ConfigurationError: if there is no such output or window, one must be chosen, or a class has no prior in
                the job.
        """
        path = None if output is None else os.fspath(output)
        found = find_classes(
            Path(directory), path, cls._METHOD, AskedWindow(instance, window_start)
        )
        options = {
            name: value for name, value in found.options.items() if name in cls._parameters()
        }
        made = cls(**options)
        made._moments, made._declared = ClassMoments(found.classes), found.declared
        made.n_features_in_, made._feature_names = len(found.columns), found.columns
        return made

    @as_of_now
    def to_bytes(self) -> bytes:
        """Everything of this classifier, with a checksum: equal rows give equal bytes.

        Raises:
            NotFittedError: if it has seen no row.
        """
        moments = self._seen()
        about = {
            "params": self._plain_params(),
            "features": self.n_features_in_,
            "names": self._names(),
            "classes": self._declared,
        }
        return serialized(type(self).__name__, about, moments.to_bytes())

    def _all_declared(self) -> bool:
        """Whether the rows are of the classes that were named, if any were."""
        if self._declared is None:
            return True
        try:
            seen = self._counts()
        except (
            UndefinedError
        ):  # what was forgotten may still come: until then the classes are not known
            return True
        return {(type(label), label) for label in seen} <= {
            (type(label), label) for label in self._declared
        }

    @classmethod
    def from_bytes(cls, state: bytes) -> Self:
        """Reads what `to_bytes` wrote.

        Raises:
            CorruptStateError: for any other bytes.
            MismatchError: for those of another estimator or of a newer version.
        """
        about, moments = deserialized(cls.__name__, state)
        with damage(cls.__name__):
            made = cls(**parameters(about, cls._parameters()))
            made._moments = ClassMoments.from_bytes(moments)
            made.n_features_in_ = whole(about, "features")
            if made.n_features_in_ != made._moments.features:
                raise CorruptStateError(
                    f"{plural(made.n_features_in_, 'feature')} where the rows have {made._moments.features}"
                )
            made._feature_names = name_list(about.get("names"), made.n_features_in_)
            declared = about.get("classes")
            made._declared = None if declared is None else label_list(declared)
            if not made._all_declared():
                raise CorruptStateError("its rows are of other classes than those named")
        return made
