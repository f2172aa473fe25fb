"""Run: tells those whom a program has named where the flow is, asks whether it is to stop, and sums up at the end."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from streamreg._epoch.gaps import lost_offsets
from streamreg._run import lifecycle
from streamreg._run.progress import Progress, Rate, Summary
from streamreg._run.supervisor import TELL_INTERVAL
from streamreg._source.contract import BELIEVED_SECONDS

if TYPE_CHECKING:
    from streamreg._epoch.merge import Merge
    from streamreg._plan.plan import Plan
    from streamreg._run.run import Options
    from streamreg._run.served import Served
    from streamreg._sinks.waits import Wait, Waits
    from streamreg._state.checkpoint import Checkpoint


class Watch:
    """Gives the progress to the functions given to `run`, and knows whether the run is to stop."""

    def __init__(self, options: Options, served: Served | None, waits: Waits) -> None:
        """`waits` is told by the outputs when they are waited for."""
        self._served = served
        self._waits = waits
        self.waits_for = "its state"
        """What is waited for before anything is read, unless that is an output."""

        self._merge: Merge | None = None
        self._away: Mapping[str, Wait] = {}
        self._heartbeat_at = time.monotonic() + lifecycle.HEARTBEAT_SECONDS
        self.ended_by: str | None = None
        self._options = options
        self._signals = options.signals
        self._started = time.monotonic()
        self._tell_at = self._turned_at = self._started
        self._paths: list[str] = []
        self._before: Checkpoint | None = None
        self._rate = Rate(0, self._started)
        self._progress = Progress(0, 0, 0, 0.0, None, {})

    def stopping(self) -> bool:
        """Whether to stop while the source or an output is waited for; tells again where the flow is."""
        if self._signals.received is not None:
            self.ended_by = self._signals.received.name
        elif time.monotonic() >= self._tell_at:
            self._tell_at = time.monotonic() + TELL_INTERVAL
            self._beat()
            if self._give(self._progress):
                self.ended_by = "stop"
        return self.ended_by is not None

    def resume(self, last: Checkpoint | None) -> None:
        """Earlier runs of its state have left this."""
        self._before = last

    def begin(self, plan: Plan, merge: Merge) -> None:
        """The flow starts."""
        self._paths = [output.name for output in plan.result_outputs]
        self._merge = merge
        self._turned_at = time.monotonic()
        self._rate = Rate(merge.rows, time.monotonic())
        self._progress = Progress(merge.epochs, merge.rows, merge.rejects.total(), 0.0, None, {})

    def _beat(self) -> None:
        """The loop turns: the heartbeat, when it is due, and a word where it has not turned for long."""
        now = time.monotonic()
        if self._merge is not None and now - self._turned_at > BELIEVED_SECONDS:
            lifecycle.stood_still(now - self._turned_at)
        self._turned_at = now
        if now < self._heartbeat_at:
            return
        self._heartbeat_at = now + lifecycle.HEARTBEAT_SECONDS
        if self._merge is None:
            lifecycle.starts(self._seconds(), self.waits_for, self._waits)
        else:
            merge = self._merge
            lifecycle.goes_on(
                self._progress, merge.rejects, merge.excluded, self._waits, self._away
            )

    def tell(self, merge: Merge, lag: int | None, away: Mapping[str, Wait]) -> bool:
        """Tells where the flow is; returns whether to stop. `away` is the topic, if it does not respond."""
        results = dict(zip(self._paths, merge.results, strict=True))
        now = time.monotonic()
        rate = self._rate.at(merge.rows, now)
        progress = Progress(merge.epochs, merge.rows, merge.rejects.total(), rate, lag, results)
        self._progress, self._tell_at = progress, now + TELL_INTERVAL
        self._away = away
        self._beat()
        return self._give(progress) or self.ended_by is not None

    def _give(self, progress: Progress) -> bool:
        if self._served is not None:
            self._served.show(progress)
        if self._options.progress is not None:
            self._options.progress(progress)
        return self._options.stop is not None and self._options.stop(progress)

    def _seconds(self) -> float:
        return time.monotonic() - self._started

    def summary(self, merge: Merge | None) -> Summary:
        """The summary at the end; `merge` is None if nothing was read: then there is what earlier runs have left."""
        before = self._before
        summary = Summary(seconds=self._seconds(), ended_by=self.ended_by or "source")
        if before is not None:
            summary = replace(
                summary,
                epochs=before.epochs,
                rows=before.rows,
                rejects=before.rejects,
                tombstones=before.tombstones,
                lost=lost_offsets(before.gaps),
                earlier_epochs=before.epochs,
                earlier_rows=before.rows,
                earlier_rejects=sum(before.rejects.values()),
            )
        if merge is None:
            return summary
        return replace(
            summary,
            epochs=merge.epochs,
            rows=merge.rows,
            rejects=dict(merge.rejects),
            tombstones=merge.tombstones,
            excluded=merge.excluded,
            lost=merge.lost,
        )
