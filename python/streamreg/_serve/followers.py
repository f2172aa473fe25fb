"""Serve, followers: who follows the status of a run: at its end they are answered until they have seen all of it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress


class Followers:
    """Those who are there now. Used in one thread."""

    def __init__(self) -> None:
        """Nobody yet."""
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

    async def leave(self, seconds: float) -> None:
        """Waits until all have left, at most so long; not at all where nobody is there."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._nobody.wait(), seconds)
