"""Epoch: event time: how far the partitions have come in it, as far as their messages are merged.

The time of a clock is the least of its partitions' times: what is before it comes no more, or late. A partition that is
idle, or new, is moved on to the time of the others. Which rows are late after that no longer follows from the topic
alone, so that such moves are kept, with the offset from which they hold, where they may have made a row late.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from streamreg._worker.partial import Move

if TYPE_CHECKING:
    from streamreg._plan.windowing import Clock
    from streamreg._types import Moment
    from streamreg._worker.partial import Passage


class Windows(Protocol):
    """Windows that go by a clock, of one reduction."""

    def late(self, time: Moment, watermark: Moment) -> bool:
        """Whether a row of this time would be late for any, were this the greatest time before it."""

    def horizon(self) -> Moment | None:
        """A time at which every open one is closed; None if none is open, or none is ever closed."""


class EventClocks:
    """The clocks of a plan."""

    def __init__(
        self, clocks: Sequence[Clock], times: Sequence[Mapping[int, Moment]], moves: Iterable[Move]
    ) -> None:
        """`times` are those of a checkpoint; none if there is none."""
        self._clocks = clocks
        self.times: list[dict[int, Moment]] = [dict(of) for of in times] or [{} for _ in clocks]
        self.windows: list[list[Windows]] = [[] for _ in clocks]
        """Those that go by each clock, which say what is late and what is open: whoever has them puts them here."""

        self._kept = list(moves)
        self._pending: dict[tuple[int, int], Move] = {}

    @property
    def moves(self) -> list[tuple[int, int, int, Moment]]:
        """Those that may have made a row late, or still may, as a checkpoint has them."""
        return [(*move,) for move in (*self._kept, *self._pending.values())]

    def time(self, clock: int, partitions: Collection[int]) -> Moment | None:
        """Up to where all of these partitions have come; None if one has no time yet."""
        times = self.times[clock]
        if any(partition not in times for partition in partitions):
            return None
        return min((times[partition] for partition in partitions), default=None)

    @property
    def wait_for_idle(self) -> bool:
        """Whether one moves idle partitions on."""
        return any(clock.idle_timeout is not None for clock in self._clocks)

    def stale(self, passages: Sequence[Mapping[int, Passage]]) -> set[int]:
        """Partitions that were moved on since their rows were read, so that rows have become late."""
        found = set()
        for clock, of_clock in enumerate(passages):
            for partition, passage in of_clock.items():
                time = self.times[clock].get(partition)
                if time is None or time == passage.before:
                    continue
                if any(windows.late(passage.oldest, time) for windows in self.windows[clock]):
                    found.add(partition)
        return found

    def take(self, passages: Sequence[Mapping[int, Passage]]) -> None:
        """The rows of a batch are merged."""
        for clock, of_clock in enumerate(passages):
            times = self.times[clock]
            for partition, passage in of_clock.items():
                if passage.after >= times.get(partition, passage.after):
                    times[partition] = passage.after
                    # The rows themselves have come as far now, and none of them was late.
                    self._pending.pop((clock, partition), None)

    def move(self, move: Move) -> None:
        """Moves a partition on from an offset, unless it has come so far already."""
        if self._moves_on(move):
            self.times[move.clock][move.partition] = move.time
            self._pending[move.clock, move.partition] = move

    def keep(self, partitions: Collection[int]) -> None:
        """The messages of these partitions are read by the moved times from now on, which are kept therefore."""
        for clock, partition in list(self._pending):
            if partition in partitions:
                self._kept.append(self._pending.pop((clock, partition)))

    def join(self, known: Collection[int], new: Mapping[int, int]) -> None:
        """More partitions, of which nothing was read: they count as having come as far as the known ones.

        Else a new one would open windows anew that have been closed. `new` has their first offsets.
        """
        for clock in range(len(self._clocks)):
            time = self.time(clock, known)
            if time is not None:
                for partition, offset in new.items():
                    self.move(Move(clock, partition, offset, time))
        self.keep(new)

    def idle_moves(
        self, offsets: Mapping[int, int], idle: Callable[[float], Collection[int]]
    ) -> list[Move]:
        """Idle partitions count as having come as far as the others, or if all are idle past every open window.

        `idle` gives the partitions that have been so for some seconds. None is moved yet.
        """
        found = []
        for index, clock in enumerate(self._clocks):
            if clock.idle_timeout is None:
                continue
            resting = set(idle(clock.idle_timeout))
            active = offsets.keys() - resting
            time = self.time(index, active) if active else self._horizon(index)
            if time is not None:
                moves = (Move(index, p, offsets[p], time) for p in sorted(resting))
                found += [move for move in moves if self._moves_on(move)]
        return found

    def _moves_on(self, move: Move) -> bool:
        before = self.times[move.clock].get(move.partition)
        return before is None or before < move.time

    def after(
        self,
        partitions: Collection[int],
        passages: Sequence[Mapping[int, Passage]],
        moves: Iterable[Move],
    ) -> list[Moment | None]:
        """Up to where all of these partitions will have come on each clock, once these are taken."""
        then = EventClocks(self._clocks, self.times, ())
        then.take(passages)
        for move in moves:
            then.move(move)
        return [then.time(clock, partitions) for clock in range(len(self._clocks))]

    def _horizon(self, clock: int) -> Moment | None:
        """The time at which all open windows close; None if none is open."""
        found = [windows.horizon() for windows in self.windows[clock]]
        return max((time for time in found if time is not None), default=None)
