"""Epoch, changelog: what changes in the results, written to their outputs at the end of an epoch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from streamreg._core import Changelog, WindowReduction
from streamreg._epoch.changed_rows import changed_rows, gone_rows
from streamreg._exceptions import CorruptStateError

if TYPE_CHECKING:
    from streamreg._epoch.changed_rows import ResultRows
    from streamreg._epoch.outputs import Outputs
    from streamreg._epoch.sharded_keys import ShardedKeys
    from streamreg._epoch.slow_results import SlowResults
    from streamreg._epoch.watcher import EpochWatcher
    from streamreg._plan.plan import Plan
    from streamreg._plan.row_plan import AnyReduction
    from streamreg._state.checkpoint import Checkpoint, KeyedPart
    from streamreg._types import Moment


class ResultChanges:
    """The last rows of the result outputs."""

    def __init__(
        self,
        plan: Plan,
        outputs: Outputs,
        slow_results: SlowResults,
        watcher: EpochWatcher | None = None,
        sharded: ShardedKeys | None = None,
    ) -> None:
        """No rows. Those by keys stay without any where they are in shards."""
        self._watcher = watcher
        self._sharded = sharded
        self.changelogs = [Changelog() for _ in plan.result_outputs]
        self.shown: list[Mapping[str, object]] = [{} for _ in plan.result_outputs]
        self._keys = [bool(result.keys) for result in plan.results for _ in result.outputs]
        self._plan = plan
        self._outputs = outputs
        self._slow_results = slow_results

    def restore(self, checkpoint: Checkpoint) -> None:
        """The last rows of a checkpoint. Raises CorruptStateError if some are missing."""
        for index, (keyed, state) in enumerate(zip(self._keys, checkpoint.changelogs, strict=True)):
            last_rows = checkpoint.keyed.pop(f"changelog {index}", None)
            if not keyed:
                self.changelogs[index] = Changelog.from_bytes(state)
            elif isinstance(last_rows, Changelog):
                self.changelogs[index] = last_rows
            elif self._sharded is None:
                raise CorruptStateError("the last rows of an output are missing")

    def keyed(self) -> dict[str, KeyedPart]:
        """Those that the checkpoint keeps by key."""
        return {
            f"changelog {index}": self.changelogs[index]
            for index, keyed in enumerate(self._keys)
            if keyed and self._sharded is None
        }

    def states(self) -> list[bytes]:
        """The bytes of each; nothing of those by key."""
        return [
            b"" if keyed else changelog.to_bytes()
            for keyed, changelog in zip(self._keys, self.changelogs, strict=True)
        ]

    def write(
        self,
        reductions: Sequence[AnyReduction],
        epoch: int,
        stamps: Mapping[str, int],
        event_times: Sequence[Moment | None],
    ) -> None:
        """Solves, and writes for each result output the change from its last row to the new one.

        `stamps` are what the column `time` may hold, `event_times` those to which each reduction has come.
        """
        first = 0
        for at, (plan, reduction) in enumerate(zip(self._plan.results, reductions, strict=True)):
            if plan.keys and self._sharded is not None:
                for index in range(first, first + len(plan.outputs)):
                    self._take(index, self._sharded)
                first += len(plan.outputs)
                continue
            name = plan.outputs[0].name if plan.outputs else ""
            found = changed_rows(plan, reduction, event_times[at])
            for outputs in self._slow_results.watched(found, epoch, name):
                for index, rows in enumerate(outputs, first):
                    self._change(index, rows, stamps)
                    keys = {"keys": len(self.changelogs[index])}
                    self.shown[index] = keys if plan.keys else rows.cells
            if isinstance(reduction, WindowReduction):
                closed = reduction.close(event_times[at])
                windows = self._plan.rows.reductions[at].windows
                for index in range(first, first + len(plan.outputs) if closed else first):
                    if windows is not None and windows.keep_results:
                        self._forget(index, closed)
                    else:
                        self._change(index, gone_rows(closed), stamps)
            first += len(plan.outputs)

    def _forget(self, index: int, closed: Sequence[bytes]) -> None:
        """Lets go of the rows of closed windows."""
        changelog = self.changelogs[index]
        if self._watcher is not None:
            rows = (changelog.row(key) for key in closed)
            self._watcher.closed(index, [row for row in rows if row is not None])
        changelog.forget(closed)

    def _take(self, index: int, sharded: ShardedKeys) -> None:
        """Writes the changes of an output that is in shards."""
        for lines in sharded.lines(index):
            self._write(index, lines)
        self.shown[index] = {"keys": sharded.keys(index)}

    def _change(self, index: int, rows: ResultRows, stamps: Mapping[str, int]) -> None:
        """Writes the changes of an output to these rows."""
        output = self._outputs.results[index]
        lines = self.changelogs[index].update(
            rows.keys, rows.present, rows.packed, stamps[output.spec.time]
        )
        self._write(index, lines)

    def _write(self, index: int, lines: bytes) -> None:
        # First: while an output waits for its reader, whoever watches must know of changes that are in its rows.
        if self._watcher is not None and lines:
            self._watcher.changed(index, lines)
        self._outputs.results[index].append(lines)
