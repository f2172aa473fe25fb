"""Windows as their definitions say, over plain lists and rationals: what a windowed job must give, bit for bit."""

from __future__ import annotations

import math
import random
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import NamedTuple, TypeAlias

from tests.support.rationals import fit, nearest

Partition: TypeAlias = Sequence["Event | None"]
"""Messages in order; None stands for one that is a reject."""


class Event(NamedTuple):
    """A row: when it was, and what it says."""

    at: float
    x: float
    y: float
    k: str
    lacks: frozenset[str] = frozenset()
    """The names of the values that are missing: in their place stands anything."""

    @property
    def line(self) -> bytes:
        """As a record of CSV."""
        cells = {"at": repr(self.at), "x": repr(self.x), "y": repr(self.y), "k": self.k}
        return ",".join("" if name in self.lacks else cells[name] for name in cells).encode()

    @property
    def instance(self) -> str:
        """The rows without a key are of one instance, which a file shows as an empty cell."""
        return "" if "k" in self.lacks else self.k

    def has(self, *names: str) -> bool:
        """Whether it lacks none of these values."""
        return self.lacks.isdisjoint(names)


class Placed(NamedTuple):
    """An event where it stands in the topic, with the greatest time before it in its partition."""

    event: Event
    partition: int
    offset: int
    greatest: Fraction | None


Key: TypeAlias = tuple[str, Fraction, Fraction]
"""Instance, start and end."""


@dataclass
class Windowed:
    """What is in the windows, which rows are late, and how far the partitions have come."""

    rows: dict[Key, list[Event]] = field(default_factory=lambda: defaultdict(list))
    late: set[tuple[int, int]] = field(default_factory=set)
    time: Fraction | None = None


def placed(partitions: Sequence[Partition], first_offset: int = 0) -> list[Placed]:
    """All events that have a time, with what came before each."""
    found = []
    for number, messages in enumerate(partitions):
        greatest: Fraction | None = None
        for offset, event in enumerate(messages, first_offset):
            if event is None or not event.has("at"):
                continue
            found.append(Placed(event, number, offset, greatest))
            at = Fraction(event.at)
            greatest = at if greatest is None else max(greatest, at)
    return found


def time_of(partitions: Sequence[Partition]) -> Fraction | None:
    """Up to where all partitions have come."""
    timed = [[e for e in p if e is not None and e.has("at")] for p in partitions]
    ends = [max((Fraction(event.at) for event in p), default=None) for p in timed]
    return None if None in ends else min(end for end in ends if end is not None)


def in_grid(
    partitions: Sequence[Partition],
    hop: float,
    duration: float,
    origin: float = 0,
    cutoff: float | None = None,
    first_offset: int = 0,
) -> Windowed:
    """Tumbling and sliding windows."""
    found = Windowed(time=time_of(partitions))
    wide, step, begin = Fraction(duration), Fraction(hop), Fraction(origin)
    for event, partition, offset, greatest in placed(partitions, first_offset):
        at = Fraction(event.at)
        last = math.floor((at - begin) / step)
        own = []
        k = last
        while begin + k * step + wide > at:
            own.append(begin + k * step)
            k -= 1
        taken = [
            start
            for start in own
            if cutoff is None or greatest is None or greatest - Fraction(cutoff) < start + wide
        ]
        if own and not taken:
            found.late.add((partition, offset))
        for start in taken:
            found.rows[event.instance, start, start + wide].append(event)
    return found


def in_sessions(
    partitions: Sequence[Partition],
    gap: float,
    cutoff: float | None = None,
    first_offset: int = 0,
) -> Windowed:
    """Sessions: rows less than a gap apart, chained."""
    found = Windowed(time=time_of(partitions))
    by_key: dict[str, list[Event]] = defaultdict(list)
    for event, partition, offset, greatest in placed(partitions, first_offset):
        own_end = Fraction(event.at) + Fraction(gap)
        if cutoff is not None and greatest is not None and greatest - Fraction(cutoff) >= own_end:
            found.late.add((partition, offset))
        else:
            by_key[event.instance].append(event)
    for k, events in by_key.items():
        for chain in _chains(sorted(events, key=lambda event: Fraction(event.at)), Fraction(gap)):
            start, end = Fraction(chain[0].at), Fraction(chain[-1].at) + Fraction(gap)
            found.rows[k, start, end] = chain
    return found


