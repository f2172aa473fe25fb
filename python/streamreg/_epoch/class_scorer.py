"""Epoch, score: rows by the classes of the epochs before, in the parent process."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from streamreg._evaluate.columns import Array, Column, Values, placed, to_list

if TYPE_CHECKING:
    from streamreg._core import Classes
    from streamreg._types import ClassModel


class ClassScorer:
    """Predicts the classes of rows."""

    def __init__(self, classes: Classes, model: ClassModel) -> None:
        """By these classes, as the model says."""
        self._labels = classes.labels
        self._places: dict[object, int] = {label: place for place, label in enumerate(self._labels)}
        self._predictor = classes.predictor(
            model.method,
            model.priors_of(self._labels),
            model.unbiased,
            model.singular,
            model.smoothing,
        )

    def scores(self, features: Sequence[Array], own: Column) -> tuple[Values, Array, Array]:
        """The predicted label of each row, its probability, and that of the label that the row has.

        Where nothing is predicted the probabilities are NaN, and the label has no meaning.
        """
        codes = [self._places.get(label, -1) for label in to_list(own)]
        found, posteriors, of_own = self._predictor.rows(features, np.array(codes, np.int64))
        return self._labelled(found, placed(own)), posteriors, of_own

    def _labelled(self, found: Array, own: Values) -> Values:
        """The labels at these places, -1 where nothing is predicted, in the form of the rows' own labels."""
        if isinstance(own, np.ndarray):
            return np.array([*self._labels, own.dtype.type()], dtype=own.dtype)[found]
        labels: list[object] = [*self._labels, ""]
        return [labels[place] for place in found.tolist()]
