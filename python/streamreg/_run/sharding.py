"""Run: what is kept by keys goes into shards that an engine keeps, or comes back out of them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from streamreg._epoch.event_clocks import EventClocks
from streamreg._epoch.sharded_keys import ShardedKeys
from streamreg._exceptions import ConfigurationError, StateError
from streamreg._plan.sharded import sharded
from streamreg._state import sharding
from streamreg._state.keyed_rows import EMPTY
from streamreg._state.open_runs import ShardReader
from streamreg._state.shard_runs import make_folder
from streamreg._state.shards import ShardJob

if TYPE_CHECKING:
    from streamreg._plan.plan import Plan
    from streamreg._plan.sharded import ShardPlan
    from streamreg._state.checkpoint import Checkpoint
    from streamreg._state.keyed_rows import StoredRow
    from streamreg._state.shards import Shards
    from streamreg._state.store import Store
    from streamreg._types import Moment


def check(plan: Plan, *, state: bool, listen: bool) -> None:
    """Before anything is opened: can what is kept by keys be in shards?

    Raises:
        ConfigurationError: naming what cannot be.
    """
    sharded(plan)
    if not state:
        raise ConfigurationError(
            "engine: shards: they are files of a state: give state=, in a folder that all executors reach"
        )
    if listen:
        raise ConfigurationError(
            "listen: it serves the tables of one process, and those by keys are in none where there are shards: "
            "leave out one of the two"
        )


def placed(
    plan: Plan, count: int | None, store: Store, first: Checkpoint
) -> tuple[Checkpoint, ShardedKeys | None]:
    """The checkpoint at which a run begins, with what is kept by keys in so many shards; with none in its database.

    Raises:
        StateError: if what is stored is damaged, or the disk takes no more.
    """
    if count is None:
        if first.shards is None:
            return first, None
        return sharding.together(store.directory, first, first.shards), None
    if first.rewrite:
        raise StateError(
            "the job was changed so that an output begins anew with the rows of all keys at once: run it once without "
            "shards"
        )
    directory = store.directory.absolute()
    durable = store.durability == "power"
    make_folder(directory)
    shards, moved = first.shards, first.moved
    own = sharded(plan)
    if shards is None or len(shards.each) != count or moved:
        shards = sharding.empty(count)
        if first.digests:
            times = _times(plan, first)
            with _rows(store, first) as rows:
                shards = sharding.cut(directory, first, rows, count, own, times, durable=durable)
        if first.shards is not None:
            shards = replace(shards, excluded=_excluded(own, first.shards, moved, shards))
    if first.shards is None:
        moved = dict.fromkeys({*moved, *first.digests})
    keys = ShardedKeys(ShardJob(own, directory, durable), shards)
    digests = {**dict.fromkeys(first.digests, EMPTY), **shards.digests()}
    return replace(first, shards=shards, moved=moved, digests=digests), keys


def _times(plan: Plan, first: Checkpoint) -> dict[str, Moment | None]:
    """For each reduction in windows how far its event time is."""
    clocks = EventClocks(plan.rows.clocks, first.times, ())
    return {
        f"reduction {index}": clocks.time(one.windows.clock, first.offsets)
        for index, one in enumerate(plan.rows.reductions)
        if one.windows is not None
    }


def _excluded(
    plan: ShardPlan, before: Shards, moved: Mapping[str, str | None], now: Shards
) -> dict[str, tuple[int, ...]]:
    """Of rows in windows that are in shards no row says how many are excluded: their checkpoint does."""
    found = dict(now.excluded)
    windows = {one.part for one in plan.reductions if one.reducing.windows is not None}
    for part, counts in before.excluded.items():
        if (new := moved.get(part, part)) is not None and new in windows:
            found[new] = counts
    return found


@contextlib.contextmanager
def _rows(store: Store, first: Checkpoint) -> Iterator[Iterable[StoredRow]]:
    """The rows of the last checkpoint, by the names that their parts have in this one."""
    with contextlib.ExitStack() as stack:
        rows: Iterable[StoredRow]
        if first.shards is None:
            rows = store.keyed_rows()
        else:
            rows = stack.enter_context(ShardReader(store.directory, first.shards.each)).rows()
        names = ((first.moved.get(row[0], row[0]), *row[1:]) for row in rows)
        yield (row for row in names if row[0] is not None)
