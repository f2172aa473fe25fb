"""Spark, planning: the next batch, cut into the ranges of offsets that its tasks read. Pure, and without Spark."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from streamreg._dataclass import dataclass
from streamreg._source.contract import Range

if TYPE_CHECKING:
    from streamreg._worker.task import Times

_LEAST: Final = 1000
"""Offsets that are not divided among tasks: starting one costs more than reading them."""
_MOST_TOLD: Final = 8
"""Ranges that an error names."""


@dataclass(frozen=True)
class Piece:
    """What one task reads: at most one range of each partition."""

    ranges: Mapping[int, Range]
    times: Times
    """How far its partitions had come in event time before the batch."""

    patience: float
    """Seconds for which it waits for a sign of a message."""

    most_bytes: int
    """What its rows may take: it hands in what it has once they do, and the next batch has the rest."""


def cut(
    ranges: Mapping[int, Range],
    ends: Mapping[int, int],
    most: int,
    tasks: int,
    *,
    turn: int,
    whole: bool,
) -> list[dict[int, Range]]:
    """The ranges of a batch, task by task, in the order of their partitions and offsets.

    Args:
        ranges: what is still to be read of each partition.
        ends: up to where each may be read now, of those of which that is known.
        most: offsets in the batch, at most; each partition gives its share of what waits, or waits for its turn.
        tasks: the most tasks, but for partitions that are not cut.
        turn: the number of the batch: so that none waits for ever.
        whole: whether no partition is cut: where what comes of its messages depends on those before them.

    Returns:
        For each task its ranges; none if nothing waits. A partition of which nothing was read yet is not cut: its
        first message may stand in any range of it.
    """
    waits = {p: _end(r, ends.get(p)) - r.start for p, r in sorted(ranges.items())}
    waits = {p: count for p, count in waits.items() if count > 0}
    total = sum(waits.values())
    if total > most:
        first = sorted(ranges)[turn % len(ranges)]
        waits = _shares(waits, most, first)
        total = sum(waits.values())
    share = max(-(-total // tasks), _LEAST)
    found: list[dict[int, Range]] = []
    room = 0
    for partition, count in waits.items():
        left = replace(ranges[partition], end=ranges[partition].start + count)
        while left.start < (end := left.end or 0):
            if room <= 0:
                found.append({})
                room = share
            uncut = whole or left.untouched
            until = end if uncut else min(end, left.start + room)
            found[-1][partition] = replace(left, end=until)
            room -= until - left.start
            # Of the message before the rest nothing is known yet.
            left = Range(until, end, untouched=False)
    return found


def told(pieces: Sequence[Piece], name: Callable[[int], str]) -> str:
    """The ranges of a batch, for people; `name` says what they call a partition."""
    starts: dict[int, int] = {}
    ends: dict[int, int] = {}
    for piece in pieces:
        for partition, own in piece.ranges.items():
            starts.setdefault(partition, own.start)
            ends[partition] = own.end or own.start
    found = [f"partition {name(p)} offsets {start} to {ends[p]}" for p, start in starts.items()]
    more = f" and {len(found) - _MOST_TOLD} more" if len(found) > _MOST_TOLD else ""
    return ", ".join(found[:_MOST_TOLD]) + more


def _shares(waits: Mapping[int, int], most: int, first: int) -> dict[int, int]:
    """What each partition may give of so many. What is left goes to those that would give nothing, one each.

    This partition is the first of them, then those of higher numbers, then the others.
    """
    total = sum(waits.values())
    shares = {p: count * most // total for p, count in waits.items()}
    left = most - sum(shares.values())
    none = [p for p, share in shares.items() if not share]
    for partition in sorted(none, key=lambda p: (p < first, p))[:left]:
        shares[partition] = 1
    return {p: share for p, share in shares.items() if share}


def _end(given: Range, readable: int | None) -> int:
    """Up to where a range may be read now."""
    if given.end is not None:
        return given.end
    return given.start if readable is None else readable
