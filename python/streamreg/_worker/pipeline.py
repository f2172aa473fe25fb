"""Worker: decode → transform → accumulate, as a function from a batch of messages to a `Partial`.

It knows no process, clock or queue, and keeps nothing from one batch to the next: whoever calls it with the same
messages, here, in another process or on another engine, gets the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from streamreg._core import KeyedReduction, render
from streamreg._evaluate.columns import portable
from streamreg._rejects.reject import Reject
from streamreg._worker.partial import Partial

if TYPE_CHECKING:
    from streamreg._formats.contract import Found, Input
    from streamreg._plan.row_plan import RowPlan, RowResult
    from streamreg._source.contract import Batch


class Pipeline:
    """What a plan makes of batches."""

    def __init__(self, input: Input, plan: RowPlan, found: Found) -> None:
        """`found` is what the preamble of the format has found in the topic."""
        self._plan = plan
        self._names = list(input.columns)
        self._decoder = input.format.decoder(input.columns, found)
        self._preamble = input.format.preamble
        self._found = found

    def process(self, batch: Batch) -> Partial:
        """Decodes, evaluates and accumulates one batch; what comes out depends on its messages alone.

        Raises:
            Exception: whatever a function in `apply` raises, with a note about the row.
            TypeError: if one returns another type than it is declared to.
        """
        preambles = self._preambles(batch)
        values = batch.values
        if preambles:
            values = [None if index in preambles else v for index, v in enumerate(values)]
        decoded = self._decoder.decode(values)
        partial = Partial(
            batch.progress,
            tombstones=decoded.tombstones - len(preambles),
            begun=tuple(batch.firsts),
            leader_epochs=batch.leader_epochs,
        )
        for message, kind, column, detail in decoded.rejects:
            partial.rejects.append(_reject(batch, message, kind, column, detail))
        columns = dict(zip(self._names, decoded.columns, strict=True))
        result = self._plan.evaluate(columns, decoded.rows)
        partial.rows = decoded.rows
        for errors in result.errors:
            partial.rows -= len(errors.rows)
            rows = errors.rows if decoded.messages is None else decoded.messages[errors.rows]
            for message, detail in zip(rows.tolist(), errors.details, strict=True):
                partial.rejects.append(_reject(batch, message, errors.kind, errors.column, detail))
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


def _reject(batch: Batch, message: int, kind: str, column: str | None, detail: str) -> Reject:
    envelope = batch.envelope(message)
    return Reject(
        batch.locate(message),
        kind,
        column,
        detail,
        batch.values[message] or b"",
        envelope.key,
        envelope.headers,
    )
