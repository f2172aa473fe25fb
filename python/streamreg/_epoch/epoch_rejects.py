"""Epoch: the messages that do not fit: counted, kept in a file or a topic, and told of at the end of each epoch."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from streamreg._formats.appearance import appearance
from streamreg._formats.contract import is_framed
from streamreg._plural import plural
from streamreg._rejects.dead_letters import RejectLimit, counted, dead_letter_lines, shown

if TYPE_CHECKING:
    from streamreg._epoch.watcher import EpochWatcher
    from streamreg._formats.contract import Input
    from streamreg._rejects.reject import Reject
    from streamreg._sinks.rejects import OpenRejects

_log = logging.getLogger("streamreg")


class EpochRejects:
    """Those of all closed epochs, by kind, and those of the open one."""

    def __init__(
        self,
        input: Input,
        kept: tuple[str, OpenRejects] | None,
        counts: Counter[str],
        limit: int | None,
        watcher: EpochWatcher | None = None,
    ) -> None:
        """`kept` is where they are kept, with its name.

        `counts` are those of earlier runs, `limit` is how many this run may reject; None: any number.
        """
        self._watcher = watcher
        self.counts = counts
        self._input = input
        self._kept = None if kept is None else kept[1]
        self._limit = RejectLimit(limit, None if kept is None else kept[0])
        self._open: Counter[str] = Counter()
        self._first: Reject | None = None
        self._appearance_told = False

    @property
    def any(self) -> bool:
        """Whether the open epoch has one."""
        return bool(self._open)

    def keep(self, rejects: Sequence[Reject]) -> None:
        """Adds some to the open epoch. Raises OutputError if the file cannot be written."""
        number = self.counts.total() + self._open.total()
        self._open.update(reject.kind for reject in rejects)
        self._first = self._first or rejects[0]
        if self._watcher is not None:
            self._watcher.rejected(rejects)
        if self._kept is not None:
            for line in dead_letter_lines(self._input.source.name, rejects):
                number += 1
                self._kept.append(line, number)

    def check_limit(self, rejects: Sequence[Reject]) -> None:
        """Raises RejectsError if with these there are more than the run may reject."""
        self._limit.add(rejects)

    def count(self) -> None:
        """Those of the open epoch are those of a closed one."""
        self.counts += self._open

    def tell(self, epoch: int, *, any_row: bool) -> None:
        """Logs how many the open epoch has; as long as no message was a row, also what they may be."""
        if self._first is None:
            return
        _log.warning(
            "epoch %d: %s (%s); the first at %s",
            epoch,
            plural(self._open.total(), "reject"),
            counted(self._open),
            shown(self._first),
        )
        if any_row or self._appearance_told:
            return
        self._appearance_told = True
        look = appearance(
            self._first.value,
            self._input.format.name,
            self._input.fields,
            framed=is_framed(self._input.format),
        )
        if look is not None:
            _log.warning("no message has been a row yet; the first looks like %s", look)

    def end(self) -> None:
        """Nothing of the next epoch is known yet."""
        self._open, self._first = Counter(), None
