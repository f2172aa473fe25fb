"""Worker: partials of adjoining ranges, put together to one: as if their messages had come in one batch.

Whoever has many partials gives the parent few: what merging costs it then does not grow with the number of ranges.
Partials that depend on more than their messages, or that take rows back, stay as they are: those of windows, of
upserts, and of messages that were lost.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, TypeVar

from streamreg._core import WindowReduction
from streamreg._worker.partial import Partial, Passage

if TYPE_CHECKING:
    from streamreg._plan.row_plan import AnyReduction, RowPlan

Piece = TypeVar("Piece")


def folded(
    plan: RowPlan, partials: Iterable[Partial], *, upsert: bool, cut: bool = False
) -> Iterator[Partial]:
    """The same in as few partials as can be, in their order.

    `upsert` says whether messages replace the rows of others, `cut` whether the states of windows were taken out. Rows
    of one partition stay in the order of the topic.
    """
    fold: _Fold | None = None
    foldable = not upsert and (cut or not plan.clocks)
    for partial in partials:
        if not foldable or partial.lost:
            if fold is not None:
                yield fold.partial()
                fold = None
            yield partial
        elif fold is None:
            fold = _Fold(plan, partial)
        elif fold.goes_on_with(partial):
            fold.add(partial)
        else:
            yield fold.partial()
            fold = _Fold(plan, partial)
    if fold is not None:
        yield fold.partial()


class _Fold:
    """A partial that grows."""

    def __init__(self, plan: RowPlan, first: Partial) -> None:
        self._plan = plan
        self._whole = Partial({})
        self._reductions: list[AnyReduction] | None = None
        self._add(first)
        self._only: Partial | None = first

    def goes_on_with(self, partial: Partial) -> bool:
        """Whether it begins where this one ends, in each partition that both have."""
        done = self._whole.progress
        return all(done[p][1] == start for p, (start, _) in partial.progress.items() if p in done)

    def add(self, partial: Partial) -> None:
        """Adds what `goes_on_with` has let pass."""
        if self._only is not None:
            self._merge(self._only)
            self._only = None
        self._add(partial)
        self._merge(partial)

    def _add(self, partial: Partial) -> None:
        whole = self._whole
        for p, (start, end) in partial.progress.items():
            whole.progress[p] = (whole.progress.get(p, (start,))[0], end)
        whole.rows += partial.rows
        whole.rejects.extend(partial.rejects)
        whole.tombstones += partial.tombstones
        whole.leader_epochs = {**whole.leader_epochs, **partial.leader_epochs}
        whole.begun += partial.begun
        whole.clocks = _together(whole.clocks, partial.clocks)
        if partial.rows:
            _extend(whole.outputs, partial.outputs)
            _extend(whole.shipped, partial.shipped)

    def _merge(self, partial: Partial) -> None:
        if not partial.rows:
            return
        if self._reductions is None:
            self._reductions = [reducing.empty() for reducing in self._plan.reductions]
        for reduction, state in zip(self._reductions, partial.states, strict=True):
            if not state:  # None of it is here where it is in shards.
                continue
            if isinstance(reduction, WindowReduction):
                raise AssertionError("windows are not folded")
            reduction.merge(state)

    def partial(self) -> Partial:
        """What all come to."""
        if self._only is not None:
            return self._only
        self._whole.states = [_state(reduction) for reduction in self._reductions or ()]
        return self._whole


def _extend(wholes: list[list[Piece]], pieces: list[list[Piece]]) -> None:
    """Adds the pieces of each to the whole of each."""
    if not wholes:
        wholes.extend([] for _ in pieces)
    for whole, more in zip(wholes, pieces, strict=True):
        whole.extend(more)


def _together(
    first: tuple[Mapping[int, Passage], ...], more: tuple[Mapping[int, Passage], ...]
) -> tuple[Mapping[int, Passage], ...]:
    """How far partitions have come in a batch and in what follows it, on each clock."""
    if not first or not more:
        return first or more
    return tuple(
        {**one, **{p: _on(one.get(p, passage), passage) for p, passage in other.items()}}
        for one, other in zip(first, more, strict=True)
    )


def _on(one: Passage, more: Passage) -> Passage:
    return Passage(one.before, min(one.oldest, more.oldest), max(one.after, more.after))


def _state(reduction: AnyReduction) -> bytes:
    return b"" if isinstance(reduction, WindowReduction) else reduction.to_bytes()
