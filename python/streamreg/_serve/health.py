"""Serve, health: whether the run is alive, and whether it reads."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from streamreg._serve.endpoint import Endpoint, json_response
from streamreg._serve.feed import Feed
from streamreg._source.contract import BELIEVED_SECONDS

MOST_AGE: Final = 60.0
"""Seconds without a turn of the loop after which a run counts as stuck."""


def endpoints(feed: Feed) -> Sequence[Endpoint]:
    """Those of health."""

    async def healthz(request: Request) -> Response:
        age = turn_age(feed)
        alive = age is not None and age <= MOST_AGE
        found = {
            "alive": alive,
            "seconds_since_last_turn": None if age is None else round(age, 3),
        }
        return json_response(found, 200 if alive else 503)

    async def readyz(request: Request) -> Response:
        found = readiness(feed)
        return json_response(found, 200 if found["ready"] else 503)

    return (
        Endpoint(
            "/healthz",
            healthz,
            f"Whether the run's loop turns: it did so within the last {MOST_AGE:.0f} seconds.",
            refusals={503: "It does not."},
            open=True,
            always=True,
        ),
        Endpoint(
            "/readyz",
            readyz,
            "Whether the run reads, and knows how far it is behind the topic: its loop turns, its workers do, "
            "no output is waited for, and the source has said within the last "
            f"{BELIEVED_SECONDS:.0f} seconds where its logs end.",
            refusals={503: "It does not, not yet, or not any more."},
            open=True,
            always=True,
        ),
    )


def readiness(feed: Feed) -> dict[str, bool]:
    """Whether the run is ready, and why not."""
    now, age = feed.snapshot, turn_age(feed)
    # What a loop that stands still said last is not what it does.
    fresh = age is not None and age <= MOST_AGE
    taken = now is not None and not now.waiting
    reads = now is not None and now.phase == "reading" and not now.silent_workers
    reading = fresh and taken and reads
    known = fresh and now is not None and now.total_lag is not None
    return {
        "ready": reading and known,
        "reading": reading,
        "lag_known": known,
        "outputs_taken": taken,
    }


def turn_age(feed: Feed) -> float | None:
    """Seconds since the loop has turned last; None before its first word."""
    return None if feed.snapshot is None else max(time.monotonic() - feed.snapshot.turned_at, 0.0)
