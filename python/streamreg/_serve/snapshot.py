"""Serve, snapshot: what a run is doing, at one moment: plain data, made by the parent's loop and never changed."""

from __future__ import annotations

import time
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Final, Literal, TypeAlias

from streamreg._dataclass import dataclass
from streamreg._worker.contract import EngineFigures

Phase: TypeAlias = Literal["starting", "reading"]

Named: TypeAlias = tuple[str, int | None]
"""What a partition is called: a topic and its number there, or a file and None."""

BOUNDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
"""Upper bounds of the classes of durations, in seconds; the last class has none."""


@dataclass(frozen=True, slots=True)
class Durations:
    """How often something has taken how long."""

    counts: tuple[int, ...] = (0,) * (len(BOUNDS) + 1)
    """For each class of `BOUNDS`, and those beyond."""

    total: float = 0.0
    """Seconds of all together."""


class DurationCounter:
    """Counts durations."""

    def __init__(self) -> None:
        """None yet."""
        self._counts = [0] * (len(BOUNDS) + 1)
        self._total = 0.0

    def add(self, seconds: float) -> None:
        """One more."""
        self._counts[bisect_left(BOUNDS, seconds)] += 1
        self._total += seconds

    def durations(self) -> Durations:
        """Those up to now."""
        return Durations(tuple(self._counts), self._total)


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """A run at one moment. All counts are of this run and the earlier ones of its state together, unless said."""

    phase: Phase
    turned_at: float
    """When the loop made it, by the monotonic clock of this machine, in seconds."""

    unix: float
    """The same by the wall clock, in seconds since 1970."""

    started_at: float
    """When this run began, in seconds since 1970."""

    topic: str
    epochs: int = 0
    rows: int = 0
    rows_per_second: float = 0.0
    """Over the last ten seconds."""

    rejects: Mapping[str, int] = field(default_factory=dict)
    tombstones: int = 0
    excluded: int = 0
    lost: int = 0

    origins: Mapping[int, Named] = field(default_factory=dict)
    """What partitions are called, if not by the topic and their numbers: there are several topics, or files."""

    offsets: Mapping[int, int] = field(default_factory=dict)
    """For each partition the offset of the next message to be merged."""

    log_ends: Mapping[int, int] = field(default_factory=dict)
    """For each partition where its log ends, of those of which it is known."""

    epoch_seconds: Durations = Durations()
    """How long this run took to close each epoch: solve, write, flush, save."""

    checkpoint_seconds: Durations = Durations()
    """How long it took to save each checkpoint."""

    worker_restarts: int = 0
    """Of this run."""

    silent_workers: Sequence[int] = ()
    """Those that send nothing for so long that they may hang."""

    readers: Mapping[int, str] = field(default_factory=dict)
    """By worker what has read its last messages: "native" or "client"."""

    processes: Mapping[str, int] = field(default_factory=dict)
    """The ids of the processes of the run, by role."""

    last_message: float | None = None
    """The timestamp of the newest message that was merged, as the topic has it, in seconds since 1970."""

    last_merged: float | None = None
    """When a message was merged last, in seconds since 1970."""

    results: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    """As `Progress.results`."""

    engine: EngineFigures | None = None
    """What the engine has done, of a run that has one."""

    outputs: Mapping[str, float | None] = field(default_factory=dict)
    """For each output that can be waited for since when it is, by the monotonic clock; None: it is not."""

    @property
    def known(self) -> bool:
        """Whether its counts are known: a run that starts has not taken them out of its state yet."""
        return self.phase != "starting"

    @property
    def waiting(self) -> dict[str, float]:
        """For how many seconds each output is waited for that is: until then nothing is read."""
        now = time.monotonic()
        return {
            name: max(now - since, 0.0) for name, since in self.outputs.items() if since is not None
        }

    def place(self, partition: int) -> Named:
        """What a partition is called."""
        return self.origins.get(partition, (self.topic, partition))

    def lag(self, partition: int) -> int | None:
        """Messages of a partition that are not merged yet; None if it is not known where its log ends."""
        end = self.log_ends.get(partition)
        return None if end is None else max(end - self.offsets[partition], 0)

    @property
    def total_lag(self) -> int | None:
        """Messages of all partitions that are not merged yet; None if that is not known of one."""
        lags = [self.lag(partition) for partition in self.offsets]
        known = [lag for lag in lags if lag is not None]
        return sum(known) if len(known) == len(lags) and self.known else None
