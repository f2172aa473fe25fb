"""Worker: upserts: what the messages of a batch do to the rows of their keys, and which rows stand at its end.

A row is named by its partition and its key: only so is what stands a function of the topic, and not of the race
between partitions. A message that is a reject does nothing; a tombstone, or an event that says so, removes the row.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from streamreg._exceptions import SourceError
from streamreg._formats.contract import events_of
from streamreg._formats.debezium import NO_KEYS
from streamreg._formats.kept_messages import packer, row_name
from streamreg._source.messages import Batch, without

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from streamreg._core import ChangeEvents
    from streamreg._formats.contract import Decoder, Input
    from streamreg._source.messages import MessageValues

MISSING_KEY: Final = "missing-key"
MISSING_BEFORE: Final = "missing-before"
NOT_THE_SAME: Final = (
    "rows that stood cannot be computed again, to be taken back: with upserts a function given to apply must give the "
    "same for the same row"
)
"""What is wrong where a row that was one is none any more."""
_NO_ROW: Final = frozenset({"missing-field", "not-an-object"})
"""Why a row as it was before cannot be known: it is not there as a whole."""


class BatchUpserts:
    """What the messages of a batch do."""

    def __init__(self, input: Input, batch: Batch, values: MessageValues, decoder: Decoder) -> None:
        """`values` are those of the batch but for messages that are nothing, where there is None.

        Raises:
            SourceError: if an event removes all rows, without saying which there were.
        """
        self._input = input
        self._batch = batch
        self.faults: dict[int, tuple[str, str]] = {}
        """Messages that are rejects: kind and detail."""

        self.values = values
        """Of each message the bytes that its row is decoded from; None where it brings none."""

        self._before: list[bytes | None] = []
        events = events_of(input.format)
        self._names = [
            self._name(index, partition, events is not None)
            for index, partition in enumerate(batch.partitions())
        ]
        self._removed = [
            index
            for index, name in enumerate(self._names)
            if name is not None and batch.values[index] is None
        ]
        if events is None:
            for index, name in enumerate(self._names):
                if name is None and values[index] is not None:
                    self.faults[index] = MISSING_KEY, ""
        else:
            self._take_events(events(values), decoder)
        if self.faults:
            self.values = without(self.values, self.faults.keys())

    def _name(self, index: int, partition: int, events: bool) -> bytes | None:
        key = self._batch.envelope(index).key
        if key is None or (events and key in NO_KEYS):
            return None
        return row_name(partition, key)

    def _take_events(self, events: ChangeEvents, decoder: Decoder) -> None:
        self.faults |= {index: (kind, detail) for index, kind, detail in events.rejects}
        present = [value is not None for value in self.values]
        # Of a message or a deletion there is no row, whatever else stands there.
        operations = events.operations
        self.values = [
            after if operation in "cu" else None
            for operation, after in zip(operations, events.after, strict=True)
        ]
        before: list[bytes | None] = [None] * len(operations)
        for index, operation in enumerate(operations):
            if operation == "t":
                raise self._truncated(index)
            if self._names[index] is not None:
                nothing = operation == "-" and present[index] and index not in self.faults
                if operation == "d" or nothing:
                    self._removed.append(index)
            elif operation in "cud":
                self._take_without_key(index, operation, events.before[index], before)
        for index, kind, _, detail in decoder.decode(before).rejects:
            # A row of other faults was a reject when it came, so that there is nothing to take back.
            if kind in _NO_ROW:
                self.faults[index] = MISSING_BEFORE, detail
        self._before = before

    def _take_without_key(
        self, index: int, operation: str, row: bytes | None, before: list[bytes | None]
    ) -> None:
        """An event of a table without primary key: it says itself which row it takes back."""
        if self._input.metadata is not None:
            # Of the row as it was before nobody knows what its message carried.
            self.faults[index] = MISSING_KEY, "columns of metadata need one"
        elif operation != "c":
            if row is None:
                self.faults[index] = MISSING_BEFORE, ""
            before[index] = row

    def _truncated(self, index: int) -> SourceError:
        place = self._batch.locate(index)
        return SourceError(
            f"{self._input.source.origin(place.partition)}, offset {place.offset}: the table was "
            "truncated, and no event says which rows are gone: let the connector take a new snapshot into an empty "
            "topic, and start anew there with an empty state and new outputs (Debezium leaves such events out with "
            'skipped.operations="t", its default)'
        )

    def taken_back(self, messages: Collection[int]) -> Batch | None:
        """The rows that events without a key take back; None if there are none.

        `messages` are those that brought a valid row: an update that did not is a reject, and does nothing.
        """
        rows = {
            index: row
            for index, row in enumerate(self._before)
            if row is not None
            and index not in self.faults
            and (self.values[index] is None or index in messages)
        }
        if not rows:
            return None
        places = [self._batch.locate(index) for index in rows]
        return Batch(
            list(rows.values()),
            {},
            locate=places.__getitem__,
            partitions=lambda: (place.partition for place in places),
            offsets=lambda: (place.offset for place in places),
        )

    def standing(
        self, messages: Sequence[int], rows: Sequence[int]
    ) -> tuple[NDArray[np.int64], dict[bytes, bytes | None]]:
        """Of the rows that are valid, those that stand at the end, and what is to be kept for each name, None if gone.

        `messages` are those that the `rows` are of.
        """
        last: dict[bytes, tuple[int, int] | None] = {}
        unnamed: list[int] = []
        for message, row in self._in_order(messages, rows):
            name = self._names[message]
            if name is None:
                unnamed.append(row)
            else:
                last[name] = None if row < 0 else (message, row)
        pack = packer(self._input, self._batch)
        kept = {
            name: None if found is None else pack(found[0], self.values[found[0]] or b"")
            for name, found in last.items()
        }
        stand = [*unnamed, *(found[1] for found in last.values() if found is not None)]
        return np.sort(np.array(stand, np.int64)), kept

    def _in_order(self, messages: Sequence[int], rows: Sequence[int]) -> Iterator[tuple[int, int]]:
        """Messages and their rows, those that remove a row among them with -1."""
        pairs = zip(messages, rows, strict=True)
        if not self._removed:
            return pairs
        return iter(sorted([*pairs, *((message, -1) for message in self._removed)]))
