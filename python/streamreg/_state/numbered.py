"""State: expressions of two jobs made comparable: each gets a number, the same one where it computes the same.

Where a step stands in a program depends on what else the program computes. What it computes does not.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeVar

from streamreg._evaluate.program import ALL_ROWS, IS_NONE
from streamreg._state.program_data import ON_ERROR, RAISE, Json
from streamreg._state.shape import ShapeError

_ARGUMENTS: Final = "arguments"
_REFERENCES: Final = ("source", "condition", "chosen", "otherwise")
"""The entries of a step that name another one."""

_COMPARE: Final = ("equal", "not_equal", "less", "less_equal", "greater", "greater_equal")
_LOGIC: Final = ("and", "or", "xor", "not")
_REFUSING_TYPES: Final = ("int", "decimal", "datetime", "timedelta")
"""Types that do not hold every value that a function may return."""

_Index = TypeVar("_Index")


class Numbers:
    """Gives numbers to what is described as plain data: equal data have one number."""

    def __init__(self) -> None:
        """None is given yet."""
        self._given: dict[str, int] = {}

    def of(self, *data: Json) -> int:
        """The number of this."""
        text = json.dumps(data, sort_keys=True)
        return self._given.setdefault(text, len(self._given))


class Numbered:
    """The slots and scopes of a program, by numbers."""

    def __init__(
        self,
        numbers: Numbers,
        steps: Sequence[Mapping[str, Json]],
        scopes: Sequence[Sequence[int]],
        load: Callable[[Json], Json] = lambda key: key,
    ) -> None:
        """`load` says what is loaded by a key, where keys are indexes of something.

        Raises:
            ShapeError: if a step speaks of one that does not come before it.
        """
        self.steps = steps
        self.slots: list[int] = []
        self.scopes: list[int] = [numbers.of("all rows")]
        self.judging: set[int] = set()
        """The numbers of steps that may reject a row, so that it counts nowhere."""

        self.described = scopes
        self._numbers = numbers
        self._load = load
        for step in steps:
            self._add(step)
        self._scope(len(scopes) - 1)

    def _add(self, step: Mapping[str, Json]) -> None:
        told = {k: v for k, v in step.items() if k != ON_ERROR}
        told["scope"] = self._scope(step["scope"])
        for name in _REFERENCES:
            if name in told:
                told[name] = self.slot(told[name])
        if _ARGUMENTS in told:
            told[_ARGUMENTS] = [self.slot(argument) for argument in told[_ARGUMENTS]]
        if told["step"] == "load":
            if not isinstance(told["key"], str | int):
                raise ShapeError("job: program: a step loads what is no column")
            told["key"] = self._load(told["key"])
        number = self._numbers.of(told)
        self.slots.append(number)
        if judges(step):
            self.judging.add(number)

    def _scope(self, scope: int) -> int:
        """The number of a scope: those before it first, whose masks come before it too."""
        while len(self.scopes) <= scope < len(self.described):
            parent, mask = self.described[len(self.scopes)]
            if not 0 <= parent < len(self.scopes):
                raise ShapeError("job: scopes: one is of rows that come after it")
            self.scopes.append(self._numbers.of("scope", self.scopes[parent], self.slot(mask)))
        if not ALL_ROWS <= scope < len(self.scopes):
            raise ShapeError("job: scopes: one is missing")
        return self.scopes[scope]

    def scope(self, scope: int) -> int:
        """The number of a scope."""
        if not 0 <= scope < len(self.scopes):
            raise ShapeError("job: scopes: one is missing")
        return self.scopes[scope]

    def slot(self, slot: int) -> int:
        """The number of what a slot holds."""
        if not 0 <= slot < len(self.slots):
            raise ShapeError("job: program: a step is missing")
        return self.slots[slot]

    def at(self, number: int) -> int | None:
        """The slot that holds what has this number; None if there is none."""
        return self.slots.index(number) if number in self.slots else None


def judges(step: Mapping[str, Json]) -> bool:
    """Whether a step may reject a row, as far as its description tells."""
    if step["step"] == "call":
        return step.get(ON_ERROR, RAISE) != RAISE or step["dtype"] in _REFUSING_TYPES
    if step["step"] != "compute" or step["kernel"] == IS_NONE:
        return False
    operation, _, kind = step["kernel"].partition(".")
    if operation in (*_COMPARE, *_LOGIC):
        return False
    return bool(kind != "float" and not kind.endswith(".str") and not kind.startswith("bool."))


def renumbered(aggregate: Sequence[Any], of: Callable[[int], _Index]) -> tuple[Any, ...]:
    """An aggregate that reads other inputs, or the same at other places: `of` gives for each index another."""
    kind, *rest = aggregate
    match kind, rest:
        case "count", []:
            return (kind,)
        case (("sum" | "min" | "max"), [column]):
            return kind, of(column)
        case "moments", [features, target]:
            return kind, tuple(map(of, features)), of(target)
        case "monomials", [features, target, weight]:
            powers = tuple((of(column), power) for column, power in features)
            return kind, powers, of(target), None if weight is None else of(weight)
        case "fading", [features, target, time, half_life]:
            powers = tuple((of(column), power) for column, power in features)
            return kind, powers, of(target), of(time), half_life
        case "class", [features]:
            return kind, tuple(map(of, features))
    raise ShapeError(f"job: reductions: there is no aggregate {kind!r}")
