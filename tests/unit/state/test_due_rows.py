"""When the windows of instances are due, as the runs of a shard tell it: what is asked is found, and nothing else."""

import random
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from streamreg import StateError
from streamreg._state.keyed_rows import checksum
from streamreg._state.open_runs import OpenRuns
from streamreg._state.shard_runs import RunWriter, _content, folder_of, make_folder
from streamreg._state.shards import Run, Shard, absorbed
from streamreg._types import Moment

INSTANCES = (b"", b"\x03a\0", b"\x03a\0\xff\0", b"\xff\xff", *(b"\x02%d" % n for n in range(20)))


@pytest.mark.parametrize("unit", [1, 0.1])
@pytest.mark.parametrize("seed", range(4))
def test_law_the_newest_row_counts(tmp_path: Path, seed: int, unit: Moment) -> None:
    """Whatever is said and merged in which order: between any two times those are due that a table has."""
    make_folder(tmp_path)
    chance = random.Random(seed)
    runs: tuple[Run, ...] = ()
    table: dict[str, dict[bytes, Moment | None]] = {"reduction 0": {}, "reduction 1": {}}
    for epoch in range(25):
        writer = RunWriter(tmp_path, 0, epoch)
        said = 0
        first = len(runs) - absorbed(runs, 5)
        for run in runs[first:]:
            writer.copy(run)
        for part, known in table.items():
            some = chance.sample(INSTANCES, chance.randrange(6))
            due = {one: chance.choice([None, chance.randrange(-9, 9) * unit]) for one in some}
            # A run that says nothing of it has no such rows.
            if chance.random() < 0.7:
                writer.put_due(part, due)
                known |= due
                said += len(due)
        runs = (*runs[:first], *writer.finish(oldest=first == 0, durable=False))
        writer.drop()
        with OpenRuns(tmp_path, Shard(runs)) as looked:
            for before in (None, -20 * unit, chance.randrange(-9, 9) * unit):
                for now in (None, 20 * unit, chance.randrange(-9, 9) * unit):
                    for part, known in table.items():
                        expected = {
                            one
                            for one, at in known.items()
                            if at is not None and now is not None and at <= now
                            if before is None or before < at
                        }
                        found = looked.due(part, (before, now))
                        assert (len(found), set(found)) == (len(expected), expected)


def test_what_is_never_due_leaves_no_file(tmp_path: Path) -> None:
    """In the oldest run; else it says that what older ones say counts no more."""
    make_folder(tmp_path)
    writer = RunWriter(tmp_path, 0, 1)
    writer.put_due("reduction 0", {b"a": None})
    assert writer.finish(oldest=True, durable=False) == ()
    runs: tuple[Run, ...] = ()
    for at in (5, None):
        writer = RunWriter(tmp_path, 0, 1)
        writer.put_due("reduction 0", {b"a": at})
        runs += writer.finish(oldest=not runs, durable=False)
    assert [run.rows for run in runs] == [1, 1]
    with OpenRuns(tmp_path, Shard(runs)) as looked:
        assert looked.due("reduction 0", (None, 9)) == []
    with OpenRuns(tmp_path, Shard(runs[:1])) as looked:
        assert looked.due("reduction 0", (None, 9)) == [b"a"]


def test_rows_are_found_by_their_beginning(tmp_path: Path) -> None:
    """All windows of an instance, and none of another whose text begins with its own."""
    make_folder(tmp_path)
    keys = [instance + b"\x02" + window for instance in INSTANCES[:4] for window in (b"1", b"\xff")]
    writer = RunWriter(tmp_path, 0, 1)
    for key in sorted(keys):
        writer.put("changelog 0", (key, b"1", checksum(key, b"1")))
    shard = Shard(writer.finish(oldest=True, durable=False))
    with OpenRuns(tmp_path, shard) as looked:
        for instance in INSTANCES[1:4]:
            own = [instance + b"\x02" + window for window in (b"1", b"\xff")]
            found = looked.find_within("changelog 0", [instance])
            assert sorted(row[1] for row in found) == own
        assert looked.find_within("changelog 1", list(INSTANCES)) == []


def test_an_index_that_is_another_is_refused(tmp_path: Path) -> None:
    """SQLite would run what else a file holds: it is damage, whatever its checksum says."""
    make_folder(tmp_path)
    writer = RunWriter(tmp_path, 0, 1)
    writer.put_due("reduction 0", {b"a": 1})
    [run] = writer.finish(oldest=True, durable=False)
    path = folder_of(tmp_path) / run.name
    with closing(sqlite3.connect(path)) as database:
        database.execute("DROP INDEX due_at")
        database.execute("CREATE INDEX due_at ON due (part, abs(at)) WHERE at IS NOT NULL")
        database.commit()
    other = Run(run.name, run.rows, *_content(path))
    with (
        OpenRuns(tmp_path, Shard((other,))) as looked,
        pytest.raises(StateError, match="holds other things than the tables of a run"),
    ):
        looked.due("reduction 0", (None, 9))
