"""Estimator: the exact classifiers, `LinearDiscriminantAnalysis`, `QuadraticDiscriminantAnalysis`, `GaussianNB`."""

from __future__ import annotations

from typing import ClassVar

from streamreg._estimators.classifier_base import Floats
from streamreg._estimators.exact_classifier import ExactClassifier, Priors
from streamreg._types import ClassMethod


class _DiscriminantAnalysis(ExactClassifier):
    """What linear and quadratic discriminant analysis share: their parameters, and the linear part of the scores."""

    def __init__(self, *, priors: Priors = None, unbiased: bool = False) -> None:
        """Keeps the parameters; they are looked at when they are used."""
        self.priors = priors
        self.unbiased = unbiased

    @property
    def coef_(self) -> Floats:
        """The coefficients of the features in the scores."""
        return self._solved().parameter("coefficient").reshape(-1, self.n_features_in_)

    @property
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
    varies within the classes (a feature that is constant, or follows linearly from others: decided exactly) are left
    out, with a warning, as scikit-learn does by singular values.

    Args:
        priors: The prior probabilities of the classes, in the order of their labels, which sum to 1; by default their
            shares of the rows.
        unbiased: Whether the covariance is divided by the rows less the classes, as R's `lda` does, and not by the
            rows, which is the estimate of maximum likelihood and scikit-learn's (from 1.9).

    Attributes:
        classes_: The labels of the classes, in order.
        class_counts_: The rows of each class, those forgotten taken off.
        priors_: The prior probability of each class.
        means_: The means of the features, (classes, features); NaN for a class without rows.
        covariance_: The covariance matrix within classes, (features, features).
        coef_: Σ⁻¹μ of each class, (classes, features); of two classes (1, features), the second's less the first's.
        intercept_: ln π less ½μᵀΣ⁻¹μ of each class, (classes,); of two classes (1,). Only classes that have rows are in
            these two.
        n_features_in_: How many features there are.
        feature_names_in_: Their names, if the rows came with names.
        n_samples_seen_: Rows added less rows forgotten.
    """

    _METHOD: ClassVar[ClassMethod] = "linear"

    @property
    def covariance_(self) -> Floats:
        """The covariance matrix within classes."""
        features = self.n_features_in_
        return self._describe("pooled").reshape(features, features)


class QuadraticDiscriminantAnalysis(_DiscriminantAnalysis):
    """Quadratic discriminant analysis, exact, with scikit-learn's interface.

    Each class has a covariance matrix of its own. Exactness and scoring are as for
    `LinearDiscriminantAnalysis`.

    Args:
        priors: The prior probabilities of the classes, in the order of their labels, which sum to 1; by default their
            shares of the rows.
        unbiased: Whether covariances are divided by the rows of the class less 1, as R's `qda` does, and not by the
            rows, which is the estimate of maximum likelihood and scikit-learn's (from 1.9).

    Attributes:
        classes_: The labels of the classes, in order.
        class_counts_: The rows of each class, those forgotten taken off.
        priors_: The prior probability of each class.
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
    def covariance_(self) -> Floats:
        """The covariance matrices of the classes."""
        features = self.n_features_in_
        return self._of_all("covariance", (features, features))

    @property
    def precision_(self) -> Floats:
        """The inverses of the covariance matrices."""
        features = self.n_features_in_
        return self._solved().parameter("precision").reshape(-1, features, features)


class GaussianNB(ExactClassifier):
    """Gaussian naive Bayes, exact, with scikit-learn's interface.

    Each class has a variance of its own for each feature, over its rows. Where nothing is added to it, a class in
    which a feature is constant leaves no finite answer, and is named by the error that says so. Exactness and scoring
    are as for `LinearDiscriminantAnalysis`.

    Args:
        priors: The prior probabilities of the classes, in the order of their labels, which sum to 1; by default their
            shares of the rows.
        var_smoothing: What is added to all variances, as a share of the greatest variance of a feature over all rows.
            Scikit-learn adds 1e-9 by default.

    Attributes:
        classes_: The labels of the classes, in order.
        class_counts_: The rows of each class, those forgotten taken off.
        priors_: The prior probability of each class.
        means_: The means of the features, (classes, features); NaN for a class without rows.
        var_: The variances of the features, with what is added, (classes, features); NaN for a class without rows.
        n_features_in_: How many features there are.
        feature_names_in_: Their names, if the rows came with names.
        n_samples_seen_: Rows added less rows forgotten.
    """

    _METHOD: ClassVar[ClassMethod] = "bayes"

    def __init__(self, *, priors: Priors = None, var_smoothing: float = 0.0) -> None:
        """Keeps the parameters; they are looked at when they are used."""
        self.priors = priors
        self.var_smoothing = var_smoothing

    @property
    def var_(self) -> Floats:
        """The variances of the features in the classes."""
        return self._of_all("variance", (self.n_features_in_,))
