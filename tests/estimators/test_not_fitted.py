"""An estimator that has seen no row says so, whatever it is asked."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import streamreg as sr

CLASSES = (
    sr.LinearRegression,
    sr.LogisticRegression,
    sr.LinearDiscriminantAnalysis,
    sr.QuadraticDiscriminantAnalysis,
    sr.GaussianNB,
)
GIVEN = {"X": np.array([[1.0, 2.0], [3.0, 4.0]]), "y": np.array([1.0, 2.0])}
OTHERWISE = ("fit", "partial_fit", "fit_transform", "merge", "get_metadata_routing")
"""What gives it rows, and what does not ask for any."""


def asked() -> Iterator[tuple[type, str]]:
    """All public methods and attributes of all estimators that ask for rows."""
    for estimator in CLASSES:
        for name in dir(estimator):
            found = inspect.getattr_static(estimator, name)
            parameters = name.startswith(("get_", "set_")) or isinstance(found, classmethod)
            parameters |= not hasattr(found, "__get__")
            if not name.startswith("_") and name not in OTHERWISE and not parameters:
                yield estimator, name


def ask(estimator: object, name: str) -> None:
    """Looks at an attribute, or calls a method with what it needs."""
    found = getattr(estimator, name)
    needed = [
        GIVEN[each.name]
        for each in inspect.signature(found).parameters.values()
        if each.default is each.empty and each.name in GIVEN
    ]
    found(*needed)


@pytest.mark.parametrize(("estimator", "name"), list(asked()))
def test_it_is_told(estimator: type[Any], name: str) -> None:
    """By the error that scikit-learn has for it, which is an AttributeError too: `hasattr` says no."""
    with pytest.raises(sr.NotFittedError, match="instance is not fitted"):
        ask(estimator(), name)


def test_a_class_can_be_looked_at() -> None:
    """Without an estimator of it."""
    for estimator in CLASSES:
        assert dict(inspect.getmembers(estimator))
        assert not hasattr(estimator(), "n_features_in_")
