"""Compile: the outputs of scored rows, as a plan."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from streamreg._compile.lower import Lowering
from streamreg._compile.output import output_spec
from streamreg._evaluate.program import ALL_ROWS, Load
from streamreg._language.nodes import Filtered, ScoredColumn, SourceColumn, restricted
from streamreg._language.outputs import Output
from streamreg._language.universe import path_below
from streamreg._plan.score_plan import ScorePlan, Shipped
from streamreg._types import FIRST_SHIPPED, PLAIN_MODEL, ClassModel

if TYPE_CHECKING:
    from streamreg._compile.reduction import Collected
    from streamreg._compile.rules import Rules
    from streamreg._evaluate.program import Selection
    from streamreg._language.expression import TypedExpression
    from streamreg._language.universe import ScoredUniverse, Universe
    from streamreg._plan.output import OutputSpec


class CollectedScores:
    """Collects the outputs of the same scored rows; equal parts are kept once."""

    def __init__(self, rows: Lowering, universe: ScoredUniverse, reduction: Collected) -> None:
        """Nothing so far; `rows` takes what the workers are to compute for it."""
        self._rows = rows
        self._of = universe.parent
        self._scope = rows.scope_of(self._of)
        self._shipped: list[int] = []
        self._lowering = _ScoredLowering(rows.rules, universe, self._ship)
        self._outputs: list[OutputSpec] = []
        self._slots: list[Selection] = []
        parameter = universe.parameter
        model = parameter.reducer.model or PLAIN_MODEL
        self._model = reduction.aggregate_of(parameter), model
        columns = tuple(self._ship(restricted(item, self._of)) for item in parameter.arguments)
        self._keys = tuple(self._ship(restricted(key, self._of)) for key in reduction.keys)
        self._weights: int | None = None
        self._label = ""
        if isinstance(model, ClassModel):
            *_, self._target = self._keys
            self._label = reduction.keys[-1].text
            self._features = columns
            return
        count = len(parameter.reducer.powers)
        self._features, self._target = columns[:count], columns[count]
        if parameter.reducer.weighted:
            self._weights = columns[count + 1]

    def add(self, output: Output, universe: Universe) -> None:
        """Takes an output of these rows, or of some of them."""
        scope = self._lowering.scope_of(universe)
        slots = tuple(self._lowering.lower(column, scope) for column in output.table)
        self._outputs.append(output_spec(output))
        self._slots.append((scope, slots))

    def shipped(self) -> Shipped:
        """What the workers do for all of them."""
        return Shipped(tuple(self._shipped), self._scope)

    def plan(self, reduction: int) -> ScorePlan:
        """What the parent does; `reduction` is the index of the one that scores."""
        return ScorePlan(
            tuple(self._outputs),
            reduction,
            self._model,
            self._features,
            self._target,
            self._weights,
            self._keys,
            self._lowering.program(),
            tuple(self._slots),
            self._label,
        )

    def _ship(self, expression: TypedExpression) -> int:
        """The index of an expression of the rows among the shipped columns."""
        slot = self._rows.lower(expression, self._scope)
        if slot not in self._shipped:
            self._shipped.append(slot)
        return self._shipped.index(slot)


class _ScoredLowering(Lowering):
    """Loads what depends on the row alone, where it is wanted for all rows.

    In a filter or a branch it is computed there, for those rows only: what would reject another row
    must not.
    """

    def __init__(
        self, rules: Rules, universe: ScoredUniverse, ship: Callable[[TypedExpression], int]
    ) -> None:
        super().__init__(rules)
        self._universe = universe
        self._ship = ship

    def _of_row(self, node: TypedExpression) -> bool:
        """Whether it has no score in it, and is no constant."""
        return node.universe is not None and path_below(self._universe, node.universe) is None

    def _is_loaded(self, node: TypedExpression, scope: int) -> bool:
        return scope == ALL_ROWS and (isinstance(node, ScoredColumn) or self._of_row(node))

    def _above(self, node: TypedExpression, scope: int) -> tuple[TypedExpression, int] | None:
        if scope == ALL_ROWS:
            return None if self._is_loaded(node, scope) else super()._above(node, scope)
        leaf = isinstance(node, SourceColumn | Filtered) and self._of_row(node)
        if leaf or isinstance(node, ScoredColumn):
            return node, self._scopes[scope].parent
        return super()._above(node, scope)

    def _needs(self, node: TypedExpression, scope: int) -> Sequence[tuple[TypedExpression, int]]:
        return () if self._is_loaded(node, scope) else super()._needs(node, scope)

    def _emit(self, node: TypedExpression, scope: int, column: str | None) -> int:
        if not self._is_loaded(node, scope):
            return super()._emit(node, scope, column)
        if isinstance(node, ScoredColumn):
            return self._intern(Load(scope, node.index))
        return self._intern(Load(scope, FIRST_SHIPPED + self._ship(node)))
