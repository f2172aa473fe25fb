"""Spark, planning: the next batch, cut into the ranges of offsets that its tasks read. Pure, and without Spark."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from streamreg._dataclass import dataclass
from streamreg._source.contract import Range

if TYPE_CHECKING:
    from streamreg._worker.task import Times

_LEAST: Final = 1000
"""Offsets that are not divided among tasks: starting one costs more than reading them."""


@dataclass(frozen=True)
class Piece:
    """What one task reads: at most one range of each partition."""

    ranges: Mapping[int, Range]
    times: Times
    """How far its partitions had come in event time before the batch."""

    patience: float
    """Seconds for which it waits for a sign of a message."""


def cut(
    ranges: Mapping[int, Range], ends: Mapping[int, int], most: int, tasks: int, *, whole: bool
) -> list[dict[int, Range]]:
    """The ranges of a batch, task by task, in the order of their partitions and offsets.

    Args:
        ranges: what is still to be read of each partition.
        ends: up to where each may be read now, of those of which that is known.
        most: offsets in the batch, each partition gives its share of what waits.
        tasks: the most tasks, but for partitions that are not cut.
        whole: whether no partition is cut: where what comes of its messages depends on those before them.

    Returns:
        For each task its ranges; none if nothing waits. A partition of which nothing was read yet is not cut: its
        first message may stand in any range of it.
    """
    waits = {p: _end(r, ends.get(p)) - r.start for p, r in sorted(ranges.items())}
    waits = {p: count for p, count in waits.items() if count > 0}
    total = sum(waits.values())
    if total > most:
        waits = {p: max(count * most // total, 1) for p, count in waits.items()}
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


def _end(given: Range, readable: int | None) -> int:
    """Up to where a range may be read now."""
    if given.end is not None:
        return given.end
    return given.start if readable is None else readable
