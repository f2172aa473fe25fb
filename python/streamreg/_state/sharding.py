"""Checkpoint: what is kept by keys is cut into shards, or into another number of them, row by row.

The rows come from the database of a state, or from the runs of its shards, and go into the first runs of the new ones.
All of them are checked on the way, as they are where a state is loaded.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from itertools import chain, groupby
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING

from streamreg._core import KeyedReduction, WindowReduction
from streamreg._exceptions import CorruptStateError, MismatchError
from streamreg._state import keyed_rows
from streamreg._state.checkpoint import Checkpoint
from streamreg._state.errors import damaged
from streamreg._state.keyed_parts import empty_parts
from streamreg._state.keyed_rows import EMPTY, Changes, Digest, as_changes, load, pieces
from streamreg._state.open_runs import ShardReader
from streamreg._state.shard_runs import Row, RunWriter
from streamreg._state.shards import OPEN_WINDOW, Shard, Shards, added, latest, shard_of

if TYPE_CHECKING:
    from streamreg._plan.sharded import ShardPlan
    from streamreg._types import Moment


def empty(count: int) -> Shards:
    """So many shards without a key."""
    return Shards((Shard(),) * count)


def cut(
    directory: Path,
    checkpoint: Checkpoint,
    rows: Iterable[Row],
    count: int,
    plan: ShardPlan,
    times: Mapping[str, Moment | None],
    *,
    durable: bool,
) -> Shards:
    """So many shards of the rows of a checkpoint, of which each part is in one piece or several.

    `times` say of each reduction in windows how far its event time is.

    Raises:
        StateError: if they are not those that were saved with it, or the disk does not take them.
    """
    with ExitStack() as stack:
        writers = []
        for shard in range(count):
            writers.append(RunWriter(directory, shard, checkpoint.epochs))
            stack.callback(writers[-1].drop)
        cutting = _Cutting(checkpoint, writers, plan, times)
        try:
            for part, own in cutting.pieces(rows):
                cutting.put(part, own)
        except (CorruptStateError, MismatchError) as error:
            raise damaged(directory, str(error)) from None
        runs = [writer.finish(oldest=True, durable=durable) for writer in writers]
    check_digests(directory, cutting.read, checkpoint)
    return Shards(
        tuple(Shard(*of) for of in zip(runs, cutting.digests, strict=True)),
        {part: tuple(counts) for part, counts in cutting.excluded.items()},
        cutting.horizons,
    )


class _Cutting:
    """Rows on their way into the first runs of shards."""

    def __init__(
        self,
        checkpoint: Checkpoint,
        writers: Sequence[RunWriter],
        plan: ShardPlan,
        times: Mapping[str, Moment | None],
    ) -> None:
        self._checkpoint = checkpoint
        self._writers = writers
        self._times = times
        self._waits = {one.part for one in plan.reductions if one.waits}
        self._windows: dict[str, tuple[bytes, WindowReduction]] = {}
        """Of each part of windows what stands before its keys in those of entries, and what knows these."""

        for one in plan.reductions:
            made = one.empty()
            if isinstance(made, WindowReduction):
                self._windows[one.part] = b"", made
                outputs = (f"changelog {at}" for at, _ in one.outputs)
                self._windows |= dict.fromkeys(outputs, (OPEN_WINDOW, made))
        self._known = empty_parts(checkpoint)
        self.read: dict[str, Digest] = {}
        """Of all rows that were put."""

        self.digests: list[dict[str, Digest]] = [{} for _ in writers]
        self.excluded: dict[str, list[int]] = {}
        self.horizons: dict[str, Moment] = {}

    def pieces(self, rows: Iterable[Row]) -> Iterator[tuple[str, list[Row]]]:
        """Some rows of a part at a time: all of an instance of windows are in one piece."""
        waiting: list[tuple[str, bytes | None, Row]] = []
        for piece in pieces(rows):
            waiting += ((row[0], self._place(row), row) for row in piece)
            end = len(waiting)
            while end and waiting[end - 1][:2] == waiting[-1][:2]:
                end -= 1
            yield from _by_part(waiting[:end])
            waiting = waiting[end:]
        yield from _by_part(waiting)

    def _place(self, row: Row) -> bytes | None:
        """What a row is put into a shard by: its key, or the instance of its window; None of what is in none."""
        part, key = row[:2]
        if not isinstance(key, bytes):
            raise CorruptStateError(f"a row of {part} has another type")
        if part not in self._windows:
            return key
        before, windows = self._windows[part]
        return windows.instance_of(before + key)

    def put(self, part: str, rows: Sequence[Row]) -> None:
        """Takes some rows of a part. Raises CorruptStateError if one is damaged, or no row of it."""
        if part not in self._known:
            raise CorruptStateError("there are rows of a part that its job does not have")
        loaded = empty_parts(self._checkpoint)[part]
        self.read[part] = added(self.read.get(part, EMPTY), load(part, rows, loaded))
        if isinstance(loaded, KeyedReduction | WindowReduction):
            counts = loaded.excluded()
            before = self.excluded.get(part, [0] * len(counts))
            self.excluded[part] = [one + more for one, more in zip(before, counts, strict=True)]
        by_shard: dict[int, list[Row]] = {}
        for row in rows:
            if (place := self._place(row)) is not None:
                by_shard.setdefault(shard_of(place, len(self._writers)), []).append(row)
        for shard, owned in by_shard.items():
            self._writers[shard].put(part, as_changes(owned))
            more = (len(owned), sum(kept for *_, kept in owned))
            self.digests[shard][part] = added(self.digests[shard].get(part, EMPTY), more)
        if isinstance(loaded, WindowReduction) and part in self._waits:
            self._put_due(part, loaded)

    def _put_due(self, part: str, windows: WindowReduction) -> None:
        """Says when something is to be done about windows, of which all of each instance are here."""
        windows.resume(self._times[part])
        by_shard: dict[int, dict[bytes, Moment | None]] = {}
        for instance, at in windows.next_due():
            by_shard.setdefault(shard_of(instance, len(self._writers)), {})[instance] = at
        for shard, due in by_shard.items():
            self._writers[shard].put_due(part, due)
        if (horizon := windows.horizon()) is not None:
            self.horizons = latest(self.horizons, {part: horizon})


def _by_part(rows: Sequence[tuple[str, bytes | None, Row]]) -> Iterator[tuple[str, list[Row]]]:
    for part, own in groupby(rows, itemgetter(0)):
        yield part, [row for *_, row in own]


def check_digests(directory: Path, digests: Mapping[str, Digest], checkpoint: Checkpoint) -> None:
    """Raises StateError if rows with these digests are not those of a checkpoint."""
    if digests != {part: own for part, own in checkpoint.digests.items() if own != EMPTY}:
        raise damaged(directory, "its keys are not those that were saved last")


def together(directory: Path, checkpoint: Checkpoint, shards: Shards) -> Checkpoint:
    """A checkpoint with what is in shards in its database: their rows are to be written there, part by part.

    Its `moved` says which other names the parts have in it, and which are gone.
    """
    changes: dict[str, Iterable[Changes]] = {}
    digests = dict(checkpoint.digests)
    parts = empty_parts(checkpoint)
    for old in {**shards.digests(), **shards.excluded}:
        new = checkpoint.moved.get(old, old)
        if new is None:
            continue
        changes[new] = _changes(directory, shards, old)
        windows = parts.get(new)
        if isinstance(windows, WindowReduction) and old in shards.excluded:
            # A row of its own says how many rows are excluded: of those in shards the checkpoint does.
            windows.exclude(shards.excluded[old])
            changes[new] = chain(changes[new], keyed_rows.changes(windows))
            digests[new] = added(digests[new], windows.digest())
    return replace(checkpoint, shards=None, digests=digests, changes=changes)


def _changes(directory: Path, shards: Shards, part: str) -> Iterator[Changes]:
    with ShardReader(directory, shards.each) as reader:
        for piece in pieces(reader.rows(part)):
            yield as_changes(piece)
