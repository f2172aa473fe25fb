"""Sparse matrices and data frames: the same rows as dense ones, and names of columns as scikit-learn has them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

import streamreg as sr
from tests.support.estimators import EVERY


@pytest.mark.parametrize(
    "kind", [sparse.csr_matrix, sparse.csc_array, sparse.coo_array, sparse.dok_array]
)
def test_law_sparse_rows_are_those_of_the_dense_ones(
    kind: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bit for bit, in pieces of a few rows, also where rows are added, forgotten and scored; all or none are added."""
    monkeypatch.setattr("streamreg._estimators.inputs._PIECE", 20)
    rng = np.random.default_rng(2)
    dense = np.where(rng.random((50, 3)) < 0.3, rng.normal(size=(50, 3)), 0.0)
    weights = rng.random(50)
    x = kind(dense)
    for made in EVERY:
        y = rng.normal(size=50) if made is sr.LinearRegression else np.arange(50) % 2
        theirs, ours = made().fit(dense, y), made().fit(x, y)
        assert ours.to_bytes() == theirs.to_bytes()
        assert ours.predict(x).tobytes() == theirs.predict(dense).tobytes()
        assert ours.score(x, y) == theirs.score(dense, y)
        weighted = made().fit(x, y, sample_weight=weights)
        assert weighted.to_bytes() == made().fit(dense, y, sample_weight=weights).to_bytes()
        if made is not sr.LogisticRegression:
            ours.partial_fit(x, y).forget(x, y)
            assert ours.to_bytes() == theirs.to_bytes()
        broken = dense.copy()
        broken[-1, 2] = np.nan
        with pytest.raises(ValueError, match="column 2 of X contains NaN"):
            ours.partial_fit(kind(broken), y)
        assert ours.to_bytes() == theirs.to_bytes()
    low, high = sr.LinearRegression().fit(dense, y).predict(x, interval="prediction")[1:]
    assert len(low) == len(high) == 50


def test_a_table_whose_columns_are_called_like_methods() -> None:
    """A column `toarray` makes no sparse matrix."""
    names = ["toarray", "tocsr", "shape", "columns"]
    table = pd.DataFrame(np.random.default_rng(1).normal(size=(8, 4)), columns=names)
    model = sr.LinearRegression().fit(table, np.arange(8.0))
    assert model.feature_names_in_.tolist() == names


def test_names_of_several_types_raise() -> None:
    """As in scikit-learn: text beside numbers is no set of names; numbers alone are none."""
    y = [1.0, 2.0, 4.0]
    mixed = pd.DataFrame(
        [[1.0, 2.0], [2.0, 1.0], [4.0, 4.0]], columns=pd.Index(["a", 1], dtype=object)
    )
    with pytest.raises(
        TypeError, match="Feature names are only supported if all input features have string names"
    ):
        sr.LinearRegression().fit(mixed, y)
    mixed.columns = pd.Index([0, 1])
    assert not hasattr(sr.LinearRegression().fit(mixed, y), "feature_names_in_")
