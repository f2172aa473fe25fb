"""Epoch: tells how many rows are in no sum, since a value is missing or not finite: now and then, for many epochs."""

from __future__ import annotations

import logging

from streamreg._epoch.seldom import Seldom
from streamreg._event import event
from streamreg._plural import plural

_log = logging.getLogger("streamreg")


class ExcludedRows:
    """The most rows that one aggregate has left out, in closed epochs."""

    def __init__(self, count: int, *, can_miss: bool) -> None:
        """`can_miss` says whether values can be missing: then rows without them are no surprise."""
        self.count = count
        self._level = logging.INFO if can_miss else logging.WARNING
        self._seldom = Seldom()
        self._untold = 0
        self._epochs = (0, 0)
        """The first and the last of those with such rows that were not told of."""

    def add(self, epoch: int, count: int) -> None:
        """After an epoch there are so many."""
        if count > self.count:
            first = self._epochs[0] if self._untold else epoch
            self._epochs = (first, epoch)
            self._untold += count - self.count
        self.count = count

    def tell(self, *, end: bool = False) -> None:
        """Logs those that were not told of yet, unless some were a moment ago; at the `end` of a run in any case."""
        if not self._untold or not (end or self._seldom.due):
            return
        first, last = self._epochs
        _log.log(
            self._level,
            "%s: %s excluded from a sum or regression: a value is missing or not finite",
            f"epoch {first}" if first == last else f"epochs {first} to {last}",
            plural(self._untold, "row"),
            extra=event("excluded", rows=self._untold, epochs=[first, last]),
        )
        self._untold = 0
        self._seldom.told()
