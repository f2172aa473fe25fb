"""Checkpoint: what is kept by keys is cut into shards, or into another number of them, row by row.

The rows come from the database of a state, or from the runs of its shards, and go into the first runs of the new ones.
All of them are checked on the way, as they are where a state is loaded.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from itertools import groupby
from operator import itemgetter
from pathlib import Path

from streamreg._core import Changelog, KeyedReduction
from streamreg._exceptions import CorruptStateError, MismatchError
from streamreg._state.checkpoint import Checkpoint
from streamreg._state.errors import damaged
from streamreg._state.keyed_parts import empty_parts
from streamreg._state.keyed_rows import EMPTY, Changes, Digest, as_changes, load, pieces
from streamreg._state.shard_runs import Row, RunWriter, ShardReader
from streamreg._state.shards import Shard, Shards, added, shard_of


def empty(count: int) -> Shards:
    """So many shards without a key."""
    return Shards((Shard(),) * count)


def cut(
    directory: Path, checkpoint: Checkpoint, rows: Iterable[Row], count: int, *, durable: bool
) -> Shards:
    """So many shards of the rows of a checkpoint, of which each part is in one piece or several.

    Raises:
        StateError: if they are not those that were saved with it, or the disk does not take them.
    """
    parts = empty_parts(checkpoint)
    excluded: dict[str, list[int]] = {}
    digests: list[dict[str, Digest]] = [{} for _ in range(count)]
    with ExitStack() as stack:
        writers = []
        for shard in range(count):
            writers.append(RunWriter(directory, shard, checkpoint.epochs))
            stack.callback(writers[-1].drop)
        for piece in pieces(rows):
            for part, of_part in groupby(piece, itemgetter(0)):
                if part not in parts:
                    raise damaged(directory, "there are rows of a part that its job does not have")
                own = list(of_part)
                try:
                    _count_excluded(part, own, checkpoint, excluded)
                except (CorruptStateError, MismatchError) as error:
                    raise damaged(directory, str(error)) from None
                for shard, owned in _by_shard(own, count).items():
                    writers[shard].put(part, as_changes(owned))
                    more = (len(owned), sum(kept for _, _, _, kept in owned))
                    digests[shard][part] = added(digests[shard].get(part, EMPTY), more)
        runs = [writer.finish(oldest=True, durable=durable) for writer in writers]
    found = Shards(
        tuple(Shard(*of) for of in zip(runs, digests, strict=True)),
        {part: tuple(counts) for part, counts in excluded.items()},
    )
    check_digests(directory, found.digests(), checkpoint)
    return found


def check_digests(directory: Path, digests: Mapping[str, Digest], checkpoint: Checkpoint) -> None:
    """Raises StateError if rows with these digests are not those of a checkpoint."""
    if digests != {part: own for part, own in checkpoint.digests.items() if own != EMPTY}:
        raise damaged(directory, "its keys are not those that were saved last")


def _count_excluded(
    part: str, rows: Sequence[Row], checkpoint: Checkpoint, excluded: dict[str, list[int]]
) -> None:
    """Raises CorruptStateError if a row is damaged, or no row of its part."""
    loaded = empty_parts(checkpoint)[part]
    load(part, rows, loaded)
    if isinstance(loaded, Changelog):
        return
    if not isinstance(loaded, KeyedReduction):
        raise CorruptStateError(f"{part} is of windows, which are in no shard")
    counts = loaded.excluded()
    before = excluded.get(part, [0] * len(counts))
    excluded[part] = [one + more for one, more in zip(before, counts, strict=True)]


def _by_shard(rows: Iterable[Row], count: int) -> dict[int, list[Row]]:
    found: dict[int, list[Row]] = {}
    for row in rows:
        found.setdefault(shard_of(row[1], count), []).append(row)
    return found


def changes(
    directory: Path, shards: Shards, moved: Mapping[str, str | None]
) -> dict[str, Iterator[Changes]]:
    """All rows of shards, part by part, for a checkpoint that keeps them in its database.

    `moved` says which other names the parts have in it, and which are gone.
    """
    names = {part: moved.get(part, part) for part in shards.digests()}
    return {new: _changes(directory, shards, old) for old, new in names.items() if new is not None}


def _changes(directory: Path, shards: Shards, part: str) -> Iterator[Changes]:
    with ShardReader(directory, shards.each) as reader:
        for piece in pieces(reader.rows(part)):
            yield as_changes(piece)