def _chains(events: Sequence[Event], gap: Fraction) -> Iterator[list[Event]]:
    chain: list[Event] = []
    for event in events:
        if chain and Fraction(event.at) - Fraction(chain[-1].at) >= gap:
            yield chain
            chain = []
        chain.append(event)
    if chain:
        yield chain


def in_last(partitions: Sequence[Partition], rows: int, first_offset: int = 0) -> Windowed:
    """The last rows of each instance."""
    found = Windowed(time=time_of(partitions))
    by_key: dict[str, list[Placed]] = defaultdict(list)
    for each in placed(partitions, first_offset):
        by_key[each.event.instance].append(each)
    for k, all_of_key in by_key.items():
        ordered = sorted(all_of_key, key=lambda p: (Fraction(p.event.at), p.partition, p.offset))
        kept = [each.event for each in ordered[-rows:]]
        found.rows[k, Fraction(kept[0].at), Fraction(kept[-1].at)] = kept
    return found


def line(events: Sequence[Event]) -> tuple[str, ...]:
    """Intercept, slope and count of the least-squares line, each rounded once, as a file has them.

    It is that of the events which have both values; the coefficients of none of them are missing.
    """
    whole = [event for event in events if event.has("x", "y")]
    if not whole:
        return "", "", "0"
    xs, ys = ([Fraction(getattr(event, of)) for event in whole] for of in ("x", "y"))
    found = fit([xs, ys]) or [Fraction(0), Fraction(0)]
    return (*(repr(nearest(value)) for value in found), str(len(whole)))


def table(
    windowed: Windowed,
    shown: Callable[[Fraction], str] = str,
    only: Callable[[Fraction, Fraction], bool] = lambda start, end: True,
) -> dict[tuple[str, ...], tuple[str, ...]]:
    """The rows of a regression by instance, start and end; `only` chooses the windows."""
    return {
        (k, shown(start), shown(end)): (k, shown(start), shown(end), *line(events))
        for (k, start, end), events in windowed.rows.items()
        if only(start, end)
    }


def events(
    count: int,
    partitions: int,
    seed: int,
    *,
    spread: float = 40,
    speed: float = 1.0,
    keys: Sequence[str] = ("a", "b", "c"),
    rejects: float = 0.02,
    fractional: bool = False,
    missing: float = 0,
) -> list[Partition]:
    """A topic of events out of order by up to `spread`, with ties, gaps, and messages that are rejects.

    `missing` is the share of the values that are.
    """
    chance = random.Random(seed)
    found: list[list[Event | None]] = [[] for _ in range(partitions)]
    now = chance.choice([0.0, -500.0, 1e6])
    for _ in range(count):
        now += chance.choice(
            [0, 0, speed, speed, 3 * speed, 40 * speed if chance.random() < 0.05 else 0]
        )
        at = now - chance.choice([0, 0, 0, chance.random() * spread])
        if chance.random() < rejects:
            found[chance.randrange(partitions)].append(None)
            continue
        event = Event(
            at if fractional else math.floor(at),
            chance.choice([chance.random(), float(chance.randrange(5)), chance.uniform(-1e9, 1e9)]),
            chance.gauss(0, 10),
            chance.choice(keys),
        )
        if missing:
            lacks = [name for name in ("at", "x", "y", "k") if chance.random() < missing]
            event = event._replace(lacks=frozenset(lacks))
        found[chance.randrange(partitions)].append(event)
    return [*found]


def messages(partitions: Sequence[Partition], header: bytes = b"at,x,y,k") -> list[list[bytes]]:
    """The topic as CSV, a header first in each partition."""
    return [[header, *(b"junk" if e is None else e.line for e in p)] for p in partitions]


def late_of(rejects: Sequence[Mapping[str, object]]) -> set[tuple[object, object]]:
    """Where the late rows stand, by a dead-letter file."""
    return {(r["partition"], r["offset"]) for r in rejects if r["reason"] == "late"}
