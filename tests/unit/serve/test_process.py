"""The process that serves: how it takes the run's messages."""

import asyncio
import pickle
from collections.abc import Iterator
from multiprocessing import Pipe
from multiprocessing.connection import Connection

import pytest
import uvicorn

from streamreg._serve.feed import Feed
from streamreg._serve.messages import LastLines, Recent, Standing
from streamreg._serve.process import _read, take


@pytest.fixture
def ends() -> Iterator[tuple[Connection, Connection]]:
    """Of a pipe: that of the process, and that of the run."""
    messages, run = Pipe(duplex=False)
    with messages, run:
        yield messages, run


def told(number: int) -> Recent:
    """A message that can be told from others."""
    return Recent((LastLines(b"%d" % number, cut=False),), ())


def test_all_that_waits_is_taken_together(ends: tuple[Connection, Connection]) -> None:
    """A process that comes late has caught up after one turn: the last message is what it knows."""
    messages, run = ends
    for number in range(50):
        run.send_bytes(pickle.dumps(told(number)))
    feed = Feed()
    assert asyncio.run(take(messages, feed))
    assert feed.recent == told(49)
    assert not messages.poll()


def test_what_came_before_the_end_is_taken(ends: tuple[Connection, Connection]) -> None:
    """The run closes its end: what it had sent counts, then there is no more."""
    messages, run = ends
    for number in range(3):
        run.send_bytes(pickle.dumps(told(number)))
    run.close()
    feed = Feed()
    assert asyncio.run(take(messages, feed))
    assert feed.recent == told(2)
    assert not asyncio.run(take(messages, feed))


def test_clients_have_their_turn_between_messages(ends: tuple[Connection, Connection]) -> None:
    """However many wait, the loop answers others after each."""
    messages, run = ends
    for number in range(20):
        run.send_bytes(pickle.dumps(told(number)))

    async def seen() -> set[Recent]:
        feed = Feed()
        taking = asyncio.create_task(take(messages, feed))
        found = set()
        while not taking.done():
            found.add(feed.recent)
            await asyncio.sleep(0)
        return found

    assert len(asyncio.run(seen())) > 10


@pytest.mark.parametrize("fails", [False, True])
def test_only_a_run_that_has_ended_is_said_to(
    ends: tuple[Connection, Connection], *, fails: bool
) -> None:
    """Whoever serves stops in any case; where it has failed, the run goes on, and its followers are not sent away."""
    messages, run = ends
    if fails:
        run.send_bytes(pickle.dumps(Standing(0, ((),), ((),), ())))  # of a table that there is not
    run.close()

    async def read() -> tuple[bool, bool]:
        feed, server = Feed(), uvicorn.Server(uvicorn.Config("nothing:here"))
        if fails:
            with pytest.raises(ValueError, match="zip"):
                await _read(messages, feed, server)
        else:
            await _read(messages, feed, server)
        return feed.ended, server.should_exit

    assert asyncio.run(read()) == (not fails, True)
