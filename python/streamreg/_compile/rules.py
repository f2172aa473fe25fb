"""Compile: the rules by which expressions become steps, and those of earlier builds, whose states know their steps."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Final

from streamreg._dataclass import dataclass
from streamreg._evaluate.constants import meaning
from streamreg._evaluate.program import Call, Compute, Fixed, Step
from streamreg._language.build import converted
from streamreg._language.nodes import Operation

if TYPE_CHECKING:
    from collections.abc import Hashable

_MIXED: Final = ".mixed"


@dataclass
class Rules:
    """What makes two steps the same, and how an integer is compared with a float."""

    number: int
    """That of the plan that comes out."""

    rounds: bool = False
    """An integer is brought to a double before it is compared with one."""

    by_identity: bool = False
    """Constants that a function is given are equal if they are one object; a call's `on_error` makes no difference."""

    differ: bool = False
    """Whether earlier rules would have made other steps of what was lowered so far."""

    def meaning(self, step: Step) -> Hashable:
        """What a step computes, without how messages call it: of equal ones the first is kept."""
        return identity_of(step) if self.by_identity else meaning_of(step)

    def rounded(self, operation: Operation) -> Operation | None:
        """The comparison of doubles that stands for one of an integer with a float, if these rules have it so."""
        if not operation.kernel.endswith(_MIXED):
            return None
        self.differ = True
        if not self.rounds:
            return None
        arguments = tuple(converted(argument, "float") for argument in operation.arguments)
        kernel = operation.kernel.removesuffix(_MIXED) + ".float"
        return Operation(kernel, arguments, operation.dtype, text=operation.text)


CURRENT: Final = 2


def earlier() -> tuple[Rules, ...]:
    """The rules of earlier builds, the last ones first."""
    return Rules(1, by_identity=True), Rules(0, by_identity=True, rounds=True)


def meaning_of(step: Step) -> Hashable:
    """A key of what a step computes, by the values of its constants."""
    match step:
        case Fixed(value=value, dtype=dtype):
            return Fixed, step.scope, dtype, meaning(value)
        case Call(function=function):
            same = id(function.function), function.dtype, function.keywords, function.rejects
            return Call, step.scope, same, function.optional, step.arguments
        case _:
            return _other(step)


def identity_of(step: Step) -> Hashable:
    """The key that builds before rule 2 had."""
    match step:
        case Fixed(value=value, dtype=dtype):
            return Fixed, step.scope, dtype, id(value) if dtype == "any" else repr(value)
        case Call(function=function):
            same = id(function.function), function.dtype, function.keywords
            return Call, step.scope, same, step.arguments
        case _:
            return _other(step)


def _other(step: Step) -> Hashable:
    if isinstance(step, Compute):
        return Compute, step.scope, step.kernel, step.arguments
    return type(step), *(getattr(step, field.name) for field in fields(step))
