"""Verify: outputs of rows, plain or scored, and the dead-letter file, against what the topic gives."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from streamreg._operate.verify import changelog_files as files
from streamreg._operate.verify import recompute
from streamreg._operate.verify.check import (
    Check,
    Rows,
    not_compared,
    same_rows,
    same_standing_rows,
    whole,
)
from streamreg._operate.verify.score_check import rescored
from streamreg._operate.verify.score_columns import own_columns
from streamreg._operate.verify.standing import Changes

if TYPE_CHECKING:
    from streamreg._operate.verify.recompute import Reading, Recomputed, Tell
    from streamreg._plan.output import OutputSpec
    from streamreg._plan.plan import Plan
    from streamreg._sinks.contract import ReadBack
    from streamreg._source.contract import Report
    from streamreg._state.checkpoint import Checkpoint
    from streamreg._worker.partial import Partial


def times_of(output: OutputSpec, checkpoint: Checkpoint) -> files.Times:
    """The times that the changes of an output may have, up to the last epoch of a checkpoint."""
    return files.Times(checkpoint.epochs - 1 if output.time == "epoch" else checkpoint.unix_ms)


class RowOutputs:
    """Compares the rows of outputs with those of the topic, which is read again where they differ."""

    def __init__(
        self, plan: Plan, checkpoint: Checkpoint, reading: Reading, report: Report, tell: Tell
    ) -> None:
        """`reading` is what a run has read of the topic."""
        self._plan = plan
        self._checkpoint = checkpoint
        self._reading = reading
        self._report = report
        self._tell = tell

    def _partials(self) -> Iterator[Partial]:
        return recompute.partials(self._reading, self._report, self._tell)

    def rows(
        self, index: int, output: OutputSpec, written: ReadBack | None, again: Recomputed
    ) -> Check:
        """A changelog of rows: the same rows, each as often, in an order that may differ."""
        subject = f"{output.name}, its rows"
        if written is None:
            return not_compared(subject)

        def topic() -> Iterator[Sequence[bytes]]:
            return (r for p in self._partials() for r in recompute.output_rows(p, index))

        if self._plan.input.upsert:
            return self._standing_rows(subject, index, output, written, again)
        rows = self._inserted(output, written)
        return same_rows(subject, written.extent, rows, again.outputs[index], topic)

    def _standing_rows(
        self, subject: str, index: int, output: OutputSpec, written: ReadBack, again: Recomputed
    ) -> Check:
        """The same of upserts: the rows that stand at its end."""

        def topic() -> files.Signed:
            changes = Changes(self._plan, self._checkpoint.found)
            for partial, diff in changes.of(self._partials()):
                for rows in recompute.output_rows(partial, index):
                    yield (rows, ()) if diff > 0 else ((), rows)

        def file() -> files.Signed:
            return files.signed(written, times_of(output, self._checkpoint))

        return same_standing_rows(subject, written.extent, file, again.outputs[index], topic)

    def scores(
        self, index: int, output: OutputSpec, written: ReadBack | None, again: Recomputed
    ) -> Iterator[Check]:
        """A changelog of scored rows: the same rows, and the scores that these give by their epochs."""
        if output.name in self._checkpoint.since:
            why = "not compared: it has begun after the first row"
            yield Check(f"{output.name}, its scores", why, compared=False)
            return
        own = own_columns(self._plan)[index]
        subject = f"{output.name}, its rows but for scores"
        if written is None:
            yield not_compared(f"{output.name}, its rows")
            return
        rows = self._inserted(output, written)
        if own is None:
            yield whole(subject, written.extent, rows)
            return

        def topic() -> Iterator[Sequence[bytes]]:
            return (r for p in self._partials() for r in recompute.scored_rows(p, own))

        check = same_rows(
            subject, written.extent, lambda: own.of_output(rows()), again.scores[index], topic
        )
        yield check
        if self._plan.input.upsert:
            why = "not compared: rows were taken back between them"
            yield Check(f"{output.name}, its scores", why, compared=False)
        elif not check.difference:
            timed = files.timed(written)
            yield rescored(
                f"{output.name}, its scores", self._plan, output, own, timed, self._partials
            )

    def _inserted(self, output: OutputSpec, written: ReadBack) -> Rows:
        """Reads the rows of a changelog that takes nothing back."""
        return lambda: files.inserted(written, times_of(output, self._checkpoint))

    def dead_letters(self, subject: str, written: ReadBack, again: Recomputed) -> Check:
        """The dead-letter file: the same lines, each as often, in an order that may differ."""

        def topic() -> Iterator[Sequence[bytes]]:
            lines = recompute.dead_letter_lines
            return (r for p in self._partials() for r in lines(self._plan, self._reading, p))

        return same_rows(subject, written.extent, written.changes, again.dead_letters, topic)
