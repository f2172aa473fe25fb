"""Serve, feed: what the process that serves knows of the run, as far as its messages have come."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from streamreg._serve.messages import EpochChanges, Layout, Message, Standing
from streamreg._serve.ring import Ring
from streamreg._serve.snapshot import Snapshot
from streamreg._serve.table import CurrentTable

if TYPE_CHECKING:
    from collections.abc import Mapping


class Feed:
    """The last snapshot, the tables as they stand, the last changes. Used in one thread."""

    def __init__(self, ring: Ring | None = None) -> None:
        """Nothing is known yet."""
        self.snapshot: Snapshot | None = None
        self.layout = Layout((), (), None)
        self.tables: Mapping[str, CurrentTable] = {}
        self.ring = Ring() if ring is None else ring
        self.epoch = -1
        """The last epoch that is in the tables; -1 before the first."""

        self.sums: tuple[bytes | None, ...] = ()
        """The states of reductions without keys, as of that epoch."""

        self.ended = False
        """Whether nothing more will come."""

        self._news = asyncio.Event()

    def take(self, message: Message) -> None:
        """The next message."""
        match message:
            case Snapshot():
                self.snapshot = message
                return
            case Layout():
                self.layout = message
                self.tables = {spec.name: CurrentTable(spec) for spec in message.tables}
            case Standing():
                for table, rows in zip(self.tables.values(), message.rows, strict=True):
                    table.stand(rows)
                self.epoch, self.sums = message.epoch, message.sums
                self.ring.begin(message.epoch + 1)
            case EpochChanges():
                for table, lines, closed in zip(
                    self.tables.values(), message.changes, message.closed, strict=True
                ):
                    table.change(lines, closed)
                self.epoch, self.sums = message.epoch, message.sums
                self.ring.add(message)
        self._tell()

    def end(self) -> None:
        """The run has ended."""
        self.ended = True
        self._tell()

    def _tell(self) -> None:
        self._news.set()
        self._news = asyncio.Event()

    async def news(self, seconds: float) -> bool:
        """Waits for the next change, at most so long; whether there was one."""
        event = self._news
        try:
            await asyncio.wait_for(event.wait(), seconds)
        except TimeoutError:
            return False
        return True
