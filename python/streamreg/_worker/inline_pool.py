"""Worker: all work in the parent's own process: for debugging, for tests, and where no child may be started."""

from __future__ import annotations

import traceback
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from streamreg._exceptions import WorkerError
from streamreg._worker import worker as _worker
from streamreg._worker.notices import Notices
from streamreg._worker.task import remaining

if TYPE_CHECKING:
    from streamreg._source.contract import Range
    from streamreg._worker.contract import Merged
    from streamreg._worker.mailbox import Frame
    from streamreg._worker.task import Task


class InlinePool:
    """All partitions in the parent's own process."""

    restarts = 0
    silent: Collection[int] = ()

    def __init__(self, task: Task, merged: Merged) -> None:
        """`merged` is read when there are more partitions."""
        self._task = replace(task, times=merged.event_times(task.ranges))
        self._merged = merged
        self._notices = Notices()
        self._ingest = _worker.Ingest(self._task, self._notices)

    def grow(self, ranges: Mapping[int, Range]) -> None:
        self._task = replace(self._task, ranges={**self._task.ranges, **ranges})
        self.read_again(ranges)

    def read_again(self, partitions: Collection[int]) -> None:
        ranges = {p: remaining(p, r, self._merged) for p, r in self._task.ranges.items()}
        task = replace(self._task, ranges=ranges, times=self._merged.event_times(ranges))
        self._ingest.close()
        self._ingest = _worker.Ingest(task, self._notices)

    def collect(self, timeout: float, wake: int) -> Iterator[Frame]:
        try:
            frame = self._ingest.step(min(timeout, _worker.READ_TIMEOUT))
        except (Exception, SystemExit) as error:
            if _worker.is_known(error):
                raise
            raise WorkerError(f"the work failed:\n{traceback.format_exc()}") from error
        if frame is not None:
            yield frame

    def stop(self) -> Iterator[Frame]:
        yield from ()

    def kill(self) -> None:
        self._ingest.close()

    @property
    def troubled_at(self) -> float | None:
        return self._notices.troubled_at

    def processes(self) -> Mapping[int, int]:
        return {}

    def figures(self) -> None:
        return None
