"""Spark, on executors: what tasks do with what is kept by keys, where they own it: a shard of the keys each.

Tasks that read cut their partial states by the shard of each key, and keep them for the second job of the batch. By
then the driver has said which ranges count. A task of that job is given what all have for its shard, and changes it.
"""

from __future__ import annotations

import pickle
import traceback
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from streamreg._core import KeyedReduction, Reduction
from streamreg._dataclass import dataclass
from streamreg._epoch.shard import merged
from streamreg._spark.work import Shared, do_read, packed_done, shared_task, unpacked
from streamreg._worker.mailbox import Failure
from streamreg._worker.worker import is_known

if TYPE_CHECKING:
    from streamreg._plan.row_plan import RowPlan
    from streamreg._spark.work import Numbered
    from streamreg._state.shards import Shard, ShardChanges, ShardEpoch
    from streamreg._worker.partial import Partial

Progress: TypeAlias = Mapping[int, tuple[int, int]]
"""For each partition the offsets [from, to)."""


class Kept(NamedTuple):
    """What a task that reads has for the second job, and what it hands in at once."""

    number: int
    done: bytes
    """As `work.read` has it, without what is in shards."""

    pieces: list[tuple[Progress, list[list[bytes]]]]
    """For each partial what it has read, and for each shard the states of each reduction."""


@dataclass(frozen=True)
class Step:
    """The second job of a batch."""

    progress: Progress
    """What counts of what was read; nothing, if event time alone goes on."""

    epoch: ShardEpoch
    shards: tuple[Shard, ...]


class StaleError(Exception):
    """What was read is not what the driver knows of: a task was lost, and has read less or more at its second time."""


def read(shared: Shared, count: int, index: int, pieces: Iterable[bytes]) -> Iterator[Kept]:
    """The task of a batch with this index, whose states are cut into so many shards."""
    for piece in pieces:
        done = do_read(shared, pickle.loads(piece))
        kept: list[tuple[Progress, list[list[bytes]]]] = []
        if done.failure is None:
            plan = shared_task(shared).plan
            kept = [(partial.progress, _cut(plan, partial, count)) for partial in done.partials]
        yield Kept(index, packed_done(done), kept)


def _cut(plan: RowPlan, partial: Partial, count: int) -> list[list[bytes]]:
    """Takes what is kept by keys out of a partial, for each shard."""
    cut: list[list[bytes]] = [[] for _ in range(count)]
    for at, reducing in enumerate(plan.reductions if partial.rows else ()):
        whole = reducing.empty()
        if isinstance(whole, Reduction):
            continue
        if isinstance(whole, KeyedReduction):
            whole.merge(partial.states[at])
            states = whole.split(count)
        else:
            states = whole.split(partial.states[at], count)
        partial.states[at] = b""
        for own, state in zip(cut, states, strict=True):
            own.append(state)
    return cut


def handed_in(kept: Kept) -> Numbered:
    """What goes to the driver at once."""
    return kept.number, kept.done


def shuffled(progress: Progress, kept: Kept) -> Iterator[tuple[int, bytes]]:
    """What counts of it, by shard."""
    for own, cut in kept.pieces:
        if all(_within(progress.get(p), read) for p, read in own.items()):
            for shard, states in enumerate(cut):
                yield shard, pickle.dumps((own, states), pickle.HIGHEST_PROTOCOL)


def _within(progress: tuple[int, int] | None, read: tuple[int, int]) -> bool:
    return progress is not None and progress[0] <= read[0] and read[1] <= progress[1]


def change(
    job: Shared, step: Step, index: int, pieces: Iterable[tuple[int, bytes]]
) -> Iterator[bytes]:
    """The task that changes the shard with this index: what it hands in, or how it has failed."""
    handed: ShardChanges | Failure
    try:
        handed = merged(
            unpacked(job), step.epoch, index, step.shards[index], _states(step.progress, pieces)
        )
    except StaleError:
        # Done again, it would be given the same: the whole batch is.
        raise
    except BaseException as error:  # a function of the user's may raise anything
        handed = Failure(error if is_known(error) else None, traceback.format_exc())
    yield pickle.dumps(handed, pickle.HIGHEST_PROTOCOL)


def _states(progress: Progress, pieces: Iterable[tuple[int, bytes]]) -> Iterator[list[bytes]]:
    """The states for a shard. Raises StaleError at their end if they are not those of all that counts, each once."""
    ranges: dict[int, list[tuple[int, int]]] = {p: [] for p in progress}
    for _, packed in pieces:
        own, states = pickle.loads(packed)
        for p, read in own.items():
            ranges[p].append(read)
        if states:
            yield states
    for p, (start, end) in progress.items():
        at = start
        for begins, ends in sorted(ranges[p]):
            if begins != at:
                raise StaleError
            at = ends
        if at != end:
            raise StaleError
