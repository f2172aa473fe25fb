"""Classes of windows as their definitions say: the rows of a window by their labels, in rationals."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction

from streamreg._types import ClassParameters
from tests.support.discriminants import (
    Classes,
    Label,
    Rows,
    bayes_parameters,
    linear_parameters,
    quadratic_parameters,
)
from tests.support.windows import Event, Partition, Windowed

LABELS = ("", "p", "q", "r\u00e9")
"""The empty one stands for a label that is missing."""

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "linear": ("intercept", "x", "y"),
    "quadratic": ("intercept", "x", "y", "quadratic_x_x", "quadratic_x_y", "quadratic_y_y"),
    "bayes": ("mean_x", "mean_y", "variance_x", "variance_y"),
}
"""What a table has behind `prior` and `n`, by the method."""

PARAMETERS: Mapping[str, Callable[[Classes], dict[Label, ClassParameters]]] = {
    "linear": linear_parameters,
    "quadratic": quadratic_parameters,
    "bayes": bayes_parameters,
}


def label_of(event: Event) -> str:
    """The label that an event is given here: it comes and goes with the time."""
    many = 2 + int(abs(event.at) // 50) % 3
    return LABELS[(int(abs(event.y) * 1000) + int(event.at)) % many]


def messages(partitions: Sequence[Partition]) -> list[list[bytes]]:
    """The topic as CSV, a header first in each partition."""
    head = b"at,x,y,k,label"
    return [
        [head, *(b"junk" if e is None else e.line + f",{label_of(e)}".encode() for e in p)]
        for p in partitions
    ]


def classes_of(
    events: Sequence[Event], named: Callable[[Event], str] = label_of
) -> dict[Label, Rows]:
    """The rows of each class: those that have a label and all features."""
    found: dict[Label, Rows] = defaultdict(list)
    for event in events:
        if named(event) and event.has("x", "y"):
            found[named(event)].append([Fraction(event.x), Fraction(event.y)])
    return {label: found[label] for label in sorted(found, key=str)}


def shown(parameters: ClassParameters, method: str) -> tuple[str, ...]:
    """Prior, count and parameters, as a file has them."""
    n, prior, intercept, linear, quadratic = parameters
    wide = len(COLUMNS[method])
    first = [] if method == "bayes" else [intercept]
    cells = [*first, *(linear or ()), *(quadratic or ())]
    missing: list[float | None] = [None] * (wide - len(cells))
    return (
        "" if prior is None else repr(prior),
        str(n),
        *("" if cell is None else repr(cell) for cell in [*cells, *missing]),
    )


def table(
    windowed: Windowed,
    method: str,
    only: Callable[[Fraction, Fraction], bool] = lambda start, end: True,
    named: Callable[[Event], str] = label_of,
) -> dict[tuple[str, ...], tuple[str, ...]]:
    """The rows of all classes by instance, start, end and label."""
    found: dict[tuple[str, ...], tuple[str, ...]] = {}
    for (k, start, end), events in windowed.rows.items():
        if not only(start, end):
            continue
        classes = classes_of(events, named)
        # A window of rows without a label has no class.
        for label, parameters in PARAMETERS[method](classes).items() if classes else ():
            key = (k, str(start), str(end), str(label))
            found[key] = (*key, *shown(parameters, method))
        for label in {named(event) for event in events} - classes.keys() - {""}:
            # Its rows all lack a feature.
            key = (k, str(start), str(end), label)
            none = 0, 0.0 if classes else None, None, None, None
            found[key] = (*key, *shown(none, method))
    return found
