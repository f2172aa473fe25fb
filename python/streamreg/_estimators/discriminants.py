"""Estimator: exact discriminant analysis, `LinearDiscriminantAnalysis` and `QuadraticDiscriminantAnalysis`."""

from __future__ import annotations

import math
import warnings
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from streamreg._estimators.classifier_base import Floats
from streamreg._estimators.exact_classifier import ExactClassifier, Priors
from streamreg._estimators.numbers import Data, doubles
from streamreg._estimators.projection import Projection, projection
from streamreg._estimators.sklearn_interface import transformer_tags
from streamreg._estimators.turns import as_of_now, in_turn
from streamreg._estimators.weights import ClassWeight
from streamreg._plural import plural
from streamreg._types import ClassMethod


class _DiscriminantAnalysis(ExactClassifier):
    """What linear and quadratic discriminant analysis share: parameters, and the linear part of the scores."""

    def __init__(
        self,
        *,
        priors: Priors = None,
        unbiased: bool = False,
        store_covariance: bool = True,
        class_weight: ClassWeight = None,
    ) -> None:
        """Keeps the parameters; they are checked when they are used."""
        self.priors = priors
        self.unbiased = unbiased
        self.store_covariance = store_covariance
        self.class_weight = class_weight

    def _check_stored(self) -> None:
        if not self.store_covariance:
            raise AttributeError("covariance_ is not shown: store_covariance is False")

    @property
    @as_of_now
    def coef_(self) -> Floats:
        """The coefficients of the features in the scores."""
        return self._solved().parameter("coefficient").reshape(-1, self.n_features_in_)

    @property
    @as_of_now
    def intercept_(self) -> Floats:
        """The constants of the scores."""
        return self._solved().parameter("intercept")


class LinearDiscriminantAnalysis(_DiscriminantAnalysis):
    """Linear discriminant analysis, exact, with scikit-learn's interface.

    All classes have one covariance matrix, that within classes. The moments of each class are held
    without rounding, and each parameter is rounded once: it is the same for any order and split of the rows, and rows
    that were added can be forgotten without a trace. Rows are scored by the exact parameters, not by the rounded
    ones: `predict` gives the label that the exact rule gives (of equal scores the first), and `decision_function`,
    `predict_proba` and `predict_log_proba` the doubles nearest to the exact values. Of more than two classes
    `decision_function` counts from the mean of all rows, so that it keeps its digits however far that is from zero: it
    differs from coef·x + intercept by what all classes share. Directions in which nothing
    varies within the classes (a feature that is constant, or follows linearly from others: decided exactly) are
    excluded, with a warning, as scikit-learn does by singular values.

    Args:
        priors: The prior probabilities of the classes, in the order of their labels, which sum to 1; by default their
            shares of the rows.
        n_components: How many directions `transform` gives, at most one fewer than classes; by default all of them.
        unbiased: Whether the covariance is divided by the rows less the classes, as R's `lda` does, and not by the
            rows, which is the estimate of maximum likelihood and scikit-learn's (from 1.9).
        store_covariance: Whether `covariance_` is shown, as in scikit-learn; it is computed on demand, so that
            nothing is saved without it.
        class_weight: What the rows of a class count, by label, 1 where it is not named; or "balanced", so that all
            classes count the same, which only `fit` can take. With weights of their own, each product is rounded.

    Attributes:
        classes_: The labels of the classes, in order.
        class_counts_: The rows of each class, those forgotten taken off.
        class_count_: What they weigh; without weights, as many.
        priors_, class_prior_: The prior probability of each class.
        means_: The means of the features, (classes, features); NaN for a class without rows.
        covariance_: The covariance matrix within classes, (features, features).
        xbar_, scalings_, explained_variance_ratio_: What `transform` takes: the mean of all classes, the directions in
            which their means lie farthest apart, (features, directions), and the share of each in their spread. These
            come out of a singular value decomposition in doubles.
        coef_: Σ⁻¹μ of each class, (classes, features); of two classes (1, features), the second's less the first's.
        intercept_: ln π less ½μᵀΣ⁻¹μ of each class, (classes,); of two classes (1,). Only classes that have rows are in
            these two.
        n_features_in_: How many features there are.
        feature_names_in_: Their names, if the rows came with names.
        n_samples_seen_: Rows added less rows forgotten.
    """

    _METHOD: ClassVar[ClassMethod] = "linear"

    def __init__(
        self,
        *,
        priors: Priors = None,
        n_components: int | None = None,
        unbiased: bool = False,
        store_covariance: bool = True,
        class_weight: ClassWeight = None,
    ) -> None:
        """Keeps the parameters; they are checked when they are used."""
        super().__init__(
            priors=priors,
            unbiased=unbiased,
            store_covariance=store_covariance,
            class_weight=class_weight,
        )
        self.n_components = n_components

    @property
    @as_of_now
    def covariance_(self) -> Floats:
        """The covariance matrix within classes."""
        self._check_stored()
        return self._within()

    def _within(self) -> Floats:
        features = self.n_features_in_
        return self._describe("pooled").reshape(features, features)

    def _summing(self, priors: Floats, found: str, *, fitting: bool) -> tuple[float, ...]:
        total = math.fsum(priors)
        if math.isclose(total, 1.0, rel_tol=1e-8):
            return super()._summing(priors, found, fitting=fitting)
        if not 0 < total < math.inf:
            raise ValueError(f"priors: must be above 0 and sum to 1, {found}")
        if fitting:
            warnings.warn("The priors do not sum to 1. Renormalizing", stacklevel=4)
        return tuple((priors / total).tolist())

    @property
    @as_of_now
    def xbar_(self) -> Floats:
        """The mean of the class means, weighted by the priors."""
        return self._projection().origin

    @property
    @as_of_now
    def scalings_(self) -> Floats:
        """The directions in which the class means lie farthest apart."""
        return self._projection().scalings

    @property
    @as_of_now
    def explained_variance_ratio_(self) -> Floats:
        """The share of each direction in the spread of the class means."""
        return self._projection().shares[: self._components()]

    def _projection(self) -> Projection:
        counts = self._counts()
        there = [at for at, label in enumerate(self._known()) if label in counts]
        priors = self.priors_[there]
        return projection(self._within(), self.means_[there], priors / priors.sum())

    def _components(self) -> int:
        """How many directions are asked for.

        Raises:
            ValueError: if there are not so many.
        """
        most = min(len(self._known()) - 1, self.n_features_in_)
        if self.n_components is None:
            return most
        if self.n_components > most:
            classes = len(self._known())
            raise ValueError(
                "n_components cannot be larger than min(n_features, n_classes - 1). There "
                f"{'is' if classes == 1 else 'are'} {plural(classes, 'class', 'classes')} of "
                f"{plural(self.n_features_in_, 'feature')}"
            )
        return int(self.n_components)

    @in_turn
    def fit(self, X: Data, y: Data, sample_weight: Data = None) -> Self:  # scikit-learn's name
        """As of every classifier here, and checks `n_components`.

        Args:
            X: Features, (rows, features): an array, a table of pandas, polars or Arrow, or a sparse matrix.
            y: Labels, (rows,): text, integers or booleans.
            sample_weight: What each row counts, (rows,), at least 0: as so many rows.
        """
        with self._anew():
            super().fit(X, y, sample_weight)
            self._components()
        return self

    @as_of_now
    def transform(self, X: Data) -> Floats:  # scikit-learn's name
        """Rows along the directions in which the class means lie farthest apart.

        Args:
            X: Features, (rows, features).

        Returns:
            An array of shape (rows, components): `n_components`, or as many as there are, in doubles.
        """
        rows = self._rows(X)
        found, count = self._projection(), self._components()
        return np.concatenate(
            [
                (np.column_stack([doubles(column) for column in columns]) - found.origin)
                @ found.scalings[:, :count]
                for _, columns in rows.pieces()
            ]
        )

    @in_turn
    def fit_transform(
        self, X: Data, y: Data = None, sample_weight: Data = None
    ) -> Floats:  # scikit-learn's name
        """`fit`, then `transform`."""
        return self.fit(X, y, sample_weight).transform(X)

    @as_of_now
    def get_feature_names_out(self, input_features: object = None) -> NDArray[np.object_]:
        """The names of what `transform` gives; what they are made of does not matter."""
        count = min(self._components(), self._projection().scalings.shape[1])
        name = type(self).__name__.lower()
        return np.array([f"{name}{at}" for at in range(count)], dtype=object)

    def __sklearn_tags__(self) -> Any:  # noqa: ANN401  # a type of scikit-learn's, which may not be there
        """scikit-learn's tags of this estimator."""
        return transformer_tags(super().__sklearn_tags__())


