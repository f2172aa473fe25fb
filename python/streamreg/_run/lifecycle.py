"""Run: what a run logs of its own course: start, resume, a heartbeat once a minute, a topic that is away, stop.

The records go to the logger `streamreg.run`, each with its numbers as data beside its text (`record.streamreg`), for
whoever writes logs for programs. Nothing is configured here: that is the program's affair, or the command line's.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Final

from streamreg._event import event
from streamreg._plural import plural
from streamreg._rejects.dead_letters import counted
from streamreg._source.contract import full_name, has_files, offset_unit, short_name
from streamreg._state.store import FILE

if TYPE_CHECKING:
    from pathlib import Path

    from streamreg._run.progress import Progress, Summary
    from streamreg._sinks.waits import Wait, Waits
    from streamreg._source.contract import Source
    from streamreg._state.checkpoint import Checkpoint

LOGGER: Final = "streamreg.run"
HEARTBEAT_SECONDS: Final = 60.0
"""Between two lines that say how far a run is."""

_log = logging.getLogger(LOGGER)
_LARGE_STATE: Final = 1 << 26
"""Bytes of a state that takes a second or more to read."""
_MOST_SHOWN: Final = 8
"""Partitions whose offsets stand in the text; the data has all."""


def _tell(name: str, text: str, level: int = logging.INFO, **fields: object) -> None:
    _log.log(level, "%s: %s", name, text, extra=event(name, **fields))


def connection(text: str) -> None:
    """What is heard of a connection before anything is read."""
    _log.warning("%s", text, extra=event("connection"))


def started(source: Source, offsets: Mapping[int, int], processes: int) -> None:
    """A run begins to read, from these offsets, with so many worker processes (0: in its own)."""
    reads = source.reads
    named = {short_name(source, p): offset for p, offset in sorted(offsets.items())}
    _tell(
        "start",
        f"{full_name(source)}, {plural(len(offsets), 'file' if has_files(source) else 'partition')} "
        f"from {offset_unit(source)} {_offsets(named)}"
        + ("" if reads is None else f", read {reads}")
        + (f", {plural(processes, 'worker process', 'worker processes')}" if processes else ""),
        topic=source.name,
        partitions=len(offsets),
        offsets=named,
        reads=reads,
        processes=processes,
    )


def loads(state: Path) -> None:
    """A run is about to read its state, if that is so large that it takes a while."""
    try:
        size = (state / FILE).stat().st_size
    except OSError:
        return  # There is none yet, or opening it says what is wrong.
    if size >= _LARGE_STATE:
        _tell(
            "load",
            f"reads state {state}, {size / 1e6:,.0f} MB",
            state=str(state),
            bytes=size,
        )


def resumed(state: Path, checkpoint: Checkpoint) -> None:
    """A run goes on with what earlier runs of its state have left."""
    rejects = sum(checkpoint.rejects.values())
    _tell(
        "resume",
        f"state {state}, {plural(checkpoint.epochs, 'epoch')}, {plural(checkpoint.rows, 'row')}, "
        f"{plural(rejects, 'reject')} so far",
        state=str(state),
        epochs=checkpoint.epochs,
        rows=checkpoint.rows,
        rejects=rejects,
    )


def starts(seconds: float, waits_for: str, waits: Waits) -> None:
    """The heartbeat of a run that reads nothing yet, for so long."""
    reasons = _reasons(waits.found)
    _tell(
        "heartbeat",
        f"starting, for {seconds:.0f} s: waits for {reasons or waits_for}",
        phase="starting",
        seconds=round(seconds, 3),
        waits_for=[*waits.found] or [waits_for],
    )


def goes_on(
    progress: Progress,
    rejects: Mapping[str, int],
    excluded: int,
    waits: Waits,
    away: Mapping[str, Wait],
) -> None:
    """The heartbeat. `away` is the topic, if it does not respond: while an output is waited for, nothing is read."""
    lag = "unknown" if progress.lag is None else f"{progress.lag:,}"
    kinds = f" ({counted(rejects)})" if progress.rejects else ""
    out = f", {excluded:,} excluded" if excluded else ""
    reasons = _reasons({**waits.found, **away})
    _tell(
        "heartbeat",
        f"{plural(progress.rows, 'row')}, {progress.rows_per_second:,.0f}/s, lag {lag}, "
        f"{plural(progress.rejects, 'reject')}{kinds}{out}"
        + ("; reads nothing" if waits.found else "")
        + (f"{':' if waits.found else ';'} waits for {reasons}" if reasons else ""),
        phase="reading",
        epochs=progress.epochs,
        rows=progress.rows,
        rows_per_second=round(progress.rows_per_second, 3),
        lag=progress.lag,
        rejects=dict(rejects),
        excluded=excluded,
        waits_for=[*waits.found, *away],
    )


def _reasons(waits: Mapping[str, Wait]) -> str:
    """What is waited for, each with why and for how long; "" if nothing is."""
    now = time.monotonic()
    return ", ".join(
        f"{name}, for {now - wait.since:.0f} s: {wait.reason}" for name, wait in waits.items()
    )


def stood_still(seconds: float) -> None:
    """The run's own loop has not turned for so long."""
    _tell(
        "pause",
        f"the run's own loop has not turned for {seconds:.0f} s",
        logging.WARNING,
        seconds=round(seconds, 3),
    )


def lost_contact(topic: str, seconds: float) -> None:
    """A source has not said for so long where its logs end."""
    _tell(
        "away",
        f"topic {topic!r} does not respond, for {seconds:.0f} s: the lag is unknown",
        logging.WARNING,
        topic=topic,
        seconds=round(seconds, 3),
    )


def has_contact(topic: str, seconds: float, lag: int) -> None:
    """It has said so again, so long after the trouble began: a warning too, so that whoever sees that sees its end."""
    _tell(
        "recovery",
        f"topic {topic!r} responds again, after {seconds:.0f} s: lag {lag:,}",
        logging.WARNING,
        topic=topic,
        seconds=round(seconds, 3),
        lag=lag,
    )


def stopped(summary: Summary) -> None:
    """A run has ended without an error."""
    _tell(
        "stop",
        f"{summary}; ended by {summary.ended_by}",
        ended_by=summary.ended_by,
        epochs=summary.epochs,
        rows=summary.rows,
        rejects=dict(summary.rejects),
        tombstones=summary.tombstones,
        excluded=summary.excluded,
        lost=summary.lost,
        seconds=round(summary.seconds, 3),
    )


def _offsets(offsets: Mapping[str, int]) -> str:
    shown = _listed([*offsets.items()][:_MOST_SHOWN])
    more = len(offsets) - _MOST_SHOWN
    return f"{shown} and {more} more" if more > 0 else shown


def _listed(pairs: Iterable[tuple[str, int]]) -> str:
    return ", ".join(f"{offset} of {partition}" for partition, offset in pairs)
