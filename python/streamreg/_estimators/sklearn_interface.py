"""Estimator: the interface that scikit-learn requires of every estimator, without needing scikit-learn.

Parameters are the arguments of `__init__`, kept under their names and looked at when they are used.
"""

from __future__ import annotations

import functools
import inspect
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from streamreg._estimators.routing import RequestSetter, routing
from streamreg._estimators.serialization import plain_parameter
from streamreg._estimators.turns import Turns, as_of_now, in_turn
from streamreg._exceptions import NotFittedError
from streamreg._html import table

if TYPE_CHECKING:
    from streamreg._estimators.inputs import Matrix


class _NoRows:
    """What is found in the place of an attribute that rows give, while there were none."""

    def __get__(self, model: object | None, _: type) -> Self:
        if model is None:
            return self
        raise not_fitted(model)


class Interface(Turns):
    """Parameters, and the features that an estimator was fitted with."""

    n_features_in_: int = _NoRows()  # type: ignore[assignment]  # rows put a number in its place

    _FITTED: ClassVar[tuple[str, ...]] = ("n_features_in_", "_feature_names")
    """The attributes that rows give."""

    set_fit_request = RequestSetter("fit")
    set_partial_fit_request = RequestSetter("partial_fit")
    set_predict_request = RequestSetter("predict")
    set_score_request = RequestSetter("score")

    @classmethod
    def _parameters(cls) -> list[str]:
        return sorted(inspect.signature(cls).parameters)

    @in_turn
    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The parameters by name; there is nothing for `deep` to descend into."""
        return {name: getattr(self, name) for name in self._parameters()}

    @in_turn
    def set_params(self, **params: object) -> Self:
        """Sets parameters by name.

        Raises:
            ValueError: if there is none of that name.
        """
        for name, value in params.items():
            if name not in self._parameters():
                raise ValueError(
                    f"Invalid parameter {name!r} for estimator {self._text()}. Valid parameters are: "
                    f"{self._parameters()!r}."
                )
            setattr(self, name, value)
        return self

    def get_metadata_routing(self) -> Any:  # noqa: ANN401  # a type of scikit-learn's, which may not be there
        """What scikit-learn's tools are asked to pass on, as `set_fit_request` and its like chose."""
        return routing(self)

    _get_metadata_request = get_metadata_routing  # scikit-learn's own name, which its setters call

    def _plain_params(self) -> dict[str, object]:
        """The parameters as bytes carry them."""
        return {name: plain_parameter(name, value) for name, value in self.get_params().items()}

    @contextmanager
    def _anew(self) -> Iterator[None]:
        """Forgets what was fitted; if what follows fails, takes it back."""
        before = {name: self.__dict__.pop(name) for name in self._FITTED if name in self.__dict__}
        try:
            yield
        except BaseException:
            for name in self._FITTED:
                self.__dict__.pop(name, None)
            self.__dict__.update(before)
            raise

    def _unfitted(self) -> Self:
        """One of the same class and parameters, which has seen no row; also of a subclass with further attributes."""
        made = type(self).__new__(type(self))
        kept = {name: value for name, value in vars(self).items() if name not in self._FITTED}
        made.__dict__.update(kept)
        return made

    @as_of_now
    def __repr__(self) -> str:
        fitted = self._fitted_or_error()
        return self._text() + (f", fitted: {fitted}" if fitted else "")

    @as_of_now
    def _repr_html_(self) -> str:
        """What a notebook shows: what was fitted, and the parameters."""
        rows = [(name, repr(value)) for name, value in self.get_params().items()]
        fitted = self._fitted_or_error()
        return table(type(self).__name__, [("fitted", fitted or "nothing yet"), *rows])

    def _fitted_or_error(self) -> str:
        """What was fitted, or why that cannot be said; empty if nothing was."""
        try:
            return self._fitted_text()
        except (
            ValueError,
            OverflowError,
        ) as error:  # parameters that were changed, and cannot be used
            return str(error)

    def _fitted_text(self) -> str:
        """What was fitted, in a few words; empty if nothing was."""
        return ""

    def _text(self) -> str:
        """The class and its parameters."""
        defaults = inspect.signature(type(self)).parameters
        given = ", ".join(
            f"{name}={value!r}"
            for name, value in self.get_params().items()
            if repr(value) != repr(defaults[name].default)
        )
        return f"{type(self).__name__}({given})"

    @property
    @in_turn
    def feature_names_in_(self) -> NDArray[np.object_]:
        """The names of the features."""
        names = self._names()
        if "n_features_in_" not in self.__dict__:
            raise not_fitted(self)
        if names is None:
            raise AttributeError("the rows came without names of features")
        return np.array(names, dtype=object)

    def _names(self) -> tuple[str, ...] | None:
        """The names of the features, if the rows came with names."""
        return getattr(self, "_feature_names", None)

    def _begin(self, matrix: Matrix) -> None:
        """Takes the features of the first rows for those of all."""
        self.n_features_in_ = matrix.features
        self._feature_names = _text(matrix.names)

    def _check(self, matrix: Matrix, *, fitting: bool) -> None:
        """That rows have the features of those seen before.

        Raises:
            ValueError: if their number differs, or their names.
        """
        mine, theirs, who = self._names(), _text(matrix.names), type(self).__name__
        if mine is not None and theirs is not None and mine != theirs:
            raise ValueError(_differing(mine, theirs))
        if mine is None and theirs is not None and not fitting:
            warnings.warn(
                f"X has feature names, but {who} was fitted without feature names", stacklevel=5
            )
        if mine is not None and theirs is None:
            warnings.warn(
                f"X does not have valid feature names, but {who} was fitted with feature names",
                stacklevel=5,
            )
        if matrix.features != self.n_features_in_:
            raise ValueError(
                f"X has {matrix.features} features, but {who} is expecting {self.n_features_in_} features as "
                "input."
            )


