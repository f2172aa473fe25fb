"""Clients that are slow, silent or stuck: each is told or let go of, and none takes another's place for ever."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import threading
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace

import pytest
import uvicorn
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from streamreg._serve import changes, connection
from streamreg._serve.feed import Feed
from streamreg._serve.messages import EpochChanges, Layout, Standing, TableSpec
from streamreg._serve.process import _Server
from streamreg._serve.ring import Ring
from streamreg._sinks.contract import ColumnSpec

SECONDS = 20.0


def feed(ring: Ring) -> Feed:
    made = Feed(ring)
    columns = (ColumnSpec("k", "int", "k"),)
    made.take(Layout((TableSpec("t", "t.csv", columns, (0,), 0),), ({},), None))
    made.take(Standing(-1, ((),), ((),), (None,)))
    return made


def epoch(number: int, rows: int = 1) -> EpochChanges:
    lines = b"".join(b"%d,%d,1\n" % (1000 * number + row, number) for row in range(rows))
    return EpochChanges(number, 0, (lines,), ((),), (None,))


async def next_of(events: AsyncIterator[bytes]) -> tuple[str, dict[str, object]]:
    """The next event: its name and data."""
    text = ":"
    while text.startswith(":"):
        text = (await asyncio.wait_for(anext(events), SECONDS)).decode()
    lines = dict(line.split(": ", 1) for line in text.splitlines() if line)
    return lines["event"], json.loads(lines["data"])


def test_a_reader_that_is_too_slow_is_told_so() -> None:
    """It gets what is there, then word that the rest is not, and no more."""

    async def followed() -> None:
        made = feed(Ring(epochs=3))
        events = changes._events(made, made.tables["t"], 0, 0)
        made.take(epoch(0))
        assert (await next_of(events))[0] == "changes"
        assert (await next_of(events))[0] == "epoch"
        for number in range(1, 10):
            made.take(epoch(number))
        assert await next_of(events) == ("reset", {"oldest": 7, "next": 10})
        with pytest.raises(StopAsyncIteration):
            await anext(events)

    asyncio.run(followed())


def test_a_large_epoch_comes_in_pieces() -> None:
    """Of which the last is followed by the end of the epoch; a reader that waits hears of it at once."""

    async def followed() -> None:
        made = feed(Ring())
        events = changes._events(made, made.tables["t"], 0, 0)
        waiting = asyncio.ensure_future(next_of(events))
        await asyncio.sleep(0)
        made.take(epoch(0, rows=1200))
        pieces = [await waiting]
        while pieces[-1][0] == "changes":
            pieces.append(await next_of(events))
        found = [change for _, data in pieces[:-1] for change in data["changes"]]  # type: ignore[attr-defined]
        assert len(pieces) == 4
        assert [change["row"]["k"] for change in found] == list(range(1200))
        assert pieces[-1][0] == "epoch"
        made.end()
        assert (await next_of(events))[0] == "end"

    asyncio.run(followed())


async def endless(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers with more than any client takes."""

    async def much() -> AsyncIterator[bytes]:
        if scope["path"] == "/short":
            return
        while True:
            yield b"x" * 65536
            await asyncio.sleep(0)

    await StreamingResponse(much())(scope, receive, send)


@pytest.fixture
def port(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """Where `endless` is served, to clients who may be silent or stuck for a moment only."""
    monkeypatch.setattr(connection, "SILENT_SECONDS", 0.2)
    monkeypatch.setattr(connection, "STUCK_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = _Server(
            uvicorn.Config(
                endless,
                http=connection.PatientProtocol,
                ws="none",
                lifespan="off",
                log_config=None,
                timeout_graceful_shutdown=1,
            ),
            lambda: None,
        )
        thread = threading.Thread(target=lambda: server.run(sockets=[listening]))
        thread.start()
        yield listening.getsockname()[1]
        server.should_exit = True
        thread.join()


def ended(client: socket.socket) -> bool:
    """Whether the other end is gone, once all that it had sent is taken."""
    client.settimeout(SECONDS)
    try:
        while client.recv(1 << 20):
            pass
    except ConnectionResetError:
        return True
    return True


def test_a_client_that_asks_nothing_is_let_go_of(port: int) -> None:
    """And so is one that asks half of something."""
    for said in (b"", b"GET / HT"):
        with socket.create_connection(("127.0.0.1", port)) as client:
            client.sendall(said)
            assert ended(client)


@pytest.mark.parametrize("asked", [b"", b"Content-Length: 9\r\n"])
@pytest.mark.parametrize("said", [b"", b"G", b"GET / HTTP/1.1\r\nHost:"])
def test_a_client_that_asks_half_of_something_more_is_let_go_of(
    port: int, monkeypatch: pytest.MonkeyPatch, asked: bytes, said: bytes
) -> None:
    """After requests that were answered; one with a body that does not come is answered too."""
    monkeypatch.setattr(connection, "SILENT_SECONDS", SECONDS)
    with socket.create_connection(("127.0.0.1", port)) as client:
        for last in (True,) if asked else (False, False, True):
            if last:
                monkeypatch.setattr(connection, "SILENT_SECONDS", 1.0)
            client.sendall(b"GET /short HTTP/1.1\r\nHost: x\r\n%b\r\n" % asked)
            client.settimeout(SECONDS)
            answer = b""
            while not answer.endswith(b"0\r\n\r\n"):
                answer += (more := client.recv(1000))
                assert more
            assert answer.startswith(b"HTTP/1.1 200")
        with contextlib.suppress(ConnectionError):  # It may be let go of before.
            client.sendall(said)
        assert ended(client)


def test_clients_beyond_what_may_be_open_are_sent_away(
    port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At once, and nobody who was there before."""
    monkeypatch.setattr(connection, "SILENT_SECONDS", 10 * SECONDS)
    monkeypatch.setattr(connection, "MOST_OPEN", 3)
    with contextlib.ExitStack() as opened:
        clients = [
            opened.enter_context(socket.create_connection(("127.0.0.1", port))) for _ in range(8)
        ]
        for client in clients[3:]:
            assert ended(client)
        for client in clients[:3]:
            client.sendall(b"GET /short HTTP/1.1\r\nHost: x\r\n\r\n")
            client.settimeout(SECONDS)
            assert client.recv(1000).startswith(b"HTTP/1.1 200")


def test_a_client_that_takes_nothing_is_let_go_of(port: int) -> None:
    """What was written to it is dropped."""
    with socket.create_connection(("127.0.0.1", port)) as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        client.recv(10)
        gone = threading.Event()
        # Nothing is read here: the end shows by what is sent.
        client.settimeout(SECONDS)
        for _ in range(2000):
            try:
                client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            except (ConnectionResetError, BrokenPipeError):
                gone.set()
                break
            if gone.wait(0.01):
                break
        assert gone.is_set()


def test_what_is_kept_of_epochs_is_their_changes_alone() -> None:
    """The states of reductions that came with them are those of the newest one: they would take most of the memory."""
    made = feed(Ring())
    for number in range(3):
        made.take(replace(epoch(number), sums=(b"%d" % number,)))
    assert made.sums == (b"2",)
    assert [each.sums for each in made.ring.newest_first()] == [(), (), ()]
