"""Epoch, score: rows by the classes of the last closed window of their instance, in the parent process."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from streamreg._epoch.class_parameters import checked
from streamreg._epoch.class_scorer import ClassScorer
from streamreg._evaluate.columns import Array, Column, Values, at, placed, to_list

if TYPE_CHECKING:
    from streamreg._core import WindowReduction
    from streamreg._types import ClassModel


class WindowClassScorer:
    """Predicts the classes of rows, by what windows had closed when their reduction was frozen last."""

    def __init__(
        self, reduction: WindowReduction, aggregate: int, model: ClassModel, label: str
    ) -> None:
        """The classes whose moments the aggregate holds, classified by the model; `label` is the column of labels."""
        self._reduction = reduction
        self._aggregate = aggregate
        self._model = model
        self._label = label

    def scores(
        self, features: Sequence[Array], own: Column, instances: Sequence[Column]
    ) -> tuple[Values, Array, Array]:
        """As `ClassScorer.scores`, each row by its instance.

        Raises:
            SourceError: if there are too many classes in a window.
        """
        rows = len(own)
        with checked(self._label, self._reduction):
            of, found = self._reduction.closed_classes(self._aggregate, instances, rows)
        posteriors, of_own = np.full(rows, np.nan), np.full(rows, np.nan)
        labels = _nothing(placed(own), rows)
        order = np.argsort(of, kind="stable")
        ends = np.searchsorted(of[order], np.arange(len(found)), side="right")
        for classes, places in zip(found, np.split(order, ends[:-1]), strict=True):
            if classes is None:
                continue
            scorer = ClassScorer(classes, self._model)
            here, posteriors[places], of_own[places] = scorer.scores(
                [column[places] for column in features], at(own, places.astype(np.uint32))
            )
            if isinstance(labels, np.ndarray):
                labels[places] = here
            else:
                for place, label in zip(places.tolist(), to_list(here), strict=True):
                    labels[place] = label
        return labels, posteriors, of_own


def _nothing(own: Values, rows: int) -> Array | list[object]:
    """What stands in the place of labels that are not predicted, in the form of the rows' own ones."""
    return np.zeros(rows, own.dtype) if isinstance(own, np.ndarray) else [""] * rows
