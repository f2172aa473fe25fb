"""Language: classification: the methods of a table for discriminant analysis and naive Bayes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING

from streamreg._language.discriminant import Options

if TYPE_CHECKING:
    from streamreg._language.discriminant import Priors
    from streamreg._language.expression import Expression
    from streamreg._language.features import Powers
    from streamreg._language.table import Table
    from streamreg._types import SingularClasses


class ClassTables(ABC):
    """Discriminant analysis and naive Bayes as tables, with a row for each class."""

    __slots__ = ()

    @abstractmethod
    def _classes(
        self, label: Expression, features: Sequence[Expression | Powers], options: Options
    ) -> Table:
        """The table of classes."""

    def linear_discriminant(
        self,
        label: Expression,
        *features: Expression | Powers,
        priors: Priors = None,
        unbiased: bool = False,
        singular: SingularClasses = "null",
    ) -> Table:
        """Linear discriminant analysis: a row for each class, from its exact moments and those of all.

        The label, which names its column, `prior`, `n`, `intercept`, and for each of 1 to 64 features
        a factor, named as in `linear_regression`. The class of the greatest intercept + Σ factor·x is
        the prediction; exp of these scores over their sum are the posterior probabilities. Cells are
        exact but for one rounding, and missing while the rows do not determine them. Rows where a
        feature is missing, NaN or infinite are excluded, and those without a label. Beyond 1,000 classes the run ends
        with a `SourceError`.

        Args:
            label: the class of a row: a column of str, int or bool.
            features: columns of floats or ints.
            priors: the prior probability of each label, in a dict; a class without one has no
                intercept. By default the shares of the rows.
            unbiased: whether the covariance is divided by the rows less the classes, not by the rows.
            singular: while the covariance within classes is singular, "null" leaves the cells empty,
                "drop" excludes the directions that do not vary, as `sr.LinearDiscriminantAnalysis`.

        Raises:
            ProgramError: if a feature is given twice, has the name of another column of the result, or
                is no number; if the label cannot be one, or an option makes no sense.
        """
        options = Options(method="linear", priors=priors, unbiased=unbiased, singular=singular)
        return self._classes(label, features, options)

    def quadratic_discriminant(
        self,
        label: Expression,
        *features: Expression | Powers,
        priors: Priors = None,
        unbiased: bool = False,
    ) -> Table:
        """Quadratic discriminant analysis, as `linear_discriminant`, with a covariance for each class.

        After the factors of the features come those of their products, `quadratic_x_x`,
        `quadratic_x_z`, …: the score is intercept + Σ factor·x + Σ quadratic·x·z, each pair once. The
        cells of a class are missing while its own covariance is singular; `unbiased` divides it by
        the rows of the class less 1.
        """
        options = Options(method="quadratic", priors=priors, unbiased=unbiased)
        return self._classes(label, features, options)

    def gaussian_naive_bayes(
        self,
        label: Expression,
        *features: Expression | Powers,
        priors: Priors = None,
        var_smoothing: float = 0.0,
    ) -> Table:
        """Gaussian naive Bayes, as `linear_discriminant`, with a mean and a variance for each feature.

        The columns are the label, `prior`, `n`, `mean_x`, …, `variance_x`, … (divided by n). The score
        is ln(prior) - Σ (ln(variance) + (x - mean)²/variance)/2. All variances are raised by
        `var_smoothing` times the greatest variance of a feature over all rows: without it that of a
        feature that is constant in a class is 0, which leaves no score.
        """
        options = Options(method="bayes", priors=priors, var_smoothing=var_smoothing)
        return self._classes(label, features, options)
