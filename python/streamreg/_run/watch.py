"""Run: tells those whom a program has named where the flow is, asks whether it is to stop, and sums up at the end."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from streamreg._run import lifecycle
from streamreg._run.progress import Progress, Rate, Summary
from streamreg._run.supervisor import TELL_INTERVAL

if TYPE_CHECKING:
    from streamreg._epoch.merge import Merge
    from streamreg._plan.plan import Plan
    from streamreg._run.run import Options
    from streamreg._run.served import Served
    from streamreg._state.checkpoint import Checkpoint


class Watch:
    """Gives the progress to the functions given to `run`, and knows whether the run is to stop."""

    def __init__(self, options: Options, served: Served | None) -> None:
        self._served = served
        self._heartbeat_at = time.monotonic() + lifecycle.HEARTBEAT_SECONDS
        self.ended_by: str | None = None
        self._options = options
        self._signals = options.signals
        self._started = time.monotonic()
        self._tell_at = self._started
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
            if self._give(self._progress):
                self.ended_by = "stop"
        return self.ended_by is not None

    def begin(self, plan: Plan, first: Checkpoint) -> None:
        """The flow starts, with what earlier runs of its state have left."""
        self._paths = [output.name for output in plan.result_outputs]
        self._before = first
        self._rate = Rate(first.rows, time.monotonic())

    def tell(self, merge: Merge, lag: int | None) -> bool:
        """Tells where the flow is; returns whether to stop."""
        results = dict(zip(self._paths, merge.results, strict=True))
        now = time.monotonic()
        rate = self._rate.at(merge.rows, now)
        progress = Progress(merge.epochs, merge.rows, merge.rejects.total(), rate, lag, results)
        if now >= self._heartbeat_at:
            self._heartbeat_at = now + lifecycle.HEARTBEAT_SECONDS
            lifecycle.goes_on(progress, merge.rejects)
        self._progress, self._tell_at = progress, now + TELL_INTERVAL
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
        """The summary at the end; `merge` is None if nothing was read."""
        ended_by = self.ended_by or "source"
        if merge is None:
            return Summary(seconds=self._seconds(), ended_by=ended_by)
        return Summary(
            epochs=merge.epochs,
            rows=merge.rows,
            rejects=dict(merge.rejects),
            tombstones=merge.tombstones,
            excluded=merge.excluded,
            lost=merge.lost,
            seconds=self._seconds(),
            ended_by=ended_by,
            earlier_epochs=0 if self._before is None else self._before.epochs,
            earlier_rows=0 if self._before is None else self._before.rows,
            earlier_rejects=0 if self._before is None else sum(self._before.rejects.values()),
        )
