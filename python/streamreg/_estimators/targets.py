"""Estimator, inputs: the target of a regression, or several of them."""

from __future__ import annotations

from streamreg._dataclass import dataclass
from streamreg._estimators.inputs import columns_of, vector
from streamreg._estimators.numbers import Column, Data


@dataclass(frozen=True)
class Targets:
    """A column for each target; `several` if they came side by side, be it one column."""

    columns: tuple[Column, ...]
    several: bool


def targets(y: Data, rows: int, who: str) -> Targets:
    """The targets of rows: an array of one dimension, or of two (rows, targets), or a table.

    Raises:
        TypeError: if something is no number.
        ValueError: if there are not as many as rows, or as for `vector`.
    """
    if y is None:
        raise ValueError(f"{who} requires y to be passed, but the target y is None.")
    found = columns_of(y, rows, "y")
    if found is None:
        return Targets((vector(y, rows, "y"),), several=False)
    return Targets(found, several=True)
