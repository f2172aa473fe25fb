"""Epoch: merged offsets: up to where each partition is in the exact states, and what is known of it there."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from streamreg._epoch.gaps import lost_offsets, lost_text
from streamreg._event import event
from streamreg._exceptions import WorkerError

if TYPE_CHECKING:
    from streamreg._source.contract import Range, Source
    from streamreg._state.checkpoint import Checkpoint
    from streamreg._worker.partial import Partial

_log = logging.getLogger("streamreg")


class MergedOffsets:
    """What a partial has to continue, so that none counts twice."""

    def __init__(self, source: Source, checkpoint: Checkpoint) -> None:
        """Goes on from `checkpoint`."""
        self.next = dict(checkpoint.offsets)
        """For each partition the offset from which on nothing is merged."""

        self._source = source
        self.untouched = set(checkpoint.untouched)
        self.leader_epochs = dict(checkpoint.leader_epochs)
        self._gaps = list(checkpoint.gaps)

    @property
    def lost(self) -> int:
        """The offsets of which the messages were deleted before they were read."""
        return lost_offsets(self._gaps)

    def grow(self, ranges: Mapping[int, Range]) -> None:
        """Has more partitions, of which nothing was read yet."""
        self.next.update({p: r.start for p, r in ranges.items()})
        self.untouched.update(p for p, r in ranges.items() if r.untouched)

    def holds(self, partial: Partial) -> bool:
        """Whether all of a partial was merged before."""
        return all(end <= self.next[p] for p, (_, end) in partial.progress.items())

    def check(self, partial: Partial) -> None:
        """Makes sure that a partial begins where the last one has ended.

        Raises:
            WorkerError: if it skips messages, or overlaps merged ones in part.
        """
        for partition, (start, _) in partial.progress.items():
            if start != self.next[partition]:
                raise WorkerError(
                    f"{self._source.origin(partition)}: a frame begins at offset {start}, "
                    f"but {self.next[partition]} is next"
                )

    def advance(self, partial: Partial) -> None:
        """A partial is merged."""
        self.next.update({p: end for p, (_, end) in partial.progress.items()})
        self.untouched.difference_update(partial.begun)
        for partition, (start, end) in partial.lost.items():
            self._gaps.append((partition, start, end))
            # That of a message before the gap says nothing.
            self.leader_epochs.pop(partition, None)
            _log.warning(
                "%s",
                lost_text(self._source, self._gaps[-1]),
                extra=event("lost", offsets=end - start),
            )
        self.leader_epochs.update(partial.leader_epochs)

    def kept(self, base: Checkpoint) -> Checkpoint:
        """A checkpoint with these offsets."""
        return replace(
            base,
            offsets=dict(self.next),
            untouched=set(self.untouched),
            leader_epochs=dict(self.leader_epochs),
            gaps=list(self._gaps),
        )
