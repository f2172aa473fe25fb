"""Worker: decode → transform → accumulate, as a function from a batch of messages to a `Partial`.

It knows no process, clock or queue, and keeps nothing from one batch to the next: whoever calls it with the same
messages, here, in another process or on another engine, gets the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from streamreg._core import KeyedReduction, render
from streamreg._evaluate.columns import at, nullable, portable
from streamreg._rejects.reject import Reject
from streamreg._worker.partial import Partial

if TYPE_CHECKING:
    from streamreg._evaluate.columns import Column
    from streamreg._formats.contract import Found, Input
    from streamreg._plan.row_plan import RowPlan, RowResult
    from streamreg._source.contract import Batch


class Pipeline:
    """What a plan makes of batches."""

    def __init__(self, input: Input, plan: RowPlan, found: Found) -> None:
        """`found` is what the preamble of the format has found in the topic."""
        self._plan = plan
        self._input = input
        self._names = list(input.fields)
        self._decoder = input.format.decoder(input.fields, found)
        self._preamble = input.format.preamble
        self._found = found

    def process(self, batch: Batch) -> Partial:
        """Decodes, evaluates and accumulates one batch; what comes out depends on its messages alone.

        Raises:
            Exception: whatever a function in `apply` raises, with a note about the row.
            TypeError: if one returns another type than it is declared to.
        """
        preambles = self._preambles(batch)
        partial = Partial(
            batch.progress, begun=tuple(batch.firsts), leader_epochs=batch.leader_epochs
        )
        values = batch.values
        if preambles:
            values = [None if index in preambles else v for index, v in enumerate(values)]
        metadata, values = self._metadata(batch, values, partial)
        decoded = self._decoder.decode(values)
        # What was taken out before is no tombstone.
        partial.tombstones = decoded.tombstones - len(preambles) - len(partial.rejects)
        for index, (message, kind, column, detail) in enumerate(decoded.rejects):
            span = decoded.reject_span(index)
            partial.rejects.append(_reject(batch, message, span, kind, column, detail))
        fields = map(nullable, decoded.columns, decoded.missing)
        columns: dict[str, Column] = dict(zip(self._names, fields, strict=True))
        for name, entries in metadata.items():
            columns[name] = entries if decoded.messages is None else at(entries, decoded.messages)
        result = self._plan.evaluate(columns, decoded.rows)
        partial.rows = decoded.rows
        for errors in result.errors:
            partial.rows -= len(errors.rows)
            for row, detail in zip(errors.rows.tolist(), errors.details, strict=True):
                message = row if decoded.messages is None else int(decoded.messages[row])
                reject = _reject(
                    batch, message, decoded.span(row), errors.kind, errors.column, detail
                )
                partial.rejects.append(reject)
        if partial.rows:
            self._accumulate(partial, result)
        return partial

    def _preambles(self, batch: Batch) -> set[int]:
        """The messages that are no rows, but the preamble."""
        if self._preamble is None:
            return set()
        return {
            index
            for index in batch.firsts.values()
            if self._preamble.repeats(batch.values[index], self._found)
        }

    def _metadata(
        self, batch: Batch, values: list[bytes | None], partial: Partial
    ) -> tuple[dict[str, Column], list[bytes | None]]:
        """The columns of the messages' metadata, and the values without those whose metadata do not fit."""
        if self._input.metadata is None:
            return {}, values
        parts, faults = self._input.metadata.read(batch, self._input.columns)
        columns = {name: nullable(*part) for name, part in parts.items()}
        kept = list(values)
        for index, (kind, column, detail) in sorted(faults.items()):
            if kept[index] is not None:
                kept[index] = None
                partial.rejects.append(_reject(batch, index, None, kind, column, detail))
        return columns, kept

    def _accumulate(self, partial: Partial, result: RowResult) -> None:
        partial.outputs = [render(cells) for cells in result.outputs]
        partial.shipped = [
            ([portable(values) for values in columns], count) for columns, count in result.shipped
        ]
        for reducing, (inputs, count), keys in zip(
            self._plan.reductions, result.reductions, result.keys, strict=True
        ):
            reduction = reducing.empty()
            if isinstance(reduction, KeyedReduction):
                partial.states.append(reduction.partial(keys, inputs, count))
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
