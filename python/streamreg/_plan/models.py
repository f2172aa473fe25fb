"""Plan: what a state says about the models in it, so that one can be opened alone.

The rest of the plan says what is computed; this says what people call it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from streamreg._dataclass import dataclass

if TYPE_CHECKING:
    from streamreg._types import ClassModel


@dataclass(frozen=True)
class RegressionInfo:
    """A regression that an output shows something of."""

    aggregate: int
    """Which of the aggregates of its reduction."""

    keys: tuple[str, ...]
    """The columns that it is by."""

    coefficients: tuple[str, ...]
    """The names of the features' coefficients."""

    columns: tuple[str, ...]
    """For each feature the name of the column that it is, or is a power of."""

    target: str
    weights: str | None
    intercept: bool
    ridge: float

    drop: bool = False
    """Whether features that follow from others have no coefficient."""


@dataclass(frozen=True)
class ClassificationInfo:
    """A classification that an output shows something of."""

    aggregate: int
    """Which of the aggregates of its reduction."""

    label: str
    columns: tuple[str, ...]
    """The names of the features."""

    model: ClassModel

    keys: tuple[str, ...] = ()
    """Of windows the columns of their instances."""


ModelInfo: TypeAlias = RegressionInfo | ClassificationInfo
