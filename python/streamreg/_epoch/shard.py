"""Epoch: what an epoch changes in one shard: merge → solve → changelog, in a process that holds nothing else.

Of the keys and windows that the epoch changes, and of these alone, the stored rows are read; what has changed of them
is one new run. Nothing that was there before is changed, so that it can be done again, by anyone, with the same result.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from streamreg._epoch.shard_reductions import Found, begun
from streamreg._exceptions import CorruptStateError, MismatchError
from streamreg._state.errors import damaged
from streamreg._state.keyed_rows import EMPTY, changes
from streamreg._state.open_runs import OpenRuns
from streamreg._state.shard_runs import RunWriter
from streamreg._state.shards import Shard, ShardChanges, absorbed, added

if TYPE_CHECKING:
    from streamreg._state.shards import ShardEpoch, ShardJob


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
    reductions = [begun(plan) for plan in job.plan.reductions]
    for states in partials:
        for reduction, state in zip(reductions, states, strict=True):
            reduction.add(state)
    outputs = range(job.plan.outputs)
    found = Found([[] for _ in outputs], [[] for _ in outputs])
    with OpenRuns(job.directory, shard) as runs:
        try:
            for reduction in reductions:
                reduction.change(runs, epoch, found)
        except (CorruptStateError, MismatchError) as error:
            raise damaged(job.directory, str(error)) from None
    stored = _stored(job, epoch, index, shard, found)
    return ShardChanges(stored, found.excluded, found.lines, found.closed, found.horizons)


def _stored(job: ShardJob, epoch: ShardEpoch, index: int, shard: Shard, found: Found) -> Shard:
    """What a shard is with a run of what has changed; older runs that are not much larger go into it."""
    rows = sum(one.now.changed() for one in found.kept) + sum(map(len, found.due.values()))
    if not rows:
        return shard
    first = len(shard.runs) - absorbed(shard.runs, rows)
    writer = RunWriter(job.directory, index, epoch.number)
    try:
        for run in shard.runs[first:]:
            writer.copy(run)
        for one in found.kept:
            for piece in changes(one.now):
                writer.put(one.part, piece)
        for part, due in found.due.items():
            writer.put_due(part, due)
        runs = writer.finish(oldest=first == 0, durable=job.durable)
    finally:
        writer.drop()
    digests = dict(shard.digests)
    for one in found.kept:
        others = added(digests.get(one.part, EMPTY), one.before, -1)
        digests[one.part] = added(others, one.now.digest())
    return Shard((*shard.runs[:first], *runs), digests)
