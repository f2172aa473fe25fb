"""Checkpoint: what is kept by keys in shards: which files each of them is made of. The files: `shard_runs`.

A key belongs to one shard, by a hash of its bytes; a window by those of its instance. A shard is a list of runs:
immutable files, each with the rows that some epochs have changed; of a key the newest run that has it counts. The
checkpoint names the runs of each shard. What it does not name does not exist: so whoever dies while it writes one, or
writes one twice, changes nothing.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias
from zlib import crc32

from streamreg._dataclass import dataclass
from streamreg._state.keyed_rows import EMPTY, Digest
from streamreg._state.program_data import Json
from streamreg._state.shape import ShapeError, array, fixed, integer, only, table, within

if TYPE_CHECKING:
    from streamreg._plan.sharded import ShardPlan
    from streamreg._types import Moment

Span: TypeAlias = "tuple[Moment | None, Moment | None]"
"""From when to when the time of all partitions goes."""

OPEN_WINDOW: Final = b"\0"
"""Stands before the instance in the keys of open windows; results have the same keys without it."""

_GROWTH: Final = 4
"""How many times as many rows a run has as the next one, at least, when that is written: so runs are few, and rows are
written again few times."""

_MOST: Final = 2**62
_COUNT: Final = integer(0, _MOST)
_INTEGER: Final = integer(-(2**63), 2**63 - 1)
_NAME: Final = re.compile(r"[0-9]+-[0-9]+-[0-9a-f]{16}\.run")


@dataclass(frozen=True)
class Run:
    """A file of a shard."""

    name: str
    rows: int
    size: int
    """In bytes."""

    crc32: int
    """Of all its bytes."""


@dataclass(frozen=True)
class Shard:
    """What is kept of some of the keys."""

    runs: tuple[Run, ...] = ()
    """The oldest first."""

    digests: Mapping[str, Digest] = field(default_factory=dict)
    """For each part ("reduction 0", "changelog 2") that of its rows here."""


@dataclass(frozen=True)
class Shards:
    """What is kept by keys."""

    each: tuple[Shard, ...]
    excluded: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    """For each reduction ("reduction 0") how many rows each of its aggregates could not take."""

    horizons: Mapping[str, Moment] = field(default_factory=dict)
    """For each reduction in windows that are closed one day the greatest time at which all that were open would be."""

    def digests(self) -> dict[str, Digest]:
        """For each part that of all its rows."""
        found: dict[str, Digest] = {}
        for shard in self.each:
            for part, digest in shard.digests.items():
                found[part] = added(found.get(part, EMPTY), digest)
        return found

    @property
    def files(self) -> frozenset[str]:
        """The names of all runs."""
        return frozenset(run.name for shard in self.each for run in shard.runs)


@dataclass(frozen=True)
class ShardJob:
    """What is the same for all shards and epochs of a run, for those who keep a shard."""

    plan: ShardPlan
    directory: Path
    """The state directory, by a path that all processes know it by."""

    durable: bool
    """Whether files are to outlast a power cut."""


@dataclass(frozen=True)
class ShardEpoch:
    """What is the same for all shards of an epoch."""

    number: int
    stamps: Mapping[str, int]
    """What the column `time` may hold."""

    spans: Mapping[str, Span] = field(default_factory=dict)
    """For each reduction in windows from when to when its event time goes."""


@dataclass(frozen=True)
class ShardChanges:
    """What an epoch has changed in a shard, as whoever keeps it hands it in."""

    shard: Shard
    """What it is now."""

    excluded: Mapping[str, Sequence[int]]
    """As `Shards` has it, those of the epoch alone."""

    lines: Sequence[Sequence[tuple[bytes, bytes]]]
    """For each result output the keys whose rows have changed, in order, and the lines of these changes."""

    closed: Sequence[Sequence[tuple[bytes, bytes]]]
    """The same of rows that go with windows that are closed; they come behind all others."""

    horizons: Mapping[str, Moment]
    """As `Shards` has it, of the windows of keys that were looked at."""


def latest(one: Mapping[str, Moment], other: Mapping[str, Moment]) -> dict[str, Moment]:
    """The greatest horizon of each reduction."""
    return {**one, **{part: max(time, one.get(part, time)) for part, time in other.items()}}


def shard_of(key: bytes, count: int) -> int:
    """The shard of a key, or of an instance; `split` of the core has the same."""
    return crc32(key) % count


def added(one: Digest, other: Digest, sign: int = 1) -> Digest:
    """The digest of the rows of both; with the sign -1 of the one without the other's."""
    return one[0] + sign * other[0], (one[1] + sign * other[1]) % 2**64


def absorbed(runs: Sequence[Run], rows: int) -> int:
    """How many of the last runs go into a new one of so many rows."""
    count = 0
    for run in reversed(runs):
        if run.rows >= rows * _GROWTH:
            break
        rows += run.rows
        count += 1
    return count


def packed(shards: Shards) -> dict[str, Any]:
    """As JSON has it."""
    each = [
        [[[run.name, run.rows, run.size, run.crc32] for run in shard.runs], shard.digests]
        for shard in shards.each
    ]
    horizons = {"horizons": shards.horizons} if shards.horizons else {}
    return {"each": each, "excluded": shards.excluded, **horizons}


def unpacked(stored: Mapping[str, Any]) -> Shards:
    """What `packed` has made, checked by `check`."""
    return Shards(
        tuple(
            Shard(
                tuple(Run(*run) for run in runs),
                {part: (keys, total) for part, (keys, total) in digests.items()},
            )
            for runs, digests in stored["each"]
        ),
        {part: tuple(counts) for part, counts in stored["excluded"].items()},
        stored.get("horizons", {}),
    )


def _name(value: Json) -> None:
    if not (isinstance(value, str) and _NAME.fullmatch(value)):
        raise ShapeError("no name of a file of a shard")


def _time(value: Json) -> None:
    if isinstance(value, float) and math.isfinite(value):
        return
    _INTEGER(value)


_RUN: Final = fixed(_name, _COUNT, _COUNT, integer(0, 2**32 - 1))
_SHARD: Final = fixed(array(_RUN), table(fixed(_COUNT, integer(0, 2**64 - 1))))
_SHAPES: Final = {"each": array(_SHARD), "excluded": table(array(_COUNT))}
_SHAPE: Final = only(_SHAPES)
_WITH_HORIZONS: Final = only({**_SHAPES, "horizons": table(_time)})


def check(run: Mapping[str, Json]) -> None:
    """Raises ShapeError if the shards in the run of a checkpoint are not what a run writes; there may be none."""
    if "shards" not in run:
        return
    stored = run["shards"]
    shape = _WITH_HORIZONS if isinstance(stored, dict) and "horizons" in stored else _SHAPE
    within("run: shards", shape, stored)
    found = unpacked(run["shards"])
    if not found.each:
        raise ShapeError("run: shards: there are none")
    kept = {part: tuple(digest) for part, digest in run["digests"].items()}
    own = dict.fromkeys(kept, EMPTY) | found.digests()
    if own != kept:
        raise ShapeError("run: shards: their digests are not those of the parts")
