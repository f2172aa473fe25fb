"""Sink: what all destinations have in common when they are read back: up to which time, and as which lines."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from streamreg._sinks.cells import lines_of
from streamreg._sinks.contract import AwayError
from streamreg._sinks.records import RecordError

if TYPE_CHECKING:
    from streamreg._sinks.contract import Position


class DeliveredReadBack(ABC):
    """What a destination holds: its changes up to the time of a position, or the rows that stand."""

    def __init__(self, position: Position) -> None:
        """Nothing is read yet."""
        self._position = position

    @property
    def extent(self) -> str:
        return f"up to the time {self._position['time']}"

    def changes(self) -> Iterator[Sequence[bytes]]:
        try:
            yield from lines_of(self._read())
        except AwayError as error:
            raise RecordError(f"it cannot be read: {error}") from error

    def check_bytes(self) -> None:
        return

    @abstractmethod
    def _read(self) -> Iterator[tuple[Sequence[object], int, int]]:
        """Each change, or each row that stands as if it had just come: its values, time and diff.

        Raises:
            OutputError: if it holds what no run writes, or not what the position says.
            AwayError: if it cannot be reached.
        """
