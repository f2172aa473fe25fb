"""Serve, changes: what each epoch changes in a table, as server-sent events, from an epoch on."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import TYPE_CHECKING, Final

from starlette.requests import Request
from starlette.responses import Response

from streamreg._serve.endpoint import Endpoint, Parameter, refusal
from streamreg._serve.feed import Feed
from streamreg._serve.query import own_of
from streamreg._serve.streams import EVENTS, Streamed, event
from streamreg._serve.tables import NO_TABLE, table_of
from streamreg._sinks.cells import records_of

if TYPE_CHECKING:
    from streamreg._serve.messages import EpochChanges
    from streamreg._serve.table import CurrentTable

_AT_A_TIME: Final = 500
"""Changes in one event."""

_QUIET_SECONDS: Final = 15.0
"""After which a comment tells that the connection is alive."""

_MOST_EPOCH: Final = 2**63 - 1
_ID: Final = re.compile(r"([0-9]{1,19})-([0-9]{1,19})")
"""Of an event: an epoch and its wall clock, which no other run gives an epoch of the same number."""


def endpoints(feed: Feed) -> Sequence[Endpoint]:
    """That of changes."""

    async def changes(request: Request) -> Response:
        table = table_of(feed, request.path_params["name"])
        start = _start(feed, request)
        place = list(feed.tables.values()).index(table)
        return Streamed(request, _events(feed, table, place, start))

    return (
        Endpoint(
            "/v1/tables/{name}/changes",
            changes,
            "What changes in a table, epoch by epoch, as server-sent events: `changes` (some rows, each with its diff: "
            "-1 where it goes, 1 where it comes), then `epoch` (the epoch is whole; its id is its number and clock); "
            "`reset` (what follows is not here any more, for a reader that was too slow: read the table anew) and "
            "`end` (the run has ended) close the stream.",
            kind=EVENTS,
            parameters=(
                Parameter("name", "The name of the table.", required=True, place="path"),
                Parameter(
                    "from",
                    "The first epoch that is wanted; by default the next one. The header Last-Event-ID, which a "
                    "browser sends when it connects again, says the one before, by the id that it had.",
                    {"type": "integer", "minimum": 0},
                ),
            ),
            refusals={
                **NO_TABLE,
                400: "`from` is no number, Last-Event-ID no id, `from` given twice, or a parameter is unknown.",
                410: "That epoch is not here any more, not yet of this run, or of another run: read the table anew.",
            },
        ),
    )


def _start(feed: Feed, request: Request) -> int:
    """The first epoch that is wanted.

    Raises:
        HTTPException: 400 if it is no number, or there are other parameters, 410 if it is not there.
    """
    asked = own_of(request, ("from",)).get("from")
    last = request.headers.get("last-event-id")
    if last is not None:
        start = _after(feed, last)
    elif asked is None:
        return feed.ring.next
    elif asked.isascii() and asked.isdecimal() and len(asked) < 20:
        start = min(int(asked), _MOST_EPOCH)
    else:
        raise refusal(400, f"from: expected the number of an epoch, found {asked[:40]!r}")
    if feed.ring.since(start) is None:
        raise refusal(
            410,
            f"epoch {start} is not here: the oldest is {feed.ring.first}, the next {feed.ring.next}: read the "
            "table anew, and the changes from the epoch after the one that it says",
        )
    return start


def _after(feed: Feed, last: str) -> int:
    """The epoch after that of an id.

    Raises:
        HTTPException: 400 if it is none, 410 if that epoch is not here, or one of a run that this one does not go on
            from.
    """
    found = _ID.fullmatch(last)
    if found is None:
        raise refusal(400, f"Last-Event-ID: expected the id of an event, found {last[:40]!r}")
    epoch, unix_ms = int(found[1]), int(found[2])
    if feed.ring.unix_ms(epoch) != unix_ms:
        raise refusal(
            410,
            f"epoch {epoch} is not here, or another one in this run: read the table anew, and the changes from the "
            "epoch after the one that it says",
        )
    return epoch + 1


async def _events(feed: Feed, table: CurrentTable, place: int, start: int) -> AsyncIterator[bytes]:
    """The events; whoever takes them is waited for, and has missed what the ring has let go of meanwhile."""
    at = start
    yield b": from epoch %d\n\n" % at
    while True:
        found = feed.ring.since(at)
        if found is None:
            yield event("reset", {"oldest": feed.ring.first, "next": feed.ring.next})
            return
        for epoch in found:
            for piece in _of_epoch(epoch, table, place):
                yield piece
            at = epoch.epoch + 1
            await asyncio.sleep(0)  # Others have their turn, however much this reader takes.
        if found:
            continue
        if feed.ended:
            yield event("end", {"epoch": feed.epoch})
            return
        if not await feed.news(_QUIET_SECONDS):
            yield b": alive\n\n"


def _of_epoch(epoch: EpochChanges, table: CurrentTable, place: int) -> Iterator[bytes]:
    piece: list[bytes] = []
    for record in records_of(epoch.changes[place]):
        row, _, diff = record.rsplit(b",", 2)
        piece.append(b'{"row":%b,"diff":%b}' % (table.written(row), diff))
        if len(piece) == _AT_A_TIME:
            yield _changes(epoch.epoch, piece)
            piece = []
    if piece:
        yield _changes(epoch.epoch, piece)
    told: dict[str, object] = {"epoch": epoch.epoch, "unix_ms": epoch.unix_ms}
    yield event("epoch", told, f"{epoch.epoch}-{epoch.unix_ms}")


def _changes(epoch: int, piece: Sequence[bytes]) -> bytes:
    return b'event: changes\ndata: {"epoch":%d,"changes":[%b]}\n\n' % (epoch, b",".join(piece))
