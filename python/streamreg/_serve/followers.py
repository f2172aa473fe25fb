"""Serve, followers: who follows the status of a run: at its end they are answered until they have seen all of it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

LOOK_SECONDS: Final = 5.0
"""How long after the end of a run who has followed it is answered, at most: the run's process waits for that."""


class Followers:
    """Those who are there now. Used in one thread."""

    def __init__(self, seconds: float = LOOK_SECONDS) -> None:
        """Nobody yet; at the end they may stay so long."""
        self.seconds = seconds
        self._count = 0
        self._nobody = asyncio.Event()
        self._nobody.set()

    @contextmanager
    def one(self) -> Iterator[None]:
        """One more, for as long as the block is not left."""
        self._count += 1
        self._nobody.clear()
        try:
            yield
        finally:
            self._count -= 1
            if not self._count:
                self._nobody.set()

    async def leave(self) -> None:
        """Waits until all have left, no longer than they may stay; not at all where nobody is there."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._nobody.wait(), self.seconds)
