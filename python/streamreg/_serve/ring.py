"""Serve, ring: the changes of the last epochs, for clients that follow them; the oldest are let go of."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from streamreg._serve.messages import EpochChanges

MOST_BYTES: Final = 32 << 20
MOST_EPOCHS: Final = 5_000


class Ring:
    """Epochs without a gap, the newest last."""

    def __init__(self, size: int = MOST_BYTES, epochs: int = MOST_EPOCHS) -> None:
        """At most so many bytes and epochs, but always the newest one."""
        self._most = size
        self._most_epochs = epochs
        self._epochs: deque[EpochChanges] = deque()
        self._size = 0
        self._next = 0
        self._before = -1
        """The wall clock of the epoch before the oldest; -1 if it is not known."""

    @property
    def first(self) -> int:
        """The oldest epoch that is there; the next one to come if none is."""
        return self._next - len(self._epochs)

    @property
    def next(self) -> int:
        """The epoch that comes next."""
        return self._next

    def begin(self, epoch: int, before: int = -1) -> None:
        """Lets go of all; this epoch comes next, and `before` is the wall clock of the one before it."""
        self._before = before
        self._epochs.clear()
        self._size = 0
        self._next = epoch

    def add(self, changes: EpochChanges) -> None:
        """The next epoch; its sums are of no use once there are later ones, and are not kept."""
        changes = replace(changes, sums=())
        if changes.epoch != self._next:
            self.begin(changes.epoch)
        self._next += 1
        self._epochs.append(changes)
        self._size += changes.size
        while len(self._epochs) > 1 and (
            self._size > self._most or len(self._epochs) > self._most_epochs
        ):
            gone = self._epochs.popleft()
            self._size -= gone.size
            self._before = gone.unix_ms

    def unix_ms(self, epoch: int) -> int:
        """The wall clock of an epoch, which no other run gives an epoch of this number; -1 if it is not known."""
        if self.first <= epoch < self._next:
            return self._epochs[epoch - self.first].unix_ms
        return self._before if epoch == self.first - 1 else -1

    def newest_first(self) -> Iterator[EpochChanges]:
        """All epochs that are there, from the newest back."""
        return reversed(self._epochs)

    def since(self, epoch: int, most: int = 64) -> Sequence[EpochChanges] | None:
        """The epochs from this one on, at most so many; None if it is not there any more."""
        if not self.first <= epoch <= self._next:
            return None
        start = epoch - self.first
        return [self._epochs[at] for at in range(start, min(start + most, len(self._epochs)))]