class QuadraticDiscriminantAnalysis(_DiscriminantAnalysis):
    """Quadratic discriminant analysis, exact, with scikit-learn's interface.

    Each class has a covariance matrix of its own. Exactness and scoring are as for
    `LinearDiscriminantAnalysis`.

    Args:
        priors: The prior probabilities of the classes, in the order of their labels, which sum to 1; by default their
            shares of the rows.
        unbiased: Whether covariances are divided by the rows of the class less 1, as R's `qda` does, and not by the
            rows, which is the estimate of maximum likelihood and scikit-learn's (from 1.9).
        store_covariance: Whether `covariance_` is shown, as in scikit-learn; it is computed on demand, so that
            nothing is saved without it.
        class_weight: What the rows of a class count, by label, 1 where it is not named; or "balanced", so that all
            classes count the same, which only `fit` can take. With weights of their own, each product is rounded.

    Attributes:
        classes_: The labels of the classes, in order.
        class_counts_: The rows of each class, those forgotten taken off.
        class_count_: What they weigh; without weights, as many.
        priors_, class_prior_: The prior probability of each class.
        means_: The means of the features, (classes, features); NaN for a class without rows.
        covariance_: The covariance matrix of each class, (classes, features, features); NaN for one without rows.
        precision_: Σ⁻¹ of each class, (classes, features, features). The score of a row x is
            coef·x + intercept less ½xᵀΣ⁻¹x.
        coef_: Σ⁻¹μ of each class, (classes, features).
        intercept_: ln π less ½μᵀΣ⁻¹μ and ½ ln|Σ| of each class, (classes,). Only classes that have rows are in these
            three.
        n_features_in_: How many features there are.
        feature_names_in_: Their names, if the rows came with names.
        n_samples_seen_: Rows added less rows forgotten.
    """

    _METHOD: ClassVar[ClassMethod] = "quadratic"

    @property
    @as_of_now
    def covariance_(self) -> Floats:
        """The covariance matrices of the classes."""
        self._check_stored()
        features = self.n_features_in_
        return self._of_all("covariance", (features, features))

    @property
    @as_of_now
    def precision_(self) -> Floats:
        """The inverses of the covariance matrices."""
        features = self.n_features_in_
        return self._solved().parameter("precision").reshape(-1, features, features)
