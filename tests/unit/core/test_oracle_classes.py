"""The parameters of each class against rationals, rounded once: by any method, with priors and without."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamreg._core import Classes, KeyedReduction
from streamreg._types import ClassParameters
from tests.support.columns import DOUBLES
from tests.support.discriminants import (
    Label,
    Rows,
    bayes_parameters,
    linear_parameters,
    quadratic_parameters,
)
from tests.support.rationals import bits

SMALL = st.one_of(st.integers(-3, 3).map(float), st.floats(-1e3, 1e3), DOUBLES)
PRIORS: dict[Label, float] = {0: 0.5, 2: 0.375, 3: 0.125}


@st.composite
def tables(draw: st.DrawFn) -> tuple[list[int], np.ndarray]:
    """Labels, and rows of up to three features; classes of one row among them."""
    features = draw(st.integers(1, 3))
    labels = draw(st.lists(st.integers(0, 3), min_size=1, max_size=14))
    rows = [draw(st.lists(SMALL, min_size=features, max_size=features)) for _ in labels]
    return labels, np.array(rows)


def classes(labels: Sequence[int], x: np.ndarray) -> tuple[Classes, dict[Label, Rows]]:
    """As a table keeps them, and as rationals."""
    features = x.shape[1]
    reduction = KeyedReduction(
        ("int",), ("float",) * features, (("count",), ("class", tuple(range(features))))
    )
    columns = [np.ascontiguousarray(column) for column in x.T]
    reduction.merge(reduction.partial([np.array(labels)], columns, len(labels)))
    exact: dict[Label, Rows] = {}
    for label, row in sorted(zip(labels, x.tolist(), strict=True), key=lambda pair: pair[0]):
        exact.setdefault(label, []).append([Fraction(value) for value in row])
    return reduction.classes(1), exact


def patterns(found: Sequence[ClassParameters]) -> list[object]:
    return [
        [*map(bits, one[:3]), *(None if part is None else [*map(bits, part)] for part in one[3:])]
        for one in found
    ]


def assert_same(found: Sequence[ClassParameters], expected: dict[Label, ClassParameters]) -> None:
    assert patterns(found) == patterns(list(expected.values())), (found, expected)


@pytest.mark.parametrize("given_priors", [False, True])
@given(tables(), st.booleans(), st.booleans())
def test_oracle_linear(
    given_priors: bool, table: tuple[list[int], np.ndarray], unbiased: bool, drop: bool
) -> None:
    """Intercepts and factors by the covariance of all, also of one class or two, and without idle directions."""
    state, exact = classes(*table)
    known = PRIORS if given_priors else None
    priors = None if known is None else [known.get(label) for label in exact]
    found = state.parameters("linear", priors, unbiased, "drop" if drop else "null", 0.0)
    assert_same(found, linear_parameters(exact, unbiased=unbiased, drop=drop, priors=known))


@pytest.mark.parametrize("given_priors", [False, True])
@given(tables(), st.booleans())
def test_oracle_quadratic(
    given_priors: bool, table: tuple[list[int], np.ndarray], unbiased: bool
) -> None:
    """Intercepts and factors by the covariance of each class, as far as it has one."""
    state, exact = classes(*table)
    known = PRIORS if given_priors else None
    priors = None if known is None else [known.get(label) for label in exact]
    found = state.parameters("quadratic", priors, unbiased, "null", 0.0)
    assert_same(found, quadratic_parameters(exact, unbiased=unbiased, priors=known))


@given(tables(), st.sampled_from([0.0, 1e-9, 5e-324, 3.0]))
def test_oracle_bayes(table: tuple[list[int], np.ndarray], smoothing: float) -> None:
    """Means, and variances with a share of the greatest."""
    state, exact = classes(*table)
    found = state.parameters("bayes", None, False, "null", smoothing)
    assert_same(found, bayes_parameters(exact, smoothing=smoothing))
