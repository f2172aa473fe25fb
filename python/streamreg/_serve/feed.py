"""Serve, feed: what the process that serves knows of the run, as far as its messages have come."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from streamreg._serve.followers import LOOK_SECONDS, Followers
from streamreg._serve.messages import EpochChanges, Layout, Message, Recent, Standing
from streamreg._serve.pace import Pace
from streamreg._serve.past import Past
from streamreg._serve.ring import Ring
from streamreg._serve.snapshot import Snapshot
from streamreg._serve.table import CurrentTable

if TYPE_CHECKING:
    from collections.abc import Mapping


class Feed:
    """The last snapshots, the tables as they stand, the last changes and rows. Used in one thread."""

    def __init__(self, ring: Ring | None = None, look_seconds: float = LOOK_SECONDS) -> None:
        """Nothing is known yet; at the end of the run who follows it may stay so long."""
        self.snapshot: Snapshot | None = None
        self.layout = Layout((), (), None)
        self.tables: Mapping[str, CurrentTable] = {}
        self.ring = Ring() if ring is None else ring
        self.known = False
        """Whether the tables are: not while the run starts, nor before it has told all to a new process."""

        self.epoch = -1
        """The last epoch that is in the tables; -1 before the first."""

        self.sums: tuple[bytes | None, ...] = ()
        """The states of reductions without keys, as of that epoch."""

        self.recent = Recent((), ())
        self.pace = Pace()
        self.past = Past()
        self.followers = Followers(look_seconds)
        self._end = asyncio.Event()
        self._news = asyncio.Event()

    def take(self, message: Message) -> None:
        """The next message."""
        match message:
            case Snapshot():
                self.snapshot = message
                self.pace.note(message)
                return
            case Recent():
                self.recent = message
                return
            case Layout():
                self.layout = message
                self.tables = {spec.name: CurrentTable(spec) for spec in message.tables}
                self.past.begin(list(self.tables.values()))
            case Standing():
                for table, rows, closed in zip(
                    self.tables.values(), message.rows, message.closed, strict=True
                ):
                    table.stand(rows, closed)
                self.known = True
                self.epoch, self.sums = message.epoch, message.sums
                self.ring.begin(message.epoch + 1, message.unix_ms)
                self.past.forget()
                self._note(message.epoch, time.time_ns() // 1_000_000)
            case EpochChanges():
                for table, lines, closed in zip(
                    self.tables.values(), message.changes, message.closed, strict=True
                ):
                    table.change(lines, closed)
                self.epoch, self.sums = message.epoch, message.sums
                self.ring.add(message)
                self._note(message.epoch, message.unix_ms)
        self._tell()

    def _note(self, epoch: int, unix_ms: int) -> None:
        if epoch >= 0:
            self.past.note(epoch, unix_ms)

    def end(self) -> None:
        """The run has ended."""
        self._end.set()
        self._tell()

    @property
    def ended(self) -> bool:
        """Whether nothing more will come."""
        return self._end.is_set()

    async def ends(self, seconds: float) -> bool:
        """Waits for the end, at most so long; whether it has come."""
        return await _came(self._end, seconds)

    def _tell(self) -> None:
        self._news.set()
        self._news = asyncio.Event()

    async def news(self, seconds: float) -> bool:
        """Waits for the next change, at most so long; whether there was one."""
        return await _came(self._news, seconds)


async def _came(event: asyncio.Event, seconds: float) -> bool:
    try:
        await asyncio.wait_for(event.wait(), seconds)
    except TimeoutError:
        return False
    return True
