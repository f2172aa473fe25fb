"""Epoch: score → merge → solve → changelog: how the parent merges partials, and how it closes an epoch.

`Merge` knows nothing of processes: whoever brings partials calls `apply`, whoever decides that an epoch is over calls
`close`. A partial counts only where it continues the merged offsets, so that none counts twice.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from streamreg._core import Changelog, KeyedReduction, Reduction, stamp
from streamreg._epoch.changed_rows import changed_rows
from streamreg._epoch.class_parameters import check_classes
from streamreg._epoch.row_scorer import Scoring
from streamreg._epoch.slow_results import SlowResults
from streamreg._exceptions import CorruptStateError, MismatchError, StateError, WorkerError
from streamreg._formats.appearance import appearance
from streamreg._plural import plural
from streamreg._rejects.dead_letters import RejectLimit, counted, dead_letter_lines, shown
from streamreg._state.keyed_rows import changes

if TYPE_CHECKING:
    from streamreg._epoch.outputs import Outputs
    from streamreg._plan.plan import Plan
    from streamreg._rejects.reject import Reject
    from streamreg._source.contract import Range
    from streamreg._state.checkpoint import Checkpoint
    from streamreg._worker.partial import Partial

_log = logging.getLogger("streamreg")


class Merge:
    """The run's state: merged offsets, exact states, last results."""

    def __init__(
        self,
        plan: Plan,
        checkpoint: Checkpoint,
        outputs: Outputs,
        *,
        commit: Callable[[Checkpoint], None] | None,
        unix_ms: Callable[[], int],
        interval: float = 0.0,
        max_rejects: int | None = None,
    ) -> None:
        """Goes on from `checkpoint`; `commit`, if there is one, is given the next one at the end of each epoch.

        Epochs are closed `interval` seconds apart, where results do not take longer.

        Raises:
            StateError: if the checkpoint holds states that are not those of this plan.
        """
        self.offsets = dict(checkpoint.offsets)
        self.untouched = set(checkpoint.untouched)
        self.leader_epochs = dict(checkpoint.leader_epochs)
        self.epochs = checkpoint.epochs
        self.rows = checkpoint.rows
        self.tombstones = checkpoint.tombstones
        self.rejects = Counter(checkpoint.rejects)
        self.results: list[Mapping[str, object]] = [{} for _ in plan.result_outputs]
        self.pending = False
        self._base = checkpoint
        self._plan = plan
        self._outputs = outputs
        self._commit = commit
        self._unix_ms = unix_ms
        self._slow_results = SlowResults(interval)
        self._times = {"epoch": checkpoint.epochs - 1, "unix_ms": checkpoint.unix_ms}
        self._reductions = [reducing.empty() for reducing in plan.rows.reductions]
        self._changelogs = [Changelog() for _ in plan.result_outputs]
        if checkpoint.reductions or checkpoint.changelogs:
            self._restore(checkpoint)
        self._scorings = [
            Scoring(score, self._reductions[score.reduction]) for score in plan.scores
        ]
        self.excluded = self._count_excluded()
        self._open_rows = 0
        self._open_rejects: Counter[str] = Counter()
        self._first_reject: Reject | None = None
        self._appearance_told = False
        file = None if outputs.rejects is None else outputs.rejects.path
        self._reject_limit = RejectLimit(max_rejects, file)

    def _restore(self, checkpoint: Checkpoint) -> None:
        try:
            kept = len(checkpoint.reductions), len(checkpoint.changelogs)
            if kept != (len(self._reductions), len(self._changelogs)):
                raise CorruptStateError("a part of it is missing")
            states = zip(self._reductions, checkpoint.reductions, strict=True)
            for index, (reduction, state) in enumerate(states):
                by_key = checkpoint.keyed.pop(f"reduction {index}", None)
                if isinstance(by_key, KeyedReduction):
                    by_key.merge(reduction.to_bytes())  # Of no rows: it must be of the same shape.
                    self._reductions[index] = by_key
                else:
                    reduction.merge(state)
            rows = zip(self._keyed_outputs(), checkpoint.changelogs, strict=True)
            for index, (keyed, state) in enumerate(rows):
                last_rows = checkpoint.keyed.pop(f"changelog {index}", None)
                if not keyed:
                    self._changelogs[index] = Changelog.from_bytes(state)
                elif isinstance(last_rows, Changelog):
                    self._changelogs[index] = last_rows
                else:
                    raise CorruptStateError("the last rows of an output are missing")
        except (CorruptStateError, MismatchError) as error:
            raise StateError(f"the state does not fit this job: {error}") from error

    def grow(self, ranges: Mapping[int, Range]) -> None:
        """Goes on with more partitions, of which nothing was read yet."""
        self.offsets.update({p: r.start for p, r in ranges.items()})
        self.untouched.update(p for p, r in ranges.items() if r.untouched)
        self._base = replace(
            self._base,
            offsets={**self._base.offsets, **{p: r.start for p, r in ranges.items()}},
            began={**self._base.began, **ranges},
        )

    def apply(self, partial: Partial) -> None:
        """Adds a partial to the open epoch; one that was added before changes nothing.

        Raises:
            SourceError: if there are too many classes.
            WorkerError: if the partial skips messages, or overlaps merged ones in part.
            OutputError: if a file cannot be written.
            RejectsError: if more was rejected than the run may reject; the partial is added, and the epoch can
                be closed.
        """
        if all(end <= self.offsets[p] for p, (_, end) in partial.progress.items()):
            return
        for partition, (start, _) in partial.progress.items():
            if start != self.offsets[partition]:
                raise WorkerError(
                    f"partition {partition}: a frame begins at offset {start}, "
                    f"but {self.offsets[partition]} is next"
                )
        if partial.rows:
            if not self._open_rows:
                self._open()
            self._add(partial)
        if partial.rejects:
            self._keep(partial.rejects)
        self.tombstones += partial.tombstones
        self.offsets.update({p: end for p, (_, end) in partial.progress.items()})
        self.untouched.difference_update(partial.begun)
        self.leader_epochs.update(partial.leader_epochs)
        self.pending = True
        if partial.rejects:
            self._reject_limit.add(partial.rejects)

    def _open(self) -> None:
        """Gives the epoch its time (its number, and a wall-clock time later than the last) and its scoring models."""
        self._times = {
            "epoch": self.epochs,
            "unix_ms": max(self._unix_ms(), self._times["unix_ms"] + 1),
        }
        for scoring, plan in zip(self._scorings, self._plan.scores, strict=True):
            with self._slow_results.watching(self.epochs, plan.outputs[0].name):
                scoring.begin()

    def _add(self, partial: Partial) -> None:
        for output, rows in zip(self._outputs.rows, partial.outputs, strict=True):
            output.append(stamp(rows, self._times[output.spec.time], 1))
        scored = (
            rows
            for scoring, (columns, count) in zip(self._scorings, partial.shipped, strict=True)
            for rows in scoring.rows(columns, count)
        )
        for output, rows in zip(self._outputs.scores, scored, strict=True):
            output.append(stamp(rows, self._times[output.spec.time], 1))
        reductions = zip(self._plan.results, self._reductions, partial.states, strict=True)
        for plan, reduction, state in reductions:
            try:
                reduction.merge(state)
            except (CorruptStateError, MismatchError) as error:
                # The state on disk is not damaged: a worker of this run has sent wrong bytes.
                raise WorkerError(f"a frame does not fit the job: {error}") from error
            # At once: unlimited labels would fill the memory before the epoch ends.
            check_classes(plan, reduction)
        self._open_rows += partial.rows

    def _keep(self, rejects: Sequence[Reject]) -> None:
        self._open_rejects.update(reject.kind for reject in rejects)
        self._first_reject = self._first_reject or rejects[0]
        if self._outputs.rejects is not None:
            for line in dead_letter_lines(self._plan.source.name, rejects):
                self._outputs.rejects.append(line)

    def close(self) -> bool:
        """Ends the open epoch: solves, writes what changed, flushes, commits.

        Returns whether it held more than offsets: a row or a reject.

        Raises:
            SourceError: if there are too many classes.
            OutputError: if a file cannot be written.
            StateError: if the checkpoint cannot be written.
        """
        if self._open_rows:
            self._write_results()
            self.epochs += 1
        self._outputs.flush()
        self.rows += self._open_rows
        self.rejects += self._open_rejects
        if self._commit is not None:
            self._commit(self._checkpoint())
        for kept in (*self._reductions, *self._changelogs):
            if not isinstance(kept, Reduction):
                kept.mark_clean()
        self._tell()
        held = bool(self._open_rows or self._open_rejects)
        self._open_rows = 0
        self._open_rejects, self._first_reject = Counter(), None
        self.pending = False
        return held

    def _write_results(self) -> None:
        """Solves, and writes for each result output the change from its last row to the new one."""
        first = 0
        for plan, reduction in zip(self._plan.results, self._reductions, strict=True):
            name = plan.outputs[0].name if plan.outputs else ""
            found = changed_rows(plan, reduction)
            for outputs in self._slow_results.watched(found, self.epochs, name):
                for index, rows in enumerate(outputs, first):
                    time = self._times[plan.outputs[index - first].time]
                    changelog = self._changelogs[index]
                    lines = changelog.update(rows.keys, rows.present, rows.packed, time)
                    self._outputs.results[index].append(lines)
                    self.results[index] = {"keys": len(changelog)} if plan.keys else rows.cells
            first += len(plan.outputs)

    def _keyed_outputs(self) -> list[bool]:
        """For each result output whether it has keys."""
        return [bool(plan.keys) for plan in self._plan.results for _ in plan.outputs]

    def _keyed(self) -> dict[str, KeyedReduction | Changelog]:
        """The parts that the checkpoint keeps by key."""
        found: dict[str, KeyedReduction | Changelog] = {
            f"reduction {index}": reduction
            for index, reduction in enumerate(self._reductions)
            if isinstance(reduction, KeyedReduction)
        }
        for index, keyed in enumerate(self._keyed_outputs()):
            if keyed:
                found[f"changelog {index}"] = self._changelogs[index]
        return found

    def _checkpoint(self) -> Checkpoint:
        keyed = self._keyed()
        return replace(
            self._base,
            offsets=dict(self.offsets),
            untouched=set(self.untouched),
            leader_epochs=dict(self.leader_epochs),
            epochs=self.epochs,
            unix_ms=self._times["unix_ms"],
            rows=self.rows,
            tombstones=self.tombstones,
            rejects=dict(self.rejects),
            positions=self._outputs.positions(),
            reductions=[
                b"" if f"reduction {index}" in keyed else reduction.to_bytes()
                for index, reduction in enumerate(self._reductions)
            ],
            changelogs=[
                b"" if f"changelog {index}" in keyed else changelog.to_bytes()
                for index, changelog in enumerate(self._changelogs)
            ],
            digests={part: kept.digest() for part, kept in keyed.items()},
            changes={part: changes(kept) for part, kept in keyed.items()},
        )

    def _count_excluded(self) -> int:
        return max((n for reduction in self._reductions for n in reduction.excluded()), default=0)

    def _tell(self) -> None:
        """Logs the rejects and the excluded rows of the epoch.

        Rejects without any row belong to the epoch that the next row will open.
        """
        epoch = self._times["epoch"] if self._open_rows else self.epochs
        if self._first_reject is not None:
            _log.warning(
                "epoch %d: %s (%s); the first at %s",
                epoch,
                plural(self._open_rejects.total(), "reject"),
                counted(self._open_rejects),
                shown(self._first_reject),
            )
            self._tell_appearance(self._first_reject)
        excluded = self._count_excluded()
        if excluded > self.excluded:
            _log.log(
                # Where values can be missing, rows without them are no surprise.
                logging.INFO if self._plan.rows.can_miss else logging.WARNING,
                "epoch %d: %s excluded from a sum or regression: a value is missing or not finite",
                epoch,
                plural(excluded - self.excluded, "row"),
            )
        self.excluded = excluded

    def _tell_appearance(self, reject: Reject) -> None:
        """Says once what the messages may be, as long as none has fitted."""
        if self.rows or self._appearance_told:
            return
        self._appearance_told = True
        input = self._plan.input
        look = appearance(reject.value, input.format.name, input.fields)
        if look is not None:
            _log.warning("no message has been a row yet; the first looks like %s", look)
