"""Worker: decode → transform → accumulate, as a function from a batch of messages to a `Partial`.

It knows no process, clock or queue, and keeps nothing from one batch to the next: whoever calls it with the same
messages (and, where there are windows, the same event times before them), here, in another process or on another
engine, gets the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from streamreg._core import KeyedReduction, WindowReduction, render
from streamreg._evaluate.columns import at, nullable, portable, take_rows
from streamreg._exceptions import ProgramError, SourceError
from streamreg._formats.contract import ready
from streamreg._rejects.reject import Reject
from streamreg._source.messages import without
from streamreg._worker import event_time
from streamreg._worker.event_time import WindowedRows
from streamreg._worker.partial import Partial

if TYPE_CHECKING:
    from streamreg._core import Decoded
    from streamreg._evaluate.columns import Column
    from streamreg._formats.contract import Decoder, Found, Input
    from streamreg._plan.row_plan import RowPlan, RowResult
    from streamreg._source.contract import Report
    from streamreg._source.messages import Batch, MessageValues
    from streamreg._worker.task import Times
    from streamreg._worker.upserts import BatchUpserts


class Pipeline:
    """What a plan makes of batches."""

    def __init__(self, input: Input, plan: RowPlan, found: Found) -> None:
        """`found` is what the preamble of the format has found in the topic."""
        self._plan = plan
        self._input = input
        self._names = list(input.fields)
        self._decoder: Decoder | None = None
        self._decodes: Found = None
        self._preamble = input.format.preamble
        self._found = found

    def ready(self, batch: Batch, report: Report, timeout: float) -> bool:
        """Whether a batch can be processed: the schemas that its messages name are there.

        Otherwise they were waited for up to `timeout` seconds. Without this `process` waits for as long as it takes.

        Raises:
            SourceError: if they can never be had.
        """
        return ready(self._decoder_of(batch), batch.values, report, timeout)

    def process(self, batch: Batch, times: Times = ()) -> Partial:
        """Decodes, evaluates and accumulates one batch; what comes out depends on its messages alone.

        With windows it depends on `times` too, how far each partition had come before it.

        Raises:
            Exception: whatever a function in `apply` raises, with a note about the row.
            TypeError: if one returns another type than it is declared to.
        """
        preambles = self._preambles(batch)
        partial = Partial(
            batch.progress,
            begun=tuple(batch.firsts),
            leader_epochs=batch.leader_epochs,
            lost=batch.lost,
        )
        values = without(batch.values, preambles)
        upserts = None
        if self._input.upsert:
            # Late: it brings formats that few jobs have.
            from streamreg._worker.upserts import BatchUpserts

            upserts = BatchUpserts(self._input, batch, values, self._decoder_of(batch))
            values = upserts.values
            for index, (kind, detail) in sorted(upserts.faults.items()):
                partial.rejects.append(_reject(batch, index, None, kind, None, detail))
        metadata, values = self._metadata(batch, values, partial)
        decoded = self._decoder_of(batch).decode(values)
        # What was taken out before is no tombstone.
        partial.tombstones = decoded.tombstones - len(preambles) - len(partial.rejects)
        for index, (message, kind, column, detail) in enumerate(decoded.rejects):
            span = decoded.reject_span(index)
            partial.rejects.append(_reject(batch, message, span, kind, column, detail))
        columns = self._columns(decoded, metadata)
        result = self._plan.evaluate(columns, decoded.rows)
        partial.rows = decoded.rows
        for errors in result.errors:
            for row, detail in zip(errors.rows.tolist(), errors.details, strict=True):
                self._refuse(partial, batch, decoded, row, (errors.kind, errors.column, detail))
        if upserts is not None:
            self._settle(partial, upserts, decoded, columns, result)
            return partial
        if not self._plan.clocks:
            self._accumulate(partial, result, None)
            return partial
        where = event_time.places(self._plan, batch, decoded.messages)
        windowed = WindowedRows(self._plan, result, where, times)
        refused = windowed.refused(decoded.rows)
        for row, kind, column, detail in refused:
            self._refuse(partial, batch, decoded, row, (kind, column, detail))
        if refused:
            # They count nowhere, as no reject does: the others are computed without them.
            kept = np.ones(decoded.rows, np.bool_)
            kept[[each.row for each in refused]] = False
            for errors in result.errors:
                kept[errors.rows] = False
            rows = np.flatnonzero(kept)
            columns = {name: take_rows(values, kept, rows) for name, values in columns.items()}
            result = self._plan.evaluate(columns, len(rows))
            windowed = WindowedRows(self._plan, result, where.of(rows), times)
        partial.clocks = windowed.passages()
        self._accumulate(partial, result, windowed)
        return partial

    def _decoder_of(self, batch: Batch) -> Decoder:
        """The decoder for a batch: made anew only where other things were found for it than for the last one."""
        found = self._found if batch.found is None else batch.found
        if self._decoder is None or found != self._decodes:
            self._decoder = self._input.format.decoder(self._input.fields, found)
            self._decodes = found
        return self._decoder

    def rows(self, batch: Batch) -> Partial:
        """What rows come to that are taken back: their outputs and states. Each message holds one that was, or none.

        Raises:
            Exception: as `process`.
        """
        partial = Partial({})
        metadata, values = self._metadata(batch, batch.values, partial)
        decoded = self._decoder_of(batch).decode(values)
        result = self._plan.evaluate(self._columns(decoded, metadata), decoded.rows)
        partial.rows = decoded.rows - sum(len(errors.rows) for errors in result.errors)
        self._accumulate(partial, replace(result, shipped=()), None)
        return partial

    def _settle(
        self,
        partial: Partial,
        upserts: BatchUpserts,
        decoded: Decoded,
        columns: Mapping[str, Column],
        result: RowResult,
    ) -> None:
        """Accumulates the rows that stand at the end of a batch; all of its rows are to be scored."""
        valid = np.ones(decoded.rows, np.bool_)
        for errors in result.errors:
            valid[errors.rows] = False
        rows = np.flatnonzero(valid)
        of = rows if decoded.messages is None else decoded.messages[rows]
        messages = of.tolist()
        stand, partial.kept = upserts.standing(messages, rows.tolist())
        if len(stand) < len(rows):
            standing = np.zeros(decoded.rows, np.bool_)
            standing[stand] = True
            columns = {name: take_rows(values, standing, stand) for name, values in columns.items()}
            again = self._plan.evaluate(columns, len(stand))
            if any(len(errors.rows) for errors in again.errors):
                from streamreg._worker.upserts import NOT_THE_SAME

                raise ProgramError(NOT_THE_SAME)
            result = replace(again, shipped=result.shipped)
        self._accumulate(partial, result, None)
        back = upserts.taken_back(set(messages))
        partial.taken_back = None if back is None else self.rows(back)

    def _columns(self, decoded: Decoded, metadata: Mapping[str, Column]) -> dict[str, Column]:
        """The columns of the schema."""
        fields = map(nullable, decoded.columns, decoded.missing)
        columns: dict[str, Column] = dict(zip(self._names, fields, strict=True))
        for name, entries in metadata.items():
            columns[name] = entries if decoded.messages is None else at(entries, decoded.messages)
        return columns

    def _refuse(
        self,
        partial: Partial,
        batch: Batch,
        decoded: Decoded,
        row: int,
        why: tuple[str, str | None, str],
    ) -> None:
        """Makes a reject of a row."""
        message = row if decoded.messages is None else int(decoded.messages[row])
        partial.rejects.append(_reject(batch, message, decoded.span(row), *why))
        partial.rows -= 1

    def _preambles(self, batch: Batch) -> set[int]:
        """The messages that are no rows, but the preamble."""
        if self._preamble is None:
            return set()
        source = self._input.source
        for partition, index in batch.firsts.items() if len(source.topics) > 1 else ():
            if self._preamble.differs(batch.values[index], self._found, self._input.fields):
                raise SourceError(
                    f"{source.origin(partition)}: the {self._preamble.name} is another one than that of the other "
                    f"topics ({self._preamble.shown(self._found)}): read it by a job of its own, or let all topics "
                    "have the same"
                )
        return {
            index
            for index in batch.firsts.values()
            if self._preamble.repeats(batch.values[index], self._found)
        }

    def _metadata(
        self, batch: Batch, values: MessageValues, partial: Partial
    ) -> tuple[dict[str, Column], MessageValues]:
        """The columns of the messages' metadata, and the values without those whose metadata do not fit."""
        if self._input.metadata is None:
            return {}, values
        parts, faults = self._input.metadata.read(
            batch, self._input.columns, self._input.source.origin
        )
        columns = {name: nullable(*part) for name, part in parts.items()}
        refused = {index: fault for index, fault in faults.items() if values[index] is not None}
        for index, (kind, column, detail) in sorted(refused.items()):
            partial.rejects.append(_reject(batch, index, None, kind, column, detail))
        return columns, without(values, refused.keys())

    def _accumulate(
        self, partial: Partial, result: RowResult, windowed: WindowedRows | None
    ) -> None:
        if not partial.rows:
            return
        partial.outputs = [[render(cells)] for cells in result.outputs]
        partial.shipped = [
            [([portable(values) for values in columns], count)] for columns, count in result.shipped
        ]
        for index, (inputs, count) in enumerate(result.reductions):
            if windowed is not None and index in windowed.partials:
                partial.states.append(windowed.partials[index].state)
                continue
            reduction = self._plan.reductions[index].empty()
            if isinstance(reduction, WindowReduction):
                raise AssertionError("windows have a clock")
            if isinstance(reduction, KeyedReduction):
                partial.states.append(reduction.partial(result.keys[index], inputs, count))
            else:
                reduction.add(inputs, count)
                partial.states.append(reduction.to_bytes())


def _reject(
    batch: Batch,
    message: int,
    span: tuple[int, int] | None,
    kind: str,
    column: str | None,
    detail: str,
) -> Reject:
    """A message that is no row; of one that holds many records, the record that stands there."""
    envelope = batch.envelope(message)
    value = batch.values[message] or b""
    return Reject(
        batch.locate(message),
        kind,
        column,
        detail,
        value if span is None else value[slice(*span)],
        envelope.key,
        envelope.headers,
    )
