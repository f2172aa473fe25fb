"""Compile: lowers expressions to a program of steps.

Equal work becomes one step, whoever asks for it: steps are interned by what they do. A branch of
`if_else` is lowered into the scope of its own rows; where the same node is computed for all rows
anyway, the branch takes its rows from there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from streamreg._compile.rules import Rules, identity_of
from streamreg._evaluate.program import (
    ALL_ROWS,
    Call,
    Choose,
    Compute,
    Fixed,
    Load,
    Program,
    Scope,
    Step,
    Take,
)
from streamreg._language.expression import Column, TypedExpression
from streamreg._language.nodes import (
    Application,
    Choice,
    Constant,
    Filtered,
    KeyColumn,
    Operation,
    SourceColumn,
)
from streamreg._language.reduction import ReducedColumn
from streamreg._language.universe import FilteredUniverse, Universe

if TYPE_CHECKING:
    from collections.abc import Hashable


class Lowering:
    """Collects the program for expressions on one universe and those filtered from it."""

    def __init__(
        self,
        rules: Rules,
        load_result: Callable[[ReducedColumn | KeyColumn], int] | None = None,
    ) -> None:
        """`load_result` gives the index of a reduced column, or a key, among the results."""
        self.rules = rules
        self._load_result = load_result
        self._steps: list[Step] = []
        self._scopes: list[Scope] = [Scope(-1, -1)]
        self._interned: dict[Hashable, int] = {}
        self._identities: dict[Hashable, int] = {}
        self._rounded: dict[int, Operation | None] = {}
        self._scope_of_mask: dict[Scope, int] = {}
        self._slots: dict[tuple[int, int], int] = {}
        self._kept: list[TypedExpression] = []  # their ids are keys of _slots: they must stay alive

    def program(self) -> Program:
        """The program of what was lowered so far."""
        return Program(tuple(self._steps), tuple(self._scopes))

    def scope_of(self, universe: Universe) -> int:
        """The scope with the rows of a universe."""
        if not isinstance(universe, FilteredUniverse):
            return ALL_ROWS
        parent = self.scope_of(universe.parent)
        return self._scope(parent, self.lower(universe.predicate, parent))

    def lower(self, expression: TypedExpression, scope: int) -> int:
        """The slot with the values of an expression on the rows of a scope."""
        stack: list[tuple[TypedExpression, int, str | None]] = [(expression, scope, None)]
        while stack:
            node, where, column = stack[-1]
            if isinstance(node, Column):
                column = node.name
            if (id(node), where) not in self._slots:
                waiting = [
                    (needed, at, column)
                    for needed, at in self._needs(node, where)
                    if (id(needed), at) not in self._slots
                ]
                if waiting:
                    stack.extend(reversed(waiting))
                    continue
                self._kept.append(node)
                self._slots[id(node), where] = self._emit(node, where, column)
            stack.pop()
        return self._slots[id(expression), scope]

    def _needs(self, node: TypedExpression, scope: int) -> Sequence[tuple[TypedExpression, int]]:
        """What must be lowered, and in which scope, before the node can be."""
        above = self._above(node, scope)
        if above is not None:
            return [above]
        match node:
            case Column():
                return [(node.definition, scope)]
            case Operation() if (rounded := self._as_rounded(node)) is not None:
                return [(rounded, scope)]
            case Operation() | Application():
                return [(argument, scope) for argument in node.arguments]
            case Choice():
                if (id(node.condition), scope) not in self._slots:
                    return [(node.condition, scope)]
                met, unmet = self._branches(node, scope)
                return [(node.chosen, met), (node.otherwise, unmet)]
            case _:
                return []

    def _above(self, node: TypedExpression, scope: int) -> tuple[TypedExpression, int] | None:
        """Where the values come from if they are not computed on the rows of this scope."""
        if isinstance(node, Filtered) and isinstance(node.universe, FilteredUniverse):
            own = self.scope_of(node.universe)
            if own == scope:
                return node.inner, self._scopes[own].parent
            return node, self._scopes[scope].parent
        if scope == ALL_ROWS or isinstance(node, Constant | Column):
            return None
        parent = self._scopes[scope].parent
        if (
            isinstance(node, SourceColumn | ReducedColumn | KeyColumn)
            or (id(node), parent) in self._slots
        ):
            return node, parent
        return None

    def _emit(self, node: TypedExpression, scope: int, column: str | None) -> int:
        above = self._above(node, scope)
        if above is not None:
            return self._intern(Take(scope, self._slots[id(above[0]), above[1]]))
        label = column or node.text
        match node:
            case Column():
                return self._slots[id(node.definition), scope]
            case Operation() if (rounded := self._as_rounded(node)) is not None:
                return self._slots[id(rounded), scope]
            case Operation():
                arguments = tuple(self._slots[id(item), scope] for item in node.arguments)
                return self._intern(Compute(scope, node.kernel, arguments, label, node.text))
            case Application():
                arguments = tuple(self._slots[id(item), scope] for item in node.arguments)
                return self._intern(Call(scope, node.function, arguments, label))
            case Choice():
                met, unmet = self._branches(node, scope)
                return self._intern(
                    Choose(
                        scope,
                        self._slots[id(node.condition), scope],
                        self._slots[id(node.chosen), met],
                        self._slots[id(node.otherwise), unmet],
                        node.dtype,
                    )
                )
            case Constant():
                return self._intern(Fixed(scope, node.value, node.dtype))
            case SourceColumn():
                return self._intern(Load(scope, node.name))
            case ReducedColumn() | KeyColumn() if self._load_result is not None:
                return self._intern(Load(scope, self._load_result(node)))
            case _:
                raise AssertionError(f"{node!r} cannot stand here")

    def _as_rounded(self, node: Operation) -> Operation | None:
        if id(node) not in self._rounded:
            self._kept.append(node)
            self._rounded[id(node)] = self.rules.rounded(node)
        return self._rounded[id(node)]

    def _branches(self, node: Choice, scope: int) -> tuple[int, int]:
        condition = self._slots[id(node.condition), scope]
        text = f"~({node.condition.text})"
        unmet = self._intern(Compute(scope, "not.bool", (condition,), text, text))
        return self._scope(scope, condition), self._scope(scope, unmet)

    def _scope(self, parent: int, mask: int) -> int:
        scope = Scope(parent, mask)
        if scope not in self._scope_of_mask:
            self._scope_of_mask[scope] = len(self._scopes)
            self._scopes.append(scope)
        return self._scope_of_mask[scope]

    def _intern(self, step: Step) -> int:
        slot = self._interned.setdefault(self.rules.meaning(step), len(self._steps))
        identity = identity_of(step)
        if slot == len(self._steps):
            self._steps.append(step)
            self.rules.differ |= identity in self._identities
            self._identities[identity] = slot
        elif self._identities.get(identity) != slot:
            self.rules.differ = True
        return slot
