"""Runs of shards: of a key the newest row counts, what is gone stays gone, and what is damaged is told."""

import random
from collections.abc import Iterable
from pathlib import Path

import pytest

from streamreg import StateError
from streamreg._state.keyed_rows import Changes, checksum
from streamreg._state.shape import ShapeError
from streamreg._state.shard_runs import (
    OpenRuns,
    RunWriter,
    ShardReader,
    checked,
    folder_of,
    keep_only,
    make_folder,
)
from streamreg._state.shards import Run, Shard, Shards, absorbed, check, packed, shard_of, unpacked

PARTS = ("changelog 0", "reduction 0")


def change(key: bytes, value: bytes | None) -> Changes:
    return key, value, 0 if value is None else checksum(key, value)


def written(
    directory: Path,
    rows: Iterable[tuple[str, bytes, bytes | None]],
    *older: Run,
    oldest: bool = False,
) -> tuple[Run, ...]:
    make_folder(directory)
    writer = RunWriter(directory, 0, 1)
    for run in older:
        writer.copy(run)
    for part, key, value in rows:
        writer.put(part, change(key, value))
    return writer.finish(oldest=oldest, durable=True)


def held(directory: Path, shard: Shard) -> dict[tuple[str, bytes], bytes | None]:
    with ShardReader(directory, [shard]) as reader:
        return {(part, key): value for part, key, value, _ in reader.rows()}


@pytest.mark.parametrize("seed", range(5))
def test_law_the_newest_row_counts(tmp_path: Path, seed: int) -> None:
    """Whatever is put and merged in which order: looked up or read as a whole, it is what a table would hold."""
    chance = random.Random(seed)
    runs: tuple[Run, ...] = ()
    table: dict[tuple[str, bytes], bytes] = {}
    keys = [b"", b"a", b"a\0", b"\xff", *(b"%d" % n for n in range(30))]
    for _ in range(25):
        rows: dict[tuple[str, bytes], bytes | None] = {}
        for _ in range(chance.randrange(1, 20)):
            value = chance.choice([None, b"", chance.randbytes(chance.randrange(1, 40))])
            rows[chance.choice(PARTS), chance.choice(keys)] = value
        first = len(runs) - absorbed(runs, len(rows))
        own = ((part, key, value) for (part, key), value in rows.items())
        runs = runs[:first] + written(tmp_path, own, *runs[first:], oldest=first == 0)
        table = {at: v for at, v in (table | rows).items() if v is not None}
        shard = Shard(runs)
        assert held(tmp_path, shard) == table
        wanted = sorted(chance.sample(keys, 9))
        with OpenRuns(tmp_path, shard) as looked:
            for part in PARTS:
                found = {row[1]: row[2] for row in looked.find(part, wanted)}
                assert found == {k: table[part, k] for k in wanted if (part, k) in table}
        with ShardReader(tmp_path, [shard]) as reader:
            assert [row[:2] for row in reader.rows()] == sorted(table)
            assert [row[1] for row in reader.rows(PARTS[1])] == sorted(
                key for part, key in table if part == PARTS[1]
            )
    keep_only(tmp_path, {run.name for run in runs})
    assert {path.name for path in folder_of(tmp_path).iterdir()} == {run.name for run in runs}


def test_runs_stay_few() -> None:
    """Of epochs of any sizes: few runs, and each row is written again few times."""
    chance = random.Random(1)
    runs: list[Run] = []
    written_rows = rows = 0
    for number in range(2000):
        size = chance.choice([1, 10, 100])
        count = absorbed(runs, size)
        merged = size + sum(run.rows for run in runs[len(runs) - count :])
        runs[len(runs) - count :] = [Run(str(number), merged, 0, 0)]
        rows += size
        written_rows += merged
        assert len(runs) <= 10
    assert written_rows < 12 * rows


def test_a_run_without_rows_is_none(tmp_path: Path) -> None:
    """Where all is gone there is no file."""
    one = written(tmp_path, [("reduction 0", b"a", b"1")])
    assert written(tmp_path, [("reduction 0", b"a", None)], *one, oldest=True) == ()
    kept = written(tmp_path, [("reduction 0", b"a", None)])
    assert held(tmp_path, Shard((*one, *kept))) == {}
    assert [path.suffix for path in folder_of(tmp_path).iterdir()] == [".run", ".run"]


