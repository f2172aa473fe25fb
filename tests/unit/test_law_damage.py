"""A damaged state is refused, or is one that was saved: never another, and never none."""

import random
import shutil
from pathlib import Path

import pytest

from streamreg import StateError
from streamreg._checkpoint import Checkpoint, Store

FILES = ["checkpoint.sqlite", "checkpoint.sqlite-wal"]


def checkpoint(number: int) -> Checkpoint:
    """One of several pages, like that of a job with a long program."""
    return Checkpoint(
        {"program": "step " * 1000},
        ["x", "y"],
        {0: number, 1: 5},
        {0: False, 1: True},
        epochs=number,
        lengths={"a.csv": 7 * number},
        reductions=[random.Random(number).randbytes(300)],
    )


SAVED = [checkpoint(number) for number in range(3)]


@pytest.fixture(scope="module", params=["ended", "killed"])
def state(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory as a run leaves it that ended, or as one does that was killed."""
    folder = tmp_path_factory.mktemp("damage")
    with Store(folder / "ended") as store:
        for saved in SAVED:
            store.save(saved)
        shutil.copytree(folder / "ended", folder / "killed")
    return folder / str(request.param)


def read(folder: Path) -> Checkpoint | None:
    with Store(folder) as store:
        return store.load()


def refused_or_saved(folder: Path, name: str, damaged: bytes, copy: Path) -> bool:
    """Whether it was refused; what is found instead must have been saved."""
    shutil.copytree(folder, copy)
    (copy / name).write_bytes(damaged)
    refused = ""
    try:
        assert read(copy) in SAVED
    except StateError as error:
        refused = str(error)
    shutil.rmtree(copy)
    assert not refused or "damaged" in refused
    return bool(refused)


@pytest.mark.parametrize("name", FILES)
def test_law_any_flipped_bit(state: Path, tmp_path: Path, name: str) -> None:
    """One flipped bit is found, or makes no difference, or leads back to an earlier checkpoint."""
    if not (state / name).exists():
        return
    chance = random.Random(5)
    whole = (state / name).read_bytes()
    # Everything that is not empty at the ends of the pages, where the schema and the texts' heads are.
    places = [*range(120), *(i for i in range(120, len(whole)) if whole[i])]
    for place in chance.sample(places, min(len(places), 400)):
        damaged = bytearray(whole)
        damaged[place] ^= 1 << chance.randrange(8)
        refused_or_saved(state, name, bytes(damaged), tmp_path / "copy")


@pytest.mark.parametrize("name", FILES)
def test_law_any_truncation(state: Path, tmp_path: Path, name: str) -> None:
    """Of a shorter database nothing is taken; of a shorter log of it, an earlier checkpoint.

    An empty one is as none: then the outputs are refused.
    """
    if not (state / name).exists():
        return
    whole = (state / name).read_bytes()
    for length in range(100, len(whole), 211):
        refused = refused_or_saved(state, name, whole[:length], tmp_path / "copy")
        assert refused == (name == FILES[0])
