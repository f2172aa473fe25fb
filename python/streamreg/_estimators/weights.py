"""Estimator, weights: what each row counts, by itself and by its class."""

from __future__ import annotations

import numbers
from collections.abc import Mapping
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from streamreg._estimators.inputs import vector
from streamreg._estimators.labels import Label, Labels
from streamreg._estimators.numbers import Column, Data, doubles

ClassWeight: TypeAlias = Mapping[Any, float] | Literal["balanced"] | None


def weights(
    sample_weight: Data, rows: int, *, some: bool = False, exact: bool = True
) -> Column | None:
    """The weights of rows, at least 0, and with `some` one above it. A number is that of every row.

    Raises:
        TypeError: if one is no number, or a decimal where not `exact`.
        ValueError: if one is negative, missing or infinite, if all are zero where some must not be, or if there are
            not as many as rows.
    """
    if sample_weight is None:
        return None
    if isinstance(sample_weight, numbers.Number):
        sample_weight = np.full(rows, sample_weight)
    found = vector(sample_weight, rows, "sample_weight", exact=exact)
    values = doubles(found)
    if (values < 0).any():
        raise ValueError("sample_weight must be at least 0, but one is negative")
    if some and not values.any():
        raise ValueError("sample_weight is zero for every row, so that none counts")
    return found


def row_weights(
    class_weight: ClassWeight, labels: Labels, sample_weight: Data, *, whole: bool
) -> Column | None:
    """What rows count: their own weights times those of their classes, each product rounded once; None for 1 each.

    `whole` means that the rows are all that there will be: then classes can be made to count the same, and one row
    must count.

    Raises:
        TypeError: if a weight is no number, or a decimal.
        ValueError: as for `weights`, or if `class_weight` is of another kind.
    """
    own = weights(sample_weight, len(labels.codes), some=whole, exact=False)
    if class_weight is None:
        return own
    by_class = _by_class(class_weight, labels, own, whole=whole)[labels.codes]
    if own is None:
        return by_class
    return np.asarray(own.astype(np.float64) * by_class)


def _by_class(
    class_weight: ClassWeight, labels: Labels, own: Column | None, *, whole: bool
) -> NDArray[np.float64]:
    """The weight of each class that occurs."""
    if isinstance(class_weight, str):
        if class_weight != "balanced":
            raise ValueError(f'class_weight: expected a dict or "balanced", found {class_weight!r}')
        if not whole:
            raise ValueError(
                'class_weight="balanced" takes all rows at once: use fit, or give the weights as a dict'
            )
        counted = np.ones(len(labels.codes)) if own is None else doubles(own)
        sums = np.bincount(labels.codes, weights=counted, minlength=len(labels.distinct))
        return np.asarray(sums.sum() / (np.count_nonzero(sums) * np.where(sums > 0, sums, np.inf)))
    if not isinstance(class_weight, Mapping):
        raise ValueError(
            f'class_weight: expected a dict or "balanced", found {class_weight!r:.200}'
        )
    named = {_plain(label): weight for label, weight in class_weight.items()}
    found = [named.get(label, 1.0) for label in labels.distinct]
    for label, weight in zip(labels.distinct, found, strict=True):
        if (
            isinstance(weight, bool)
            or not isinstance(weight, int | float | np.number)
            or not 0 <= weight < np.inf
        ):
            raise ValueError(
                f"class_weight: expected a number from 0 up for {label!r}, found {weight!r}"
            )
    return np.array(found, dtype=np.float64)


def _plain(label: Any) -> Label:  # noqa: ANN401  # as users write them
    """A label as `labels` has it."""
    if isinstance(label, np.generic):
        label = label.item()
    plain: Label = int(label) if isinstance(label, float) and label.is_integer() else label
    return plain
