"""Worker: what a batch of messages comes to. It knows no process, and crosses from one to another as it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field, fields
from operator import attrgetter
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from streamreg._dataclass import dataclass
from streamreg._rejects.reject import Reject
from streamreg._types import Moment

if TYPE_CHECKING:
    from streamreg._evaluate.columns import Column
    from streamreg._state.shards import ShardChanges, Span


class Move(NamedTuple):
    """A partition counts as having come so far in event time, from an offset on, though no row of its own has."""

    clock: int
    partition: int
    offset: int
    time: Moment


class Passage(NamedTuple):
    """How far a partition has come in event time, in one batch."""

    before: Moment | None
    """The greatest time before the batch, as the worker had it."""

    oldest: Moment
    """The least time in the batch."""

    after: Moment
    """The greatest time up to the end of the batch."""


_CELL: Final = 8
_REJECT: Final = 200
"""Bytes of what is about the message: roughly."""

Shipped: TypeAlias = tuple[list["Column"], int]
"""Columns of rows, and their number."""


@dataclass(slots=True)
class Partial:
    """What one batch of messages comes to: a function of these messages alone."""

    progress: dict[int, tuple[int, int]]
    rows: int = 0
    outputs: list[list[bytes]] = field(default_factory=list)
    """For each row output of the plan its packed CSV rows, in pieces."""

    shipped: list[list[Shipped]] = field(default_factory=list)
    """For each scoring of the plan the rows that the parent is to score, in pieces."""

    states: list[bytes] = field(default_factory=list)
    """Exact partial states, one per reduction of the plan; nothing of those that are in shards."""

    shards: Sequence[ShardChanges] = ()
    """What its rows have changed in each shard, where what is kept by keys is in shards."""

    moves: Sequence[Move] = ()
    """Idle partitions that count as having come on in event time; where windows are in shards, which it closes."""

    spans: Mapping[str, Span] = field(default_factory=dict)
    """From when to when event time goes, as the shards were told."""

    rejects: list[Reject] = field(default_factory=list)
    tombstones: int = 0

    leader_epochs: Mapping[int, int] = field(default_factory=dict)
    """As the batch has them."""

    clocks: tuple[Mapping[int, Passage], ...] = ()
    """For each clock of the plan, of the partitions that have times in the batch, how far they have come."""

    kept: Mapping[bytes, bytes | None] = field(default_factory=dict)
    """With upserts: of each row that was replaced or removed what is to be kept of it now, None if it is gone."""

    taken_back: Partial | None = None
    """Rows that its messages themselves take back: their outputs and states."""

    begun: tuple[int, ...] = ()
    """Partitions whose first message of all was in the batch."""

    lost: Mapping[int, tuple[int, int]] = field(default_factory=dict)
    """As the batch has them."""

    def __reduce__(self) -> tuple[type[Partial], tuple[object, ...]]:
        return Partial, _values(self)

    @property
    def size(self) -> int:
        """About how many bytes the rows and the rejected messages are that it brings along, its sums apart."""
        rows = sum(len(piece) for output in self.outputs for piece in output)
        shipped = sum(_CELL * len(of) * count for each in self.shipped for of, count in each)
        rejects = sum(len(reject.value) + _REJECT for reject in self.rejects)
        return rows + shipped + rejects + (self.taken_back.size if self.taken_back else 0)

    def move_on(self, times: Sequence[dict[int, Moment]]) -> None:
        """Takes the event times of each clock, which are those before the batch, to its end."""
        for of, passages in zip(times, self.clocks, strict=False):
            of.update({partition: passage.after for partition, passage in passages.items()})


_values = attrgetter(*(each.name for each in fields(Partial)))
"""By position: pickled by the names of attributes, a partial would take twice as long to its epoch."""
