"""A damaged state is refused, or the damage makes no difference: no other checkpoint is found, and never none."""

import random
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from streamreg import StateError
from streamreg._source.contract import Range
from streamreg._state import snapshot
from streamreg._state.checkpoint import Checkpoint
from streamreg._state.commit_record import CommitRecordFile
from streamreg._state.store import Store

FILES = ["checkpoint.sqlite", "checkpoint.sqlite-wal", "checkpoint.sqlite-shm", "checkpoint.seal"]
ROOT = Path(__file__).parents[3]
SAVED = 40

JOB = {
    "topic": "points",
    "format": "csv",
    "schema": {"x": "float"},
    "outputs": {"a.csv": {"time": "epoch", "columns": {"x": "t.x"}, "row": [["x", "float"]]}},
    "outputs in order": ["a.csv"],
    "reductions": [{"inputs": ["float"], "aggregates": [["sum", 0]], "keys": []}],
    "rejects": None,
    "program": "step " * 1000,
}

# A run that goes on for ever, but for its death in the middle.
KILLED = """
import os, signal, sys
from pathlib import Path
from streamreg._state.store import Store
from tests.unit.state.test_law_damage import SAVED, checkpoint
store = Store(Path(sys.argv[1]))
for number in range(int(sys.argv[2]), SAVED):
    store.save(checkpoint(number))
    if number == SAVED // 2:
        store._database.execute("PRAGMA wal_checkpoint")  # as SQLite does after some megabytes
os.kill(os.getpid(), signal.SIGKILL)
"""


def checkpoint(number: int) -> Checkpoint:
    """One of several pages, like that of a job with a long program."""
    offsets = {0: number, 1: 5}
    return Checkpoint(
        JOB,
        ["x", "y"],
        offsets,
        {1},
        {partition: Range(0, None, True) for partition in offsets},
        epochs=number,
        positions={"a.csv": {"length": 7 * number, "crc32": number}},
        reductions=[random.Random(number).randbytes(300)],
    )


LAST = checkpoint(SAVED - 1)


@pytest.fixture(scope="module", params=["ended", "killed", "killed at once"])
def state(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory as a run leaves it that ended, or as one does that was killed, after very few commits perhaps."""
    folder: Path = tmp_path_factory.mktemp("damage") / request.param
    if request.param == "ended":
        with Store(folder) as store:
            for number in range(SAVED):
                store.save(checkpoint(number))
        return folder
    first = 0 if request.param == "killed" else SAVED - 3
    program = [sys.executable, "-c", KILLED, str(folder), str(first)]
    done = subprocess.run(program, timeout=60, check=False, cwd=ROOT)
    assert done.returncode == -signal.SIGKILL
    assert (folder / FILES[1]).stat().st_size > 10_000
    assert ((folder / FILES[0]).stat().st_size > 10_000) == (first == 0)
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    """What a look must leave as it is. SQLite makes its index of the log anew, whoever reads."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.name != FILES[2]}


def load(folder: Path) -> Checkpoint | None:
    with Store(folder) as store:
        return store.load()


def refused(folder: Path, copy: Path, name: str, held: bytes | None) -> bool:
    """Whether a copy is refused, by a run and by a look, and left as it is; if not, it is as good as whole.

    `held` is what its file `name` holds; None if it is gone.
    """
    shutil.copytree(folder, copy)
    if held is None:
        (copy / name).unlink()
    else:
        (copy / name).write_bytes(held)
    before = contents(copy)
    found = [text for text in (attempt(snapshot.read, copy), attempt(load, copy)) if text]
    assert not found or contents(copy) == before
    shutil.rmtree(copy)
    assert len(found) in (0, 2)
    assert all("is damaged" in text for text in found), found
    return bool(found)


def attempt(look: Callable[[Path], Checkpoint | None], folder: Path) -> str:
    """The error, if there is one; else it must have been the last checkpoint that was found."""
    try:
        assert look(folder) == LAST
    except StateError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("name", FILES)
def test_law_any_flipped_bit(state: Path, tmp_path: Path, name: str) -> None:
    """One flipped bit, wherever it is, is found or makes no difference."""
    if not (state / name).exists():
        return
    chance = random.Random(5)
    whole = (state / name).read_bytes()
    # Everything that is not empty at the ends of the pages, where the schema and the texts' heads are.
    places = [*range(120), *(i for i in range(120, len(whole)) if whole[i])]
    found = 0
    for place in chance.sample(places, min(len(places), 200)):
        flipped = bytearray(whole)
        flipped[place % len(whole)] ^= 1 << chance.randrange(8)
        found += refused(state, tmp_path / "copy", name, bytes(flipped))
    # Where all of it is in the log, what the database holds makes no difference.
    assert found or name == FILES[2] or (state.name, name) == ("killed at once", FILES[0])


@pytest.mark.parametrize("name", FILES)
def test_law_any_truncation(state: Path, tmp_path: Path, name: str) -> None:
    """A file that is cut, be it to nothing, or gone, is found to be, or makes no difference."""
    if not (state / name).exists():
        return
    whole = (state / name).read_bytes()
    cut = [whole[:length] for length in range(0, len(whole), max(len(whole) // 60, 1))]
    found = [refused(state, tmp_path / "copy", name, held) for held in (*cut, None)]
    assert found[0] == found[-1] == (name != FILES[2])


@pytest.mark.parametrize("name", ["checkpoint.sqlite", "checkpoint.seal"])
def test_law_a_file_of_another_state(state: Path, tmp_path: Path, name: str) -> None:
    """A file of a state with as many checkpoints, or of this one some time ago, is found or makes no difference."""
    other, earlier = tmp_path / "other", tmp_path / "earlier"
    with Store(other) as store:
        for number in range(SAVED):
            store.save(checkpoint(number + 1))
    with Store(earlier) as store:
        for number in range(SAVED // 2):
            store.save(checkpoint(number))
    found = [
        refused(state, tmp_path / "copy", name, (source / name).read_bytes())
        for source in (other, earlier)
    ]
    assert all(found) or (state.name != "ended" and name == FILES[0])


def test_law_a_death_before_the_seal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Dead between each commit and its record, a run goes on from the commit, time after time."""

    class DeathError(Exception):
        pass

    def die(self: CommitRecordFile, record: object) -> None:
        if record != self._last:
            raise DeathError

    for number in range(5):
        with Store(tmp_path) as store:
            assert store.load() == (checkpoint(number - 1) if number else None)
            with monkeypatch.context() as patch:
                if number:
                    store._record.write(store._last)
                patch.setattr(CommitRecordFile, "write", die)
                with pytest.raises(DeathError):
                    store.save(checkpoint(number))
        assert snapshot.read(tmp_path) == checkpoint(number)
