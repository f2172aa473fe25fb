"""The estimators, for tests of all of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamreg as sr

CLASSIFIERS: list[Callable[..., Any]] = [
    sr.LinearDiscriminantAnalysis,
    sr.QuadraticDiscriminantAnalysis,
    sr.GaussianNB,
    sr.LogisticRegression,
]


EVERY: list[Callable[..., Any]] = [sr.LinearRegression, *CLASSIFIERS]
