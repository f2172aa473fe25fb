"""Language: universes, the sets of rows for which a column has values.

Columns can stand side by side, or in one expression, only if they are of the same rows. A filter
makes a universe below another; a reduction makes one of its own, with one row, or one a key. Rows
that a model has scored are below those without scores: they have all their columns, and more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from streamreg._exceptions import ProgramError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from streamreg._formats.contract import Input
    from streamreg._language.expression import TypedExpression
    from streamreg._language.reduction import ReducedColumn
    from streamreg._language.windows import Windowing


class Universe:
    """A set of rows, the same as another only if it is the same object."""

    __slots__ = ("_reduced", "_scored")

    def __init__(self) -> None:
        """A set of rows of which nothing is known."""
        self._reduced: dict[tuple[int, ...], ReducedUniverse] = {}
        self._scored: dict[int, ScoredUniverse] = {}

    @property
    def parent(self) -> Universe | None:
        """The universe that this one was filtered from, if any."""
        return None

    def reduced(
        self, keys: tuple[TypedExpression, ...] = (), origins: tuple[TypedExpression, ...] = ()
    ) -> ReducedUniverse:
        """The rows of all reductions of these rows by these keys: so their columns fit side by side.

        Keys are the same if their `origins`, what they are without names and filters, are the same
        objects in the same order.
        """
        # The keys keep their origins alive, and so the ids.
        return self._reduced.setdefault(tuple(map(id, origins)), ReducedUniverse(self, keys))

    def scored(self, parameter: ReducedColumn) -> ScoredUniverse:
        """These rows as the model with this parameter has scored them: always the same ones."""
        # They keep the parameter alive, and so its id.
        return self._scored.setdefault(id(parameter), ScoredUniverse(self, parameter))


class SourceUniverse(Universe):
    """All rows that a source brings."""

    __slots__ = ("input",)

    def __init__(self, input: Input) -> None:
        """The rows of `input`."""
        super().__init__()
        self.input = input

    def __str__(self) -> str:
        return f"the rows of {self.input.source.name}"


class FilteredUniverse(Universe):
    """The rows of another universe for which a predicate is true."""

    __slots__ = ("_parent", "predicate")

    def __init__(self, parent: Universe, predicate: TypedExpression) -> None:
        """Those rows of `parent` for which `predicate`, of the same universe, is true."""
        super().__init__()
        self._parent = parent
        self.predicate = predicate

    @property
    def parent(self) -> Universe:
        """The universe with the rows that the predicate chose from."""
        return self._parent

    def __str__(self) -> str:
        return f"{self._parent} where {self.predicate.text}"


class ScoredUniverse(Universe):
    """The rows of another universe, with a model's scores of each."""

    __slots__ = ("_parent", "parameter")

    def __init__(self, parent: Universe, parameter: ReducedColumn) -> None:
        """The rows of `parent`; `parameter` is a parameter of the model that scores them."""
        super().__init__()
        self._parent = parent
        self.parameter = parameter

    @property
    def parent(self) -> Universe:
        """The universe of the same rows, without scores."""
        return self._parent

    @property
    def reduction(self) -> ReducedUniverse:
        """The universe of the model's result."""
        universe = self.parameter.universe
        if not isinstance(universe, ReducedUniverse):
            raise AssertionError("a model is a reduction")
        return universe

    def __str__(self) -> str:
        return f"{self._parent} with predictions"


class ReducedUniverse(Universe):
    """The rows that a reduction of `origin` gives: one for each key that occurs, or a single one."""

    __slots__ = ("keys", "origin")

    def __init__(self, origin: Universe, keys: tuple[TypedExpression, ...] = ()) -> None:
        """The results over the rows of `origin` that have the same `keys`, or over all of them."""
        super().__init__()
        self.origin = origin
        self.keys = keys

    def __str__(self) -> str:
        by = f" by {', '.join(key.text for key in self.keys)}" if self.keys else ""
        return f"the reduction of {self.origin}{by}"


class WindowedUniverse(ReducedUniverse):
    """The rows that a reduction by windows gives: one for each instance, which `keys` are, and window."""

    __slots__ = ("_labelled", "labelled", "windowing")

    def __init__(
        self,
        origin: Universe,
        keys: tuple[TypedExpression, ...],
        windowing: Windowing,
        *,
        labelled: bool = False,
    ) -> None:
        """The results over the rows of `origin` that have the same `keys` and share a window.

        If the rows are `labelled`, the last of the keys is the label, and windows are formed without it.
        """
        super().__init__(origin, keys)
        self.windowing = windowing
        self.labelled = labelled
        self._labelled: dict[int, WindowedUniverse] = {}

    def by_label(self, label: TypedExpression, source: TypedExpression) -> WindowedUniverse:
        """The rows of all results by the labels within these windows: so their columns fit side by side.

        Labels are the same if their `source`, what they are without names and filters, is the same object.
        """
        # The label keeps its source alive, and so the id.
        return self._labelled.setdefault(
            id(source),
            WindowedUniverse(self.origin, (*self.keys, label), self.windowing, labelled=True),
        )

    def __str__(self) -> str:
        return f"{super().__str__()} in windows over {self.windowing.time.text}"


def root(universe: Universe) -> Universe:
    """The universe that all filters above this one started from."""
    while universe.parent is not None:
        universe = universe.parent
    return universe


def check_group(universe: Universe, what: str, why: str) -> None:
    """Raises ProgramError if rows of this universe are taken back, which something cannot do, and why not."""
    source = root(universe)
    if isinstance(source, SourceUniverse) and source.input.upsert:
        raise ProgramError(
            f"{what}: rows of {source.input.source.name} are replaced and removed (upsert), {why}"
        )


def scores_of(universe: Universe) -> ScoredUniverse | None:
    """The scored rows that these are, or some of them; None if they are not scored."""
    current: Universe | None = universe
    while current is not None and not isinstance(current, ScoredUniverse):
        current = current.parent
    return current


def path_below(ancestor: Universe, universe: Universe) -> Sequence[Universe] | None:
    """The filters that lead from `ancestor` to `universe`, outermost first; None if none do."""
    path: list[Universe] = []
    current: Universe | None = universe
    while current is not None and current is not ancestor:
        path.append(current)
        current = current.parent
    return None if current is None else path[::-1]
