"""Epoch, solve: the results of classes, which depend on each other and are computed together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from streamreg._core import MOST_CLASSES, Reduction, WindowReduction
from streamreg._dataclass import dataclass
from streamreg._exceptions import SourceError
from streamreg._types import WINDOW_BOUNDS, ClassParameters, ClassStatistic

if TYPE_CHECKING:
    from streamreg._core import Cells, Classes, KeyedReduction
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
    if plan.label is None or isinstance(reduction, Reduction):
        return
    if isinstance(reduction, WindowReduction):
        if reduction.most_labels() > MOST_CLASSES:
            raise _too_many(plan.label, " in a window")
        return
    if len(reduction) <= MOST_CLASSES:
        return
    ((first, _),) = reduction.first(1)
    # A missing label, which comes first, is none.
    if len(reduction) - reduction.cells(first).count(None) <= MOST_CLASSES:
        return
    raise _too_many(plan.label)


def _too_many(label: str, where: str = "") -> SourceError:
    return SourceError(
        f"the column {label} has more than {MOST_CLASSES:,} different labels{where}, which is the limit for "
        "a classification: is it the right column? Filter the rows whose labels are meant, like t.filter(…)"
    )


@contextmanager
def checked(label: str, reduction: WindowReduction) -> Iterator[None]:
    """Takes classes out of windows; `label` is the column of labels.

    Raises:
        SourceError: if there are too many in a window.
    """
    try:
        yield
    except ValueError:
        if reduction.most_labels() > MOST_CLASSES:
            raise _too_many(label, " in a window") from None
        raise


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
            parameters[solved] = _parameters(reduction.classes(solved[0]), solved[1], labels)
        found.append([_cell(asked, parameter) for parameter in parameters[solved]])
    return ClassResults(results.keys, results.present, found)


def window_class_results(
    plan: ResultPlan, reduction: WindowReduction, start: int, end: int
) -> ClassResults:
    """The results of some of the windows that are due, with a row for each label of theirs.

    Raises:
        SourceError: if there are too many classes in a window.
    """
    asked = [each for each in plan.statistics if isinstance(each, ClassStatistic)]
    solved = list(dict.fromkeys((each.aggregate, each.model) for each in asked))
    aggregates = list(dict.fromkeys(aggregate for aggregate, _ in solved))
    with checked(plan.label or "", reduction):
        results, windows = reduction.class_results(plan.of_keys, aggregates, start, end)
    # The label is the last of the keys, before the bounds of the windows.
    labels = results.columns[plan.keys - len(WINDOW_BOUNDS) - 1].to_list()
    parameters: dict[tuple[int, ClassModel], list[ClassParameters]] = {of: [] for of in solved}
    row = 0
    for classes in windows:
        own = classes[0].labels
        count = len(own) + (labels[row] is None)
        for aggregate, model in solved:
            at = aggregates.index(aggregate)
            parameters[aggregate, model] += _parameters(
                classes[at], model, labels[row : row + count]
            )
        row += count
    of_keys = iter(results.columns[plan.keys :])
    columns: list[Cells | list[object]] = [*results.columns[: plan.keys]]
    for each in plan.statistics:
        if isinstance(each, ClassStatistic):
            found = parameters[each.aggregate, each.model]
            columns.append([_cell(each, parameter) for parameter in found])
        else:
            columns.append(next(of_keys))
    return ClassResults(results.keys, results.present, columns)


def _parameters(
    classes: Classes, model: ClassModel, labels: Sequence[ResultValue]
) -> list[ClassParameters]:
    """The parameters of all classes, in the order of their labels; none for rows that have no label."""
    unlabelled: list[ClassParameters] = [_NOTHING] * labels.count(None)
    labels = [label for label in labels if label is not None]
    return unlabelled + classes.parameters(
        model.method, model.priors_of(labels), model.unbiased, model.singular, model.smoothing
    )


def _cell(asked: ClassStatistic, parameters: ClassParameters) -> ResultValue:
    value = parameters[PARAMETERS.index(asked.name)]
    return value[asked.at] if isinstance(value, list) else value