def test_what_is_not_whole_has_no_name(tmp_path: Path) -> None:
    """A writer that is dropped leaves nothing."""
    make_folder(tmp_path)
    writer = RunWriter(tmp_path, 3, 4)
    writer.put("reduction 0", change(b"a", b"1"))
    assert [path.suffix for path in folder_of(tmp_path).iterdir()] == [".part"]
    writer.drop()
    assert list(folder_of(tmp_path).iterdir()) == []


def test_damage_is_told(tmp_path: Path) -> None:
    """Each byte counts, also where a file was read before."""
    rows = [("reduction 0", b"%d" % n, b"x" * 50) for n in range(300)]
    [run] = written(tmp_path, rows)
    path = checked(tmp_path, run)
    content = path.read_bytes()
    chance = random.Random(4)
    for _ in range(50):
        damaged = bytearray(content)
        damaged[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
        path.unlink()
        path.write_bytes(damaged)
        for read in (OpenRuns, lambda at, shard: ShardReader(at, [shard])):
            with pytest.raises(StateError, match=f"is damaged.*shards/{run.name} is not what"):
                read(tmp_path, Shard((run,)))
    path.unlink()
    with pytest.raises(StateError, match=rf"shards/{run.name} is missing.*executors of Spark"):
        checked(tmp_path, run)
    path.write_bytes(content)
    assert len(held(tmp_path, Shard((run,)))) == 300


def test_files_of_others_stay(tmp_path: Path) -> None:
    """What no run has written is not removed, and the folder neither."""
    written(tmp_path, [("reduction 0", b"a", b"1")])
    folder = folder_of(tmp_path)
    (folder / "notes.txt").write_text("mine")
    (folder / "abc.probe").write_text("left")
    keep_only(tmp_path, None)
    assert [path.name for path in folder.iterdir()] == ["notes.txt"]
    (folder / "notes.txt").unlink()
    keep_only(tmp_path, ())
    assert folder.exists()
    keep_only(tmp_path, None)
    assert not folder.exists()
    keep_only(tmp_path, None)


def test_hostile_shards_are_refused() -> None:
    """In a checkpoint they are as a run writes them: no other paths, no other counts."""
    name = "0-3-0123456789abcdef.run"
    digests = {"reduction 0": (2, 7)}
    good = Shards((Shard((Run(name, 2, 4096, 9),), digests), Shard()), {"reduction 0": (1,)})
    run = {"digests": {"reduction 0": [2, 7], "changelog 0": [0, 0]}}
    shards = {**packed(good), "each": [[[[name, 2, 4096, 9]], {"reduction 0": [2, 7]}], [[], {}]]}
    shards["excluded"] = {"reduction 0": [1]}
    check({**run, "shards": shards})
    assert unpacked(shards) == good
    check(run)
    for other in ("../x.run", "/etc/passwd", "0-3-0123456789abcdef.run/..", "", 3):
        wrong = {**shards, "each": [[[[other, 2, 4096, 9]], {"reduction 0": [2, 7]}]]}
        with pytest.raises(ShapeError, match="no name of a file of a shard"):
            check({**run, "shards": wrong})
    for wrong in (
        {**shards, "each": []},
        {**shards, "each": [[[], {"reduction 0": [2, 8]}]]},
        {**shards, "each": [[[], {}]]},
        {**shards, "excluded": {"reduction 0": [-1]}},
        {**shards, "more": 1},
    ):
        with pytest.raises(ShapeError, match="run: shards"):
            check({**run, "shards": wrong})


def test_keys_are_spread() -> None:
    """Over shards of any number, evenly."""
    for count in (1, 7, 64):
        found = [0] * count
        for number in range(6400):
            found[shard_of(b"\x02" + (number + 2**63).to_bytes(8), count)] += 1
        assert min(found) > 0.5 * 6400 / count
