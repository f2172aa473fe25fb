"""Epoch, solve: the results of classes, which depend on each other and are computed together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from streamreg._core import MOST_CLASSES, Reduction
from streamreg._exceptions import SourceError
from streamreg._types import ClassParameters, ClassStatistic

if TYPE_CHECKING:
    from streamreg._core import Cells, KeyedReduction
    from streamreg._plan.result_plan import ResultPlan
    from streamreg._plan.row_plan import AnyReduction
    from streamreg._types import ClassModel, ResultValue


PARAMETERS: Final = ("n", "prior", "intercept", "linear", "quadratic")
"""What can be asked of a class, in the order in which `_core.Classes` gives it."""


_NOTHING: Final[ClassParameters] = (0, None, None, None, None)


@dataclass(frozen=True)
class ClassResults:
    """The results of all keys, in the shape of `_core.KeyedResults`."""

    keys: Sequence[bytes]
    present: Sequence[bool]
    columns: Sequence[Cells | list[object]]


def check_classes(plan: ResultPlan, reduction: AnyReduction) -> None:
    """Checks that the keys of a reduction are not too many to be classes, if the plan classifies by them.

    Raises:
        SourceError: if there are too many.
    """
    if plan.label is None or isinstance(reduction, Reduction) or len(reduction) <= MOST_CLASSES:
        return
    ((first, _),) = reduction.first(1)
    # A missing label, which comes first, is none.
    if len(reduction) - reduction.cells(first).count(None) <= MOST_CLASSES:
        return
    raise SourceError(
        f"the column {plan.label} has more than {MOST_CLASSES:,} different labels, which is the limit for "
        "a classification: is it the right column? Filter the rows whose labels are meant, like t.filter(…)"
    )


def class_results(plan: ResultPlan, reduction: KeyedReduction) -> ClassResults:
    """The results of all keys: one row can change those of every class.

    Raises:
        SourceError: if there are too many classes.
    """
    check_classes(plan, reduction)
    results = reduction.all_results(plan.of_keys)
    labels = results.columns[0].to_list()
    found: list[Cells | list[object]] = [*results.columns[: plan.keys]]
    of_keys = iter(results.columns[plan.keys :])
    parameters: dict[tuple[int, ClassModel], list[ClassParameters]] = {}
    for asked in plan.statistics:
        if not isinstance(asked, ClassStatistic):
            found.append(next(of_keys))
            continue
        solved = asked.aggregate, asked.model
        if solved not in parameters:
            parameters[solved] = _solved(reduction, *solved, labels)
        found.append([_cell(asked, parameter) for parameter in parameters[solved]])
    return ClassResults(results.keys, results.present, found)


def _solved(
    reduction: KeyedReduction, aggregate: int, model: ClassModel, labels: Sequence[ResultValue]
) -> list[ClassParameters]:
    """The parameters of all classes, in the order of their labels; none for rows that have no label."""
    unlabelled: list[ClassParameters] = [_NOTHING] * labels.count(None)
    labels = [label for label in labels if label is not None]
    return unlabelled + reduction.classes(aggregate).parameters(
        model.method, model.priors_of(labels), model.unbiased, model.singular, model.smoothing
    )


def _cell(asked: ClassStatistic, parameters: ClassParameters) -> ResultValue:
    value = parameters[PARAMETERS.index(asked.name)]
    return value[asked.at] if isinstance(value, list) else value
