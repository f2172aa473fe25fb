"""Serve, status: what the run is doing, as JSON: what `streamreg top` shows."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from streamreg._serve.endpoint import Endpoint, json_response, refusal
from streamreg._serve.feed import Feed
from streamreg._serve.health import turn_age
from streamreg._serve.memory import resident
from streamreg._serve.snapshot import Snapshot


def endpoints(feed: Feed) -> Sequence[Endpoint]:
    """That of the status."""

    async def status(request: Request) -> Response:
        if feed.snapshot is None:
            raise refusal(503, "the run has not begun yet")
        return json_response({**described(feed.snapshot), "turn_age_seconds": turn_age(feed)})

    return (
        Endpoint(
            "/v1/status",
            status,
            "How far the run is: rows, rejects, offsets and lag by partition, epochs, processes. While it starts "
            "what it has read is null: it is not known yet.",
            refusals={503: "The run has not begun yet."},
        ),
    )


def described(now: Snapshot) -> dict[str, Any]:
    """A snapshot in what JSON has, None for what is not known yet; the results themselves are the tables'."""
    flow = _of_flow(now)
    return {
        "phase": now.phase,
        "topic": now.topic,
        "unix": now.unix,
        "seconds": round(max(time.time() - now.started_at, 0.0), 3),
        **(flow if now.known else dict.fromkeys(flow)),
        # A run that starts may wait for an output too.
        "waiting": {output: round(seconds, 3) for output, seconds in now.waiting.items()},
        "memory_bytes": resident(now.processes),
    }


def _of_flow(now: Snapshot) -> dict[str, Any]:
    return {
        "epochs": now.epochs,
        "rows": now.rows,
        "rows_per_second": round(now.rows_per_second, 3),
        "lag": now.total_lag,
        "rejects": dict(now.rejects),
        "tombstones": now.tombstones,
        "excluded": now.excluded,
        "lost": now.lost,
        "partitions": [
            {
                **_called(now, partition),
                "offset": offset,
                "log_end": now.log_ends.get(partition),
                "lag": now.lag(partition),
            }
            for partition, offset in sorted(
                now.offsets.items(), key=lambda item: _order(now, item[0])
            )
        ],
        "epochs_closed": sum(now.epoch_seconds.counts),
        "epoch_seconds_total": now.epoch_seconds.total,
        "checkpoints": sum(now.checkpoint_seconds.counts),
        "checkpoint_seconds_total": now.checkpoint_seconds.total,
        "worker_restarts": now.worker_restarts,
        "silent_workers": [*now.silent_workers],
        "engine": None if now.engine is None else asdict(now.engine),
        "readers": {str(worker): reader for worker, reader in sorted(now.readers.items())},
        "last_message": now.last_message,
        "last_merged": now.last_merged,
    }


def _called(now: Snapshot, partition: int) -> dict[str, object]:
    name, number = now.place(partition)
    if number is None:
        return {"partition": partition, "file": name}
    return {**({"topic": name} if now.origins else {}), "partition": number}


def _order(now: Snapshot, partition: int) -> tuple[str, int]:
    name, number = now.place(partition)
    return name, partition if number is None else number
