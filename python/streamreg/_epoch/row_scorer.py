"""Epoch, score: rows by the models of the epochs before, in the parent process.

When an epoch opens, the exact states are those of all epochs before it. The models of that moment score every row of
the epoch, whatever is merged meanwhile; of a reduction by keys the core holds the states of the keys that change.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from streamreg._core import KeyedReduction, Reduction, WindowReduction
from streamreg._epoch.class_scorer import ClassScorer
from streamreg._epoch.window_class_scorer import WindowClassScorer
from streamreg._evaluate.columns import Array, Column, Nullable, Values, numbers, placed
from streamreg._evaluate.nullable import packed_rows
from streamreg._types import ClassModel

if TYPE_CHECKING:
    from streamreg._core import Scorer
    from streamreg._plan.row_plan import AnyReduction
    from streamreg._plan.score_plan import ScorePlan


class Scoring:
    """Scores the rows of one plan by a reduction."""

    def __init__(self, plan: ScorePlan, reduction: AnyReduction) -> None:
        """`begin` comes before the first rows."""
        self._plan = plan
        self._reduction = reduction
        self._scorer: Scorer | ClassScorer | WindowClassScorer | None = None

    @property
    def outputs(self) -> int:
        """How many outputs have its rows."""
        return len(self._plan.outputs)

    def begin(self) -> None:
        """Until it is called again, rows are scored by what the reduction holds now."""
        reduction, (aggregate, model) = self._reduction, self._plan.model
        if isinstance(model, ClassModel):
            if isinstance(reduction, WindowReduction):
                reduction.freeze()
                self._scorer = WindowClassScorer(reduction, aggregate, model, self._plan.label)
            elif isinstance(reduction, KeyedReduction):
                self._scorer = ClassScorer(reduction.classes(aggregate), model)
            else:
                raise AssertionError("classes are a reduction by labels")
        elif not isinstance(reduction, Reduction):
            reduction.freeze()
        else:
            self._scorer = reduction.scorer((aggregate, model))

    def rows(self, shipped: Sequence[Column], count: int) -> list[bytes]:
        """The rows of each output, as `_core.render` gives them, of `count` rows that a worker has shipped.

        Raises:
            Exception: whatever a function in `apply` raises, with a note about the row.
            TypeError: if one returns another type than it is declared to.
        """
        columns = [*self._scores(shipped), *shipped]
        return packed_rows(self._plan.program, self._plan.slots, columns, count)

    def _scores(self, shipped: Sequence[Column]) -> tuple[Values, Array, Array]:
        """Predictions and what is set beside them; NaN where a value is missing that they depend on.

        What stands in the place of a missing value is scored too, and then left out.
        """
        plan = self._plan
        features, target = [shipped[at] for at in plan.features], shipped[plan.target]
        weights = [] if plan.weights is None else [shipped[plan.weights]]
        found = self._of_present(shipped)
        depends = (features, [*features, target], [*features, target, *weights])
        if isinstance(plan.model[1], ClassModel):
            # Where the probability is missing, the label is.
            depends = ([], features, [*features, target])
        for values, columns in zip(found, depends, strict=True):
            for column in columns:
                if isinstance(column, Nullable):
                    np.asarray(values)[column.missing] = np.nan
        return found

    def _of_present(self, shipped: Sequence[Column]) -> tuple[Values, Array, Array]:
        plan, (aggregate, model) = self._plan, self._plan.model
        features = [numbers(placed(shipped[at])) for at in plan.features]
        if isinstance(self._scorer, ClassScorer):
            return self._scorer.scores(features, shipped[plan.target])
        if isinstance(self._scorer, WindowClassScorer):
            instances = [shipped[at] for at in plan.keys[:-1]]
            return self._scorer.scores(features, shipped[plan.target], instances)
        target = numbers(placed(shipped[plan.target]))
        weights = None if plan.weights is None else numbers(placed(shipped[plan.weights]))
        if self._scorer is not None:
            return self._scorer.scores(features, target, weights)
        if isinstance(self._reduction, Reduction) or isinstance(model, ClassModel):
            raise AssertionError("begin comes first")
        keys = [shipped[at] for at in plan.keys]
        return self._reduction.scores((aggregate, model), keys, features, target, weights)
