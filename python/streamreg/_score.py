"""Score, beside merge: rows by the models of the epochs before, in the parent process.

When an epoch opens, the exact states are those of all epochs before it. What they come to then scores every row of the
epoch, whatever is merged meanwhile; of a reduction by keys the core holds the states of the keys that change.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from streamreg._columns import Array, Values
from streamreg._core import KeyedReduction, Reduction
from streamreg._scored_rows import packed_rows

if TYPE_CHECKING:
    from streamreg._core import Scorer
    from streamreg._scoring import ScorePlan


class Scoring:
    """Scores the rows of one plan by a reduction."""

    def __init__(self, plan: ScorePlan, reduction: Reduction | KeyedReduction) -> None:
        """`begin` comes before the first rows."""
        self._plan = plan
        self._reduction = reduction
        self._scorer: Scorer | None = None

    def begin(self) -> None:
        """Until it is called again, rows are scored by what the reduction holds now."""
        if isinstance(self._reduction, KeyedReduction):
            self._reduction.hold()
        else:
            self._scorer = self._reduction.scorer(self._plan.regression)

    def rows(self, shipped: Sequence[Values], count: int) -> list[bytes]:
        """The rows of each output, as `_core.render` gives them, of `count` rows that a worker has shipped.

        Raises:
            Exception: whatever a function in `apply` raises, with a note about the row.
            TypeError: if one returns another type than it is declared to.
        """
        return packed_rows(self._plan, [*self._scores(shipped), *shipped], count)

    def _scores(self, shipped: Sequence[Values]) -> tuple[Array, Array, Array]:
        plan = self._plan
        features = [_numbers(shipped[at]) for at in plan.features]
        target = _numbers(shipped[plan.target])
        weights = None if plan.weights is None else _numbers(shipped[plan.weights])
        if isinstance(self._reduction, KeyedReduction):
            keys = [shipped[at] for at in plan.keys]
            return self._reduction.scores(plan.regression, keys, features, target, weights)
        if self._scorer is None:
            raise AssertionError("begin comes first")
        return self._scorer.scores(features, target, weights)


def _numbers(values: Values) -> Array:
    if not isinstance(values, np.ndarray):
        raise AssertionError("only numbers are scored")
    return values
