"""Sink, Kafka: changes as messages, and messages as changes again: a row as JSON, a record of CSV or one of Avro."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import (
    TYPE_CHECKING,
    ClassVar,
    Final,
    Literal,
    NamedTuple,
    Protocol,
    TypeAlias,
    get_args,
)

from streamreg._core import Messages
from streamreg._sinks.cells import cells_of, value_of
from streamreg._sinks.json_cells import json_rows
from streamreg._sinks.records import RecordError, shown
from streamreg._sinks.standing import changes

if TYPE_CHECKING:
    from streamreg._core import JsonRows
    from streamreg._kafka.sink_sender import Sender
    from streamreg._sinks.contract import ColumnSpec, EpochChanges, Mode
    from streamreg._sinks.standing import Cells
    from streamreg._types import DType, KeyedMessage

MessageFormat: TypeAlias = Literal["json", "csv", "avro"]
FORMATS: Final[Sequence[MessageFormat]] = get_args(MessageFormat)

TIME: Final = "time"
DIFF: Final = "diff"
"""The headers, and the last two members of a change."""

_AT_A_TIME: Final = 10_000
"""Messages that are sent together."""


class TopicMessage(NamedTuple):
    """A message of a topic."""

    key: bytes | None
    value: bytes | None
    """None: the row of the key is gone."""

    headers: list[tuple[str, str | bytes | None]] | None
    timestamp: int = 0
    """Milliseconds since 1970-01-01 UTC; 0: when it is sent."""


class SentRows(Protocol):
    """How what waits in an outbox stands in messages."""

    def prepare(self, *, look: bool) -> None:
        """What there is to do before the first one: as `MessageValues.prepare`."""

    def send(self, epochs: Sequence[EpochChanges], sender: Sender) -> None:
        """Gives `sender` the messages that take the topic through these epochs. Raises what it raises."""


class MessageValues(Protocol):
    """How rows stand in the values of messages."""

    @property
    def objects(self) -> JsonRows | None:
        """What makes the values of rows that stand; None: their CSV."""

    def prepare(self, *, look: bool) -> None:
        """What there is to do before the first one; `look` changes nothing.

        Raises:
            OutputError: if rows cannot stand in such messages.
            AwayError: if what is needed for that cannot be reached now.
        """

    def finish(self, messages: Sequence[KeyedMessage]) -> None:
        """Makes of such values what is sent."""

    def change(self, cells: Cells, time: int, diff: int) -> bytes:
        """A change."""

    def read(self, value: bytes) -> tuple[Sequence[object], int]:
        """The row of a value, and its diff. ValueError and the like if no run has written it."""


class MessageRows:
    """How the rows of a table stand in messages."""

    def __init__(
        self,
        columns: Sequence[ColumnSpec],
        mode: Mode,
        keys: Sequence[str] | None,
        format: MessageFormat,
        values: MessageValues | None = None,
    ) -> None:
        """`keys` are the columns that the key is made of; of none its key is the same for all, None: no key.

        `values` are those of a format that needs more than the columns.
        """
        names = [column.name for column in columns]
        self._mode = mode
        self._places = None if keys is None else [names.index(key) for key in keys]
        self.values = values or (Csv(columns, mode) if format == "csv" else Json(columns))
        # A key of Avro would have an id before it, and be another one after each change of the schema.
        self._keys = (
            None if format == "csv" else json_rows([columns[at] for at in self._places or ()])
        )

    def prepare(self, *, look: bool) -> None:
        """As `SentRows.prepare`."""
        self.values.prepare(look=look)

    def send(self, epochs: Sequence[EpochChanges], sender: Sender) -> None:
        """As `SentRows.send`."""
        if self._mode == "current":
            for messages in self.standing(epochs):
                sender.send_all(messages)
        else:
            for message in self.changes(epochs):
                sender.send(message)

    def standing(self, epochs: Sequence[EpochChanges]) -> Iterator[list[KeyedMessage]]:
        """For each key that has changed its last row; some at a time."""
        lines = [epoch.lines for epoch in epochs]
        found = Messages(lines, self._places or (), self._keys, self.values.objects)
        for start in range(0, len(found), _AT_A_TIME):
            messages = found.some(start, start + _AT_A_TIME)
            self.values.finish(messages)
            yield messages

    def changes(self, epochs: Sequence[EpochChanges]) -> Iterator[TopicMessage]:
        """Each change."""
        places = self._places
        for cells, time, diff in changes(epochs):
            key = None
            if places is not None:
                key = _csv([cells[place] for place in places])
                if self._keys is not None:
                    [key] = self._keys.write([key])
            headers: list[tuple[str, str | bytes | None]] = [
                (TIME, b"%d" % time),
                (DIFF, b"%d" % diff),
            ]
            yield TopicMessage(key, self.values.change(cells, time, diff), headers)

    def row(self, value: bytes) -> tuple[Sequence[object], int]:
        """The row of a message, and its diff.

        Raises:
            RecordError: if no run has written it.
        """
        try:
            return self.values.read(value)
        except (ValueError, LookupError, TypeError, ArithmeticError, EOFError) as error:
            raise RecordError(f"a message is no row of this output: {shown(value)}") from error


class Json:
    """Objects."""

    def __init__(self, columns: Sequence[ColumnSpec]) -> None:
        """Of these columns."""
        self._columns = columns
        self.objects = json_rows(columns)

    def prepare(self, *, look: bool) -> None:
        """Nothing."""

    def finish(self, messages: Sequence[KeyedMessage]) -> None:
        """Nothing."""

    def change(self, cells: Cells, time: int, diff: int) -> bytes:
        [text] = self.objects.write([_csv(cells)])
        return text[:-1] + b',"time":%d,"diff":%d}' % (time, diff)

    def read(self, value: bytes) -> tuple[Sequence[object], int]:
        found = json.loads(value, parse_float=str, parse_int=str)
        row = [_from_json(found[column.name], column.dtype) for column in self._columns]
        return row, int(found.get(DIFF, 1))


class Csv:
    """Records."""

    objects: ClassVar[None] = None

    def __init__(self, columns: Sequence[ColumnSpec], mode: Mode) -> None:
        """Of these columns, and of what changes have beside."""
        self._columns = columns
        self._mode = mode

    def prepare(self, *, look: bool) -> None:
        """Nothing."""

    def finish(self, messages: Sequence[KeyedMessage]) -> None:
        """Nothing."""

    def change(self, cells: Cells, time: int, diff: int) -> bytes:
        return _csv([*cells, b"%d" % time, b"%d" % diff])

    def read(self, value: bytes) -> tuple[Sequence[object], int]:
        cells = cells_of(value)
        diff = 1
        if self._mode == "changelog":
            *cells, _, last = cells
            diff = int(last)
        pairs = zip(cells, self._columns, strict=True)
        return [value_of(cell, column.dtype) for cell, column in pairs], diff


def _csv(cells: Cells) -> bytes:
    return b",".join(cells)


def _from_json(value: object, dtype: DType) -> object:
    """The value of a member; numbers come as their text."""
    if value is None or dtype == "bool":
        return value
    text = str(value)
    if dtype == "float":
        return float(text)
    if dtype == "int":
        return int(text)
    if dtype == "decimal":
        return Decimal(text)
    if dtype in ("str", "any"):
        return text
    return value_of(text.encode(), dtype)
