"""Estimator: exact naive Bayes, `GaussianNB`."""

from __future__ import annotations

import math
from typing import ClassVar

from streamreg._estimators.classifier_base import Floats
from streamreg._estimators.exact_classifier import ExactClassifier, Priors
from streamreg._estimators.numbers import Data
from streamreg._estimators.turns import as_of_now
from streamreg._estimators.weights import ClassWeight
from streamreg._types import ClassMethod


class GaussianNB(ExactClassifier):
    """Gaussian naive Bayes, exact, with scikit-learn's interface.

    Each class has a variance of its own for each feature, over its rows. Where nothing is added to it, a class in
    which a feature is constant leaves no finite result, and is named by the error that says so. Exactness and scoring
    are as for `LinearDiscriminantAnalysis`.

    Args:
        priors: The prior probabilities of the classes, in the order of their labels, which sum to 1; by default their
            shares of the rows.
        var_smoothing: What is added to all variances, as a share of the greatest variance of a feature over all rows.
            Scikit-learn adds 1e-9 by default.
        class_weight: What the rows of a class count, by label, 1 where it is not named; or "balanced", so that all
            classes count the same, which only `fit` can take. With weights of their own, each product is rounded.

    Attributes:
        classes_: The labels of the classes, in order.
        class_counts_: The rows of each class, those forgotten taken off.
        class_count_: What they weigh; without weights, as many.
        priors_, class_prior_: The prior probability of each class.
        means_, theta_: The means of the features, (classes, features); NaN for a class without rows.
        var_: The variances of the features, with what is added, (classes, features); NaN for a class without rows.
        n_features_in_: How many features there are.
        feature_names_in_: Their names, if the rows came with names.
        n_samples_seen_: Rows added less rows forgotten.
    """

    _METHOD: ClassVar[ClassMethod] = "bayes"
    _PRIORS: ClassVar[str] = "Priors"

    def __init__(
        self,
        *,
        priors: Priors = None,
        var_smoothing: float = 0.0,
        class_weight: ClassWeight = None,
    ) -> None:
        """Keeps the parameters; they are checked when they are used."""
        self.priors = priors
        self.var_smoothing = var_smoothing
        self.class_weight = class_weight

    @property
    @as_of_now
    def theta_(self) -> Floats:
        """The means of the features in the classes: scikit-learn's name of `means_`."""
        return self.means_

    @as_of_now
    def predict_joint_log_proba(self, X: Data) -> Floats:  # scikit-learn's name
        """The logarithms of the joint densities of rows and classes, (rows, classes)."""
        scores = self._of_rows(X, "score")
        return scores - self.n_features_in_ / 2 * math.log(2 * math.pi)

    @property
    @as_of_now
    def var_(self) -> Floats:
        """The variances of the features in the classes."""
        return self._of_all("variance", (self.n_features_in_,))
