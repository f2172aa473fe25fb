"""Epoch: what is kept by keys in shards, as the parent knows it: which files there are, and what an epoch has changed.

Whoever keeps the shards hands in what an epoch changes in all of them, together with the rest of the epoch: they count
together or not at all.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from operator import attrgetter, itemgetter
from typing import TYPE_CHECKING, Final

from streamreg._exceptions import StateError
from streamreg._state.keyed_rows import EMPTY, Digest
from streamreg._state.shards import Shards, latest

if TYPE_CHECKING:
    from streamreg._core import WindowReduction
    from streamreg._state.shards import ShardChanges, ShardJob
    from streamreg._types import Moment

_AT_A_TIME: Final = 1 << 14
"""Keys whose lines are written together."""


class ShardedKeys:
    """The shards of a run."""

    def __init__(self, job: ShardJob, shards: Shards) -> None:
        """`shards` are those of the last checkpoint.

        Raises:
            StateError: if they are not of this job.
        """
        self.job = job
        self.shards = shards
        known = {one.part: len(one.reducing.aggregates) for one in job.plan.reductions}
        for part, counts in shards.excluded.items():
            if known.get(part) != len(counts):
                raise StateError(f"the state does not fit this job: its shards have another {part}")
        self._changes: Sequence[ShardChanges] = ()

    def take(self, changes: Sequence[ShardChanges]) -> None:
        """What the open epoch changes, of all shards in their order."""
        if self._changes or len(changes) != len(self.shards.each):
            raise AssertionError("an epoch changes all shards, once")
        excluded = {part: list(counts) for part, counts in self.shards.excluded.items()}
        horizons = self.shards.horizons
        for change in changes:
            horizons = latest(horizons, change.horizons)
            for part, counts in change.excluded.items():
                before = excluded.get(part, [0] * len(counts))
                excluded[part] = [one + more for one, more in zip(before, counts, strict=True)]
        self.shards = Shards(
            tuple(change.shard for change in changes),
            {part: tuple(counts) for part, counts in excluded.items()},
            horizons,
        )
        self._changes = changes

    def lines(self, output: int) -> Iterator[bytes]:
        """The lines by which the open epoch changes a result output, in the order of their keys.

        Behind them come those of rows that go with closed windows.
        """
        for kind in (attrgetter("lines"), attrgetter("closed")):
            found = list(chain.from_iterable(kind(change)[output] for change in self._changes))
            # Those of each shard are in order: what is left is to merge them.
            found.sort(key=itemgetter(0))
            for start in range(0, len(found), _AT_A_TIME):
                yield b"".join(lines for _, lines in found[start : start + _AT_A_TIME])

    def end(self) -> None:
        """The epoch is closed."""
        self._changes = ()

    def digests(self) -> dict[str, Digest]:
        """Those of all parts that are kept by keys."""
        return dict.fromkeys(self.job.plan.parts, EMPTY) | self.shards.digests()

    def keys(self, output: int) -> int:
        """How many rows a result output has."""
        return self.digests()[f"changelog {output}"][0]

    def excluded(self) -> int:
        """The most rows that an aggregate could not take."""
        return max(chain.from_iterable(self.shards.excluded.values()), default=0)

    def windows(self, part: str, empty: WindowReduction) -> ShardedWindows:
        """Those of a part; `empty` has none of them."""
        return ShardedWindows(self, part, empty)


class ShardedWindows:
    """Windows that are in shards, for the clock that they go by."""

    def __init__(self, keys: ShardedKeys, part: str, empty: WindowReduction) -> None:
        """`empty` has none of them: what is late does not depend on what there is."""
        self._keys = keys
        self._part = part
        self._empty = empty

    def late(self, time: Moment, watermark: Moment) -> bool:
        """As a `_core.WindowReduction`."""
        return self._empty.late(time, watermark)

    def horizon(self) -> Moment | None:
        """A time at which all of them are closed; None if none was ever open, or none is ever closed."""
        return self._keys.shards.horizons.get(self._part)
