"""Epoch: what an epoch changes in one shard: merge → solve → changelog, in a process that holds nothing else.

Of the keys that the epoch has rows of, and of these alone, the stored rows are read; what has changed of them is one
new run. Nothing that was there before is changed, so that it can be done again, by anyone, with the same result.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from streamreg._core import Changelog, KeyedReduction
from streamreg._epoch.changed_rows import changed_rows
from streamreg._exceptions import CorruptStateError, MismatchError
from streamreg._state.errors import damaged
from streamreg._state.keyed_rows import EMPTY, Digest, changes, load
from streamreg._state.shard_runs import OpenRuns, RunWriter
from streamreg._state.shards import Shard, ShardChanges, absorbed, added

if TYPE_CHECKING:
    from streamreg._plan.sharded import ShardedReduction
    from streamreg._state.shards import ShardEpoch, ShardJob

Made = TypeVar("Made", KeyedReduction, Changelog)


def merged(
    job: ShardJob, epoch: ShardEpoch, index: int, shard: Shard, partials: Iterable[Sequence[bytes]]
) -> ShardChanges:
    """What an epoch changes in the shard with this index.

    Args:
        job: what is kept.
        epoch: which epoch it is.
        index: the number of the shard.
        shard: what the last checkpoint says of it.
        partials: exact partial states of its keys, of each reduction one.

    Raises:
        StateError: if what is stored is missing or damaged, or the disk takes no more.
        Exception: whatever a function in `apply` raises, with a note about the row.
    """
    deltas = [one.empty() for one in job.plan.reductions]
    for states in partials:
        for delta, state in zip(deltas, states, strict=True):
            delta.merge(state)
    lines: list[list[tuple[bytes, bytes]]] = [[] for _ in range(job.plan.outputs)]
    excluded: dict[str, Sequence[int]] = {}
    kept: list[_Kept] = []
    with OpenRuns(job.directory, shard) as runs:
        for one, delta in zip(job.plan.reductions, deltas, strict=True):
            if len(delta):
                excluded[one.part] = delta.excluded()
                own = _Reduction(job, runs, one, delta)
                own.solve(epoch.stamps, lines)
                kept += own.kept()
    return ShardChanges(_stored(job, epoch, index, shard, kept), excluded, lines)


class _Kept(NamedTuple):
    """A part, with some of its keys."""

    part: str
    before: Digest
    """Of these keys, before they were changed."""

    now: KeyedReduction | Changelog


class _Reduction:
    """One reduction, with those keys alone that an epoch has rows of."""

    def __init__(
        self, job: ShardJob, runs: OpenRuns, plan: ShardedReduction, delta: KeyedReduction
    ) -> None:
        keys = [key for key, _ in delta.first()]
        try:
            self._reduction, self._before = _loaded(plan.empty(), runs, plan.part, keys)
            self._changelogs = [
                _loaded(Changelog(), runs, f"changelog {at}", keys) for at, _ in plan.outputs
            ]
        except (CorruptStateError, MismatchError) as error:
            raise damaged(job.directory, str(error)) from None
        self._reduction.merge(delta.to_bytes())
        self._plan = plan

    def solve(self, stamps: Mapping[str, int], lines: list[list[tuple[bytes, bytes]]]) -> None:
        """Appends what changes of each output."""
        for found in changed_rows(self._plan.result, self._reduction):
            for (at, time), rows, (changelog, _) in zip(
                self._plan.outputs, found, self._changelogs, strict=True
            ):
                lines[at] += changelog.update_each(
                    rows.keys, rows.present, rows.packed, stamps[time]
                )

    def kept(self) -> Iterator[_Kept]:
        """The parts that are kept of it."""
        yield _Kept(self._plan.part, self._before, self._reduction)
        for (at, _), (changelog, before) in zip(self._plan.outputs, self._changelogs, strict=True):
            yield _Kept(f"changelog {at}", before, changelog)


def _loaded(made: Made, runs: OpenRuns, part: str, keys: Sequence[bytes]) -> tuple[Made, Digest]:
    """A part with what is stored of these keys, and the digest of that."""
    load(part, runs.find(part, keys), made)
    return made, made.digest()


def _stored(
    job: ShardJob, epoch: ShardEpoch, index: int, shard: Shard, kept: Sequence[_Kept]
) -> Shard:
    """What a shard is with a run of what has changed; older runs that are not much larger go into it."""
    rows = sum(one.now.changed() for one in kept)
    if not rows:
        return shard
    first = len(shard.runs) - absorbed(shard.runs, rows)
    writer = RunWriter(job.directory, index, epoch.number)
    try:
        for run in shard.runs[first:]:
            writer.copy(run)
        for one in kept:
            for piece in changes(one.now):
                writer.put(one.part, piece)
        runs = writer.finish(oldest=first == 0, durable=job.durable)
    finally:
        writer.drop()
    digests = dict(shard.digests)
    for one in kept:
        others = added(digests.get(one.part, EMPTY), one.before, -1)
        digests[one.part] = added(others, one.now.digest())
    return Shard((*shard.runs[:first], *runs), digests)
