"""Epoch: tells how many rows are in no sum, since a value is missing or not finite."""

from __future__ import annotations

import logging

from streamreg._plural import plural

_log = logging.getLogger("streamreg")


class ExcludedRows:
    """The most rows that one aggregate has left out, in closed epochs."""

    def __init__(self, count: int, *, can_miss: bool) -> None:
        """`can_miss` says whether values can be missing: then rows without them are no surprise."""
        self.count = count
        self._level = logging.INFO if can_miss else logging.WARNING

    def tell(self, epoch: int, count: int) -> None:
        """Logs those of an epoch, after which there are so many."""
        if count > self.count:
            _log.log(
                self._level,
                "epoch %d: %s excluded from a sum or regression: a value is missing or not finite",
                epoch,
                plural(count - self.count, "row"),
            )
        self.count = count
