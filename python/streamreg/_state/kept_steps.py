"""State: steps that a job no longer has, and that a state needs further: made again from their description.

The sums of a reduction are kept together. Where an output is gone that has shared a reduction with others, what was
summed for it is summed further, so that the state stays that of all its rows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from streamreg._evaluate.kernels import KERNELS
from streamreg._evaluate.program import (
    ALL_ROWS,
    Call,
    Choose,
    Compute,
    Fixed,
    Load,
    Program,
    Scope,
    Take,
)

if TYPE_CHECKING:
    from streamreg._evaluate.program import Step
    from streamreg._evaluate.udf import RowFunction
    from streamreg._state.numbered import Numbered
    from streamreg._state.program_data import Json


class LostError(Exception):
    """A step cannot be made again; the text says why."""


class Extended:
    """A program of workers, and what is added to it."""

    def __init__(
        self, program: Program, now: Numbered, before: Numbered, columns: Mapping[str, str]
    ) -> None:
        """`now` describes the program, `before` that of the state; `columns` are those of the schema."""
        self._steps = list(program.steps)
        self._scopes = list(program.scopes)
        self._before = before
        self._columns = columns
        self._slots = {number: slot for slot, number in reversed(list(enumerate(now.slots)))}
        self._places = {number: scope for scope, number in enumerate(now.scopes)}
        self._functions = [step.function for step in program.steps if isinstance(step, Call)]

    def program(self) -> Program:
        """All of it."""
        return Program(tuple(self._steps), tuple(self._scopes))

    def slot(self, number: int) -> int:
        """The slot that holds what has this number, which the state's program computes.

        Raises:
            LostError: if it is gone, and cannot be made again.
        """
        waiting = [number]
        while waiting:
            wanted = waiting[-1]
            if wanted in self._slots:
                waiting.pop()
                continue
            at = self._before.slots.index(wanted)
            needed = [n for n in self._needs(at) if n not in self._slots]
            if needed:
                waiting += needed
                continue
            self._slots[wanted] = len(self._steps)
            self._steps.append(self._step(self._before.steps[at]))
        return self._slots[number]

    def _needs(self, at: int) -> list[int]:
        """The numbers of what a step of the state reads, and of the masks of its rows."""
        step = self._before.steps[at]
        slots = [
            step[name] for name in ("source", "condition", "chosen", "otherwise") if name in step
        ]
        scope = step["scope"]
        while scope != ALL_ROWS:
            scope, mask = self._before.described[scope]
            slots.append(mask)
        return [self._before.slots[slot] for slot in (*slots, *step.get("arguments", ()))]

    def scope(self, scope: int) -> int:
        """The scope of the program that has the rows of one of the state's; what it needs is there."""
        number = self._before.scopes[scope]
        if number not in self._places:
            parent, mask = self._before.described[scope]
            made = Scope(self.scope(parent), self._slots[self._before.slots[mask]])
            self._places[number] = len(self._scopes)
            self._scopes.append(made)
        return self._places[number]

    def _at(self, slot: int) -> int:
        return self._slots[self._before.slots[slot]]

    def _step(self, step: Mapping[str, Json]) -> Step:
        scope = self.scope(step["scope"])
        arguments = tuple(self._at(slot) for slot in step.get("arguments", ()))
        match step["step"]:
            case "load":
                if step["key"] not in self._columns:
                    raise LostError(f"the schema has no column {step['key']} any more")
                return Load(scope, step["key"])
            case "fixed":
                return Fixed(scope, _constant(step["value"]), step["dtype"])
            case "take":
                return Take(scope, self._at(step["source"]))
            case "compute" if step["kernel"] in KERNELS:
                return Compute(scope, step["kernel"], arguments, "", step["kernel"])
            case "choose":
                condition, chosen, otherwise = (
                    self._at(step[name]) for name in ("condition", "chosen", "otherwise")
                )
                return Choose(scope, condition, chosen, otherwise, step["dtype"])
            case "call":
                return Call(scope, self._function(step), arguments, "")
        raise LostError("a step is of a kind that there is none of")

    def _function(self, step: Mapping[str, Json]) -> RowFunction:
        wanted = (
            step["function"],
            step["dtype"],
            list(step["keywords"]),
            step.get("optional", False),
        )
        for function in self._functions:
            own = function.name, function.dtype, list(function.keywords), function.optional
            if own == wanted:
                return function
        raise LostError(f"the program has no function {step['function']} any more")


def _constant(told: Sequence[Json]) -> Any:  # noqa: ANN401 - whatever a function may be given
    kind, *rest = told
    simple: dict[str, Callable[[Any], Any]] = {
        "bool": lambda text: text == "True",
        "int": int,
        "float": float,
        "str": str,
        "decimal": Decimal,
        "datetime": datetime.fromisoformat,
        "timedelta": lambda text: timedelta(microseconds=int(text)),
        "bytes": bytes.fromhex,
        "list": lambda items: [_constant(item) for item in items],
        "tuple": lambda items: tuple(_constant(item) for item in items),
        "dict": lambda items: {_constant(key): _constant(value) for key, value in items},
    }
    if kind == "none":
        return None
    if kind not in simple:
        raise LostError("it is given an object that only the program knew")
    try:
        return simple[kind](*rest)
    except (ValueError, TypeError, ArithmeticError) as error:
        raise LostError(f"a constant of it is none: {error}") from None
