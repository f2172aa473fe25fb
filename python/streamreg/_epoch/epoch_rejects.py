"""Epoch: the messages that do not fit: counted, kept in a file or a topic, and told of now and then."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from streamreg._epoch.seldom import Seldom
from streamreg._event import event
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
        self._untold: Counter[str] = Counter()
        """Of closed epochs."""

        self._open_first: Reject | None = None
        self._first: Reject | None = None
        """Of those that were not told of."""

        self._told: set[str] = set()
        """Their kinds."""

        self._seldom = Seldom()
        self._appearance_told = False

    @property
    def any(self) -> bool:
        """Whether the open epoch has one."""
        return bool(self._open)

    def keep(self, rejects: Sequence[Reject]) -> None:
        """Adds some to the open epoch. Raises OutputError if the file cannot be written."""
        number = self.counts.total() + self._open.total()
        self._open.update(reject.kind for reject in rejects)
        self._open_first = self._open_first or rejects[0]
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
        """Those of the open epoch are those of a closed one; nothing of the next is known yet."""
        self.counts += self._open
        self._untold += self._open
        self._first = self._first or self._open_first
        self._open, self._open_first = Counter(), None

    def tell(self, *, any_row: bool, end: bool = False) -> None:
        """Logs those of closed epochs that were not told of yet; as long as no message was a row, also what they are.

        The first of a kind is told at once, else some once a minute at most, and at the `end` of a run the rest.
        """
        first = self._first
        if first is None or not self._untold:
            return
        if not (end or self._seldom.due or self._untold.keys() - self._told):
            return
        _log.warning(
            "%s (%s); the first at %s",
            plural(self._untold.total(), "more reject" if self._told else "reject"),
            counted(self._untold),
            shown(first),
            extra=event("rejects", rejects=dict(self._untold), first=shown(first)),
        )
        self._told |= self._untold.keys()
        self._untold, self._first = Counter(), None
        self._seldom.told()
        if not any_row:
            self._tell_appearance(first)

    def _tell_appearance(self, first: Reject) -> None:
        if self._appearance_told:
            return
        self._appearance_told = True
        look = appearance(
            first.value,
            self._input.format.name,
            self._input.fields,
            framed=is_framed(self._input.format),
        )
        if look is not None:
            _log.warning("no message has been a row yet; the first looks like %s", look)
