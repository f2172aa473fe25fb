"""Language: expressions that wait for their table, those made of `sr.this`, and of reducers.

`this.x * 2` means something only inside `table.select(…)`, `reducers.sum(t.x) / reducers.count()`
only inside `table.reduce(…)`. Until then they are graphs of `Deferred` nodes; `resolved` makes
them typed expressions with what an `Environment` offers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from streamreg._language.expression import Expression, TypedExpression

if TYPE_CHECKING:
    from streamreg._language.reduction import Reducer


class Environment(Protocol):
    """What `this` columns and reducers mean at one place of a program."""

    def column(self, name: str) -> TypedExpression:
        """The meaning of `sr.this.<name>`."""

    def reduction(self, reducer: Reducer) -> TypedExpression:
        """The meaning of a reducer."""

    def given(self, expression: TypedExpression) -> TypedExpression:
        """The meaning of an expression whose table is known."""


class Deferred(Expression):
    """A node that is typed later."""

    __slots__ = ("infix", "make", "operands")

    def __init__(
        self,
        text: str,
        operands: tuple[Expression, ...],
        make: Callable[[Environment, tuple[TypedExpression, ...]], TypedExpression],
        *,
        infix: bool = False,
    ) -> None:
        """`make` gets the environment and the resolved operands."""
        super().__init__(text)
        self.operands = operands
        self.make = make
        self.infix = infix


def resolved(expression: Expression, environment: Environment) -> TypedExpression:
    """The typed expression that `expression` means there.

    Shared nodes are resolved once and stay shared; a stack, not recursion, bounds nothing but
    memory.

    Raises:
        ProgramError: whatever is wrong with it.
    """
    done: dict[int, TypedExpression] = {}
    stack: list[Expression] = [expression]
    while stack:
        node = stack[-1]
        if isinstance(node, TypedExpression):
            done[id(node)] = environment.given(node)
        elif isinstance(node, Deferred):
            waiting = [operand for operand in node.operands if id(operand) not in done]
            if waiting:
                stack.extend(waiting)
                continue
            typed = tuple(done[id(operand)] for operand in node.operands)
            done[id(node)] = node.make(environment, typed)
        stack.pop()
    return done[id(expression)]
