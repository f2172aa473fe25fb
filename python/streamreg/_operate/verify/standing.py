"""Verify: upserts: the rows that the topic leaves standing, and what of it a broker has compacted away.

A broker may remove a message of which the key has a newer one, or whose row is gone. What was counted cannot be counted
again then, but the table is the same; unless the newer message comes after the offsets of the state.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from streamreg._epoch.upserts import Upserts
from streamreg._operate.verify.check import Check
from streamreg._plural import plural
from streamreg._state.keyed_rows import EMPTY, Digest
from streamreg._state.upserted_rows import PART, TemporaryRows

if TYPE_CHECKING:
    from streamreg._formats.contract import Found
    from streamreg._operate.verify.recompute import Recomputed
    from streamreg._plan.plan import Plan
    from streamreg._state.checkpoint import Checkpoint
    from streamreg._worker.partial import Partial


class Changes:
    """The rows of partials, each with 1, and those that they take back, with -1."""

    def __init__(self, plan: Plan, found: Found) -> None:
        """`found` is what the preamble of the format has found in the topic."""
        self._plan = plan
        self._found = found
        self.digest: Digest = EMPTY
        """That of the rows that stand at the end, of upserts."""

    def of(self, partials: Iterable[Partial]) -> Iterator[tuple[Partial, Literal[1, -1]]]:
        """In the order in which they come."""
        if not self._plan.input.upsert:
            yield from ((partial, 1) for partial in partials)
            return
        with closing(TemporaryRows()) as rows:
            upserts = Upserts(self._plan, self._found, rows)
            for partial in partials:
                back = upserts.taken_back(partial)
                yield partial, 1
                yield from ((replaced, -1) for replaced in back.replaced())
                yield from ((own, -1) for own in back.own)
                upserts.put(partial)
            self.digest = rows.digest()


class Compaction:
    """What of the messages that a run has read is gone."""

    def __init__(self, plan: Plan, checkpoint: Checkpoint, again: Recomputed) -> None:
        """`again` is what the topic gives now."""
        read = checkpoint.rows + checkpoint.tombstones + sum(checkpoint.rejects.values())
        found = again.rows + again.tombstones + again.rejects.total()
        self._gone = max(read - found, 0) if plan.input.upsert else 0
        self._state = checkpoint.digests.get(PART, EMPTY)
        self._topic = again.upserted

    def rows(self) -> Check:
        """The rows that stand, compared."""
        subject = "rows that stand"
        (state, _), (topic, _) = self._state, self._topic
        if self._state == self._topic:
            return Check(subject, f"the same {topic:,}")
        if self._gone and topic < state:
            return self._unknown(Check(subject, ""))
        counts = f"{state:,} in the state, {topic:,} from the topic"
        return Check(subject, "", counts if state != topic else f"{counts}, but others")

    def history(self, checks: Iterable[Check]) -> Iterator[Check]:
        """Checks of what every message counts in, also those that are gone."""
        for check in checks:
            yield self._unknown(check) if self._gone and check.difference else check

    def table(self, checks: Iterable[Check]) -> Iterator[Check]:
        """Checks of what follows from the rows that stand."""
        incomplete = self._gone and self._topic[0] < self._state[0]
        for check in checks:
            yield self._unknown(check) if incomplete and check.difference else check

    def _unknown(self, check: Check) -> Check:
        gone = f"{plural(self._gone, 'message')} that the run has read"
        return replace(
            check,
            found=f"cannot be compared: the broker has compacted the topic, {gone} are gone",
            difference="",
            compared=False,
        )
