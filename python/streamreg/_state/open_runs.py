"""Checkpoint: the runs of shards, opened: to look for some keys of one, or to read all rows of several."""

from __future__ import annotations

import contextlib
import heapq
import math
import sqlite3
from collections.abc import Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Self

from streamreg._state import due_rows
from streamreg._state.errors import damaged, errors
from streamreg._state.keyed_rows import StoredRow, checksum
from streamreg._state.shard_runs import Row, check_schema, checked, uri
from streamreg._state.shards import Run, Shard

if TYPE_CHECKING:
    from streamreg._state.shards import Span
    from streamreg._types import Moment


class OpenRuns:
    """The runs of a shard, to look for some of its keys."""

    def __init__(self, directory: Path, shard: Shard) -> None:
        """Raises StateError if a file is missing or damaged."""
        self._directory = directory
        self._paths = [(run, checked(directory, run)) for run in shard.runs]
        self._database = sqlite3.connect(":memory:", isolation_level=None, uri=True)
        self._database.execute(
            "CREATE TABLE wanted (key BLOB PRIMARY KEY, behind BLOB NOT NULL) WITHOUT ROWID"
        )
        self._wanted: Sequence[bytes] = ()

    def find(self, part: str, keys: Sequence[bytes]) -> list[StoredRow]:
        """The rows of a part for these keys, of those that it has: not looked at yet."""
        return self._find(part, keys, "r.key = w.key")

    def find_within(self, part: str, beginnings: Sequence[bytes]) -> list[StoredRow]:
        """The same of all keys that begin with whole cells."""
        return self._find(part, beginnings, "r.key >= w.key AND r.key < w.behind")

    def _find(self, part: str, keys: Sequence[bytes], which: str) -> list[StoredRow]:
        found: dict[bytes, StoredRow] = {}
        with errors(self._directory):
            self._want(keys)
            for _ in self._each():
                # CROSS: the keys in their order, each looked for.
                rows = self._database.execute(
                    "SELECT r.part, r.key, r.value, r.checksum FROM wanted w CROSS JOIN run.run r "
                    f"ON r.part = ? AND {which}",
                    [part],
                )
                found.update((row[1], row) for row in rows)
        return [row for row in found.values() if row[2] is not None]

    def due(self, part: str, span: Span) -> list[bytes]:
        """The instances of a part that become due later than the first time, up to the second."""
        before, now = span
        if now is None:
            return []
        some: set[bytes] = set()
        found: dict[bytes, Moment | None] = {}
        with errors(self._directory):
            for has_due in self._each():
                if has_due:
                    some.update(due_rows.within(self._database, "run", part, span))
            # A newer run may say otherwise.
            self._want(sorted(some))
            for has_due in self._each():
                if has_due:
                    found |= due_rows.of_wanted(self._database, "run", part)
        least = -math.inf if before is None else before
        return [one for one, at in found.items() if at is not None and least < at <= now]

    def _each(self) -> Iterator[bool]:
        """The runs in turn, the oldest first, each by the name of run; whether it says when instances are due."""
        for run, path in self._paths:
            self._database.execute("ATTACH ? AS run", [uri(path)])
            yield check_schema(self._database, "run", self._directory, run)
            self._database.execute("DETACH run")

    def _want(self, keys: Sequence[bytes]) -> None:
        """Puts the keys where they can be looked for; those of one reduction are those of its outputs too."""
        if keys is not self._wanted:
            self._database.execute("DELETE FROM wanted")
            self._database.execute("BEGIN")
            # No cell of a key begins with this byte, and none is the beginning of another with something else behind.
            rows = ((key, key + b"\xff") for key in keys)
            self._database.executemany("INSERT INTO wanted VALUES (?, ?)", rows)
            self._database.execute("COMMIT")
            self._wanted = keys

    def close(self) -> None:
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class ShardReader:
    """All rows of some shards. Files are opened at once: what a run removes meanwhile can still be read."""

    def __init__(self, directory: Path, shards: Sequence[Shard]) -> None:
        """Raises StateError if a file is missing or damaged."""
        self._directory = directory
        self._open = contextlib.ExitStack()
        try:
            self._shards = [[self._opened(run) for run in shard.runs] for shard in shards]
        except BaseException:
            self._open.close()
            raise

    def _opened(self, run: Run) -> sqlite3.Connection:
        path = checked(self._directory, run)
        with errors(self._directory):
            database = sqlite3.connect(uri(path), isolation_level=None, uri=True)
            self._open.callback(database.close)
            check_schema(database, "main", self._directory, run)
        return database

    def rows(self, part: str | None = None) -> Iterator[Row]:
        """Those of a part, or of all: shard by shard, in order. Raises StateError if one is damaged."""
        with errors(self._directory):
            for runs in self._shards:
                yield from self._merged(runs, part)

    def _merged(self, runs: Sequence[sqlite3.Connection], part: str | None) -> Iterator[Row]:
        where, given = ("", []) if part is None else (" WHERE part = ?", [part])
        asked = f"SELECT part, key, -?, value, checksum FROM run{where} ORDER BY part, key"
        # Of equal keys the newest comes first.
        each = [run.execute(asked, [age, *given]) for age, run in enumerate(runs)]
        for _, same in groupby(heapq.merge(*each, key=itemgetter(0, 1, 2)), itemgetter(0, 1)):
            name, key, _, value, kept = next(same)
            _check(self._directory, name, key, value, kept)
            if value is not None:
                yield name, key, value, kept

    def close(self) -> None:
        self._open.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _check(directory: Path, part: object, key: object, value: object, kept: object) -> None:
    if not (isinstance(key, bytes) and isinstance(value, bytes | None)):
        raise damaged(directory, f"a row of {part} has another type")
    if kept != (0 if value is None else checksum(key, value)):
        raise damaged(directory, f"the checksum of the key {key!r} in {part} does not match")
