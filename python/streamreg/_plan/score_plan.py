"""Plan: scored rows: the columns that workers send, and what the parent computes from them and the scores.

A row's scores are known in the parent alone. What depends on the row itself is computed by the worker, the features
and the target among it, and shipped; filters and expressions with scores in them are a program of their own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from streamreg._dataclass import dataclass

if TYPE_CHECKING:
    from streamreg._evaluate.program import Program, Selection
    from streamreg._plan.output import OutputSpec
    from streamreg._types import ClassModel, Model


@dataclass(frozen=True)
class Shipped:
    """The slots of a worker's program whose columns go to the parent, all on the rows of one scope."""

    slots: tuple[int, ...]
    scope: int


@dataclass(frozen=True)
class ScorePlan:
    """How the parent scores shipped rows, and what it computes from the scores.

    They are scored by a model of a reduction: an aggregate, and the regression or the
    classification that follows from it. `features`, `target` (for classes the label, which is the last of the keys),
    `weights` and `keys` are indexes of shipped columns. The program reads the scores, then the shipped columns; for
    each output `slots` has the scope and the columns.
    """

    outputs: tuple[OutputSpec, ...]
    reduction: int
    model: tuple[int, Model | ClassModel]
    features: tuple[int, ...]
    target: int
    weights: int | None
    keys: tuple[int, ...]
    program: Program
    slots: tuple[Selection, ...]
    label: str = ""
    """What the column of class labels is called, of classes."""