def _text(names: Sequence[object] | None) -> tuple[str, ...] | None:
    """The names, if they are text; as scikit-learn has it, numbers are no names, and a mixture is an error."""
    text = [isinstance(name, str) for name in names or ()]
    if not any(text):
        return None
    if not all(text):
        types = sorted({type(name).__name__ for name in names or ()})
        raise TypeError(
            "Feature names are only supported if all input features have string names, but your input has "
            f"{types} as feature name / column name types. If you want feature names to be stored and validated, you "
            "must convert them all to strings, by using X.columns = X.columns.astype(str) for example."
        )
    return tuple(str(name) for name in names or ())


def _differing(mine: Sequence[str], theirs: Sequence[str]) -> str:
    lines = ["The feature names should match those that were passed during fit."]
    for title, names in (
        ("Feature names unseen at fit time:", [name for name in theirs if name not in mine]),
        ("Feature names seen at fit time, yet now missing:", [n for n in mine if n not in theirs]),
    ):
        if names:
            lines += [title, *(f"- {name}" for name in sorted(names)[:5])]
            lines += ["- ..."] if len(names) > 5 else []
    if len(lines) == 1:
        lines.append("Feature names must be in the same order as they were in fit.")
    return "\n".join(lines) + "\n"


def not_fitted(estimator: object) -> NotFittedError:
    """The error for an estimator that has seen no row; where scikit-learn is installed, it is one of scikit-learn's."""
    return _not_fitted(
        f"This {type(estimator).__name__} instance is not fitted yet. Call 'fit' with appropriate arguments before "
        "using this estimator."
    )


def _not_fitted(message: str) -> NotFittedError:
    return _not_fitted_type()(message)


@functools.cache
def _not_fitted_type() -> type[NotFittedError]:
    try:
        from sklearn import exceptions
    except ImportError:
        return NotFittedError

    class Both(NotFittedError, exceptions.NotFittedError):  # type: ignore[misc]  # of no known type
        """What users of either library catch."""

        def __reduce__(self) -> tuple[Any, ...]:
            return _not_fitted, (str(self),)

    Both.__name__ = Both.__qualname__ = NotFittedError.__name__
    Both.__module__ = NotFittedError.__module__
    return Both


def regressor_tags() -> Any:  # noqa: ANN401  # a type of scikit-learn's, which may not be there
    """scikit-learn's tags of a regressor."""
    from sklearn.utils import InputTags, RegressorTags, Tags, TargetTags  # asked for by it alone

    return Tags(
        estimator_type="regressor",
        target_tags=TargetTags(required=True, multi_output=True),
        regressor_tags=RegressorTags(),
        input_tags=InputTags(sparse=True),
    )


def classifier_tags() -> Any:  # noqa: ANN401  # a type of scikit-learn's, which may not be there
    """scikit-learn's tags of a classifier."""
    from sklearn.utils import ClassifierTags, InputTags, Tags, TargetTags  # asked for by it alone

    return Tags(
        estimator_type="classifier",
        target_tags=TargetTags(required=True),
        classifier_tags=ClassifierTags(),
        input_tags=InputTags(sparse=True),
    )


def transformer_tags(tags: Any) -> Any:  # noqa: ANN401  # a type of scikit-learn's, which may not be there
    """scikit-learn's tags of an estimator that transforms rows too."""
    from sklearn.utils import TransformerTags  # asked for by it alone

    tags.transformer_tags = TransformerTags()
    return tags
