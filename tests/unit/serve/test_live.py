"""The status as it is followed: the last of a run is told, and who follows it is answered for a while after the end."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator

import pytest

from streamreg._serve import live
from streamreg._serve.feed import Feed
from streamreg._serve.followers import Followers
from streamreg._serve.snapshot import Snapshot

SECONDS = 20.0


def snapshot(rows: int) -> Snapshot:
    return Snapshot(
        phase="reading", turned_at=0.0, unix=0.0, started_at=0.0, topic="t", rows=rows
    )  # fmt: skip


async def next_of(events: AsyncIterator[bytes]) -> tuple[str, dict[str, object]]:
    """The next event: its name and data."""
    text = (await asyncio.wait_for(anext(events), SECONDS)).decode()
    lines = dict(line.split(": ", 1) for line in text.splitlines() if line)
    return lines["event"], json.loads(lines["data"])


def test_the_last_status_comes_before_the_end() -> None:
    """As soon as the run ends; the stream stays open for what its client asks then."""

    async def followed() -> None:
        feed = Feed()
        feed.take(snapshot(1))
        events = live._events(feed)
        assert (await next_of(events))[1]["rows"] == 1
        waiting = asyncio.ensure_future(next_of(events))
        await asyncio.sleep(0)
        feed.take(snapshot(2))
        feed.end()
        name, data = await waiting
        assert (name, data["rows"]) == ("status", 2)
        assert (await next_of(events))[0] == "end"
        more = asyncio.ensure_future(next_of(events))
        await asyncio.sleep(0)
        assert not more.done()
        more.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await more

    asyncio.run(followed())


def test_who_comes_after_the_end_is_told_of_it() -> None:
    """With what the run came to. Such a stream ends at once: nobody who comes again and again holds up a run."""

    async def followed() -> None:
        feed = Feed()
        feed.take(snapshot(1))
        feed.end()
        events = live._events(feed)
        name, data = await next_of(events)
        assert (name, data["rows"]) == ("status", 1)
        assert (await next_of(events))[0] == "end"
        with pytest.raises(StopAsyncIteration):
            await anext(events)

    asyncio.run(followed())


def test_followers_are_waited_for_until_the_last_has_left() -> None:
    """Where there is nobody, not at all; those who stay, no longer than is said."""

    async def watched() -> None:
        followers = Followers(10 * SECONDS)
        await asyncio.wait_for(followers.leave(), SECONDS)
        with contextlib.ExitStack() as there:
            there.enter_context(followers.one())
            with followers.one():
                waiting = asyncio.ensure_future(followers.leave())
                await asyncio.sleep(0)
            await asyncio.sleep(0)
            assert not waiting.done()
            began = time.monotonic()
            followers.seconds = 0.05
            await followers.leave()
            assert time.monotonic() - began < SECONDS
            there.close()
            await asyncio.wait_for(waiting, SECONDS)

    asyncio.run(watched())
