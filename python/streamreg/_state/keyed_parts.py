"""Checkpoint: what is kept by keys goes from the database into the objects that a run works with."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from streamreg._core import Changelog, Reduction, WindowReduction
from streamreg._exceptions import CorruptStateError
from streamreg._state import keyed_rows
from streamreg._state.checkpoint import Checkpoint, KeyedPart
from streamreg._state.checkpoint_shape import made_of
from streamreg._state.open_runs import ShardReader
from streamreg._state.upserted_rows import PART, CountedRows


def load_parts(
    database: sqlite3.Connection, checkpoint: Checkpoint | None, directory: Path
) -> None:
    """Gives a checkpoint the parts that are kept by keys, which its job and its digests name.

    They are in the database, or in shards, of a state in this directory.

    Raises:
        CorruptStateError: if they are not what was saved with it.
    """
    parts = {} if checkpoint is None else empty_parts(checkpoint)
    counted = {PART: CountedRows()} if checkpoint and PART in checkpoint.digests else {}
    digests = keyed_rows.read(database, {**parts, **counted})
    if checkpoint is not None and checkpoint.shards is not None:
        if digests:
            raise CorruptStateError("there are rows of keys beside its shards")
        with ShardReader(directory, checkpoint.shards.each) as reader:
            digests = keyed_rows.read_rows(reader.rows(), parts)
        for part, counts in checkpoint.shards.excluded.items():
            if isinstance(windows := parts.get(part), WindowReduction):
                windows.exclude(counts)
    if checkpoint is None:
        return
    if digests != {part: g for part, g in checkpoint.digests.items() if g != keyed_rows.EMPTY}:
        raise CorruptStateError("its keys are not those that were saved last")
    checkpoint.keyed = parts


def empty_parts(checkpoint: Checkpoint) -> dict[str, KeyedPart]:
    """The parts that the digests of a checkpoint name, without a row. Raises CorruptStateError if its job has none."""
    parts: dict[str, KeyedPart] = {}
    for index, reduction in enumerate(checkpoint.job["reductions"]):
        if (part := f"reduction {index}") in checkpoint.digests:
            made = made_of(reduction)
            if isinstance(made, Reduction):
                raise CorruptStateError(f"{part} is not by keys")
            parts[part] = made
    for index in range(len(checkpoint.changelogs)):
        if (part := f"changelog {index}") in checkpoint.digests:
            parts[part] = Changelog()
    known = {*parts, *([PART] if checkpoint.job.get("upsert") else ())}
    if unknown := checkpoint.digests.keys() - known:
        raise CorruptStateError(f"its job has no {min(unknown)}")
    return parts
