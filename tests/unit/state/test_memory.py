"""What is kept by keys is read some keys at a time: a restart needs no more memory than the run."""

import gc
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest

import streamreg as sr
from streamreg._language import outputs
from streamreg._state import snapshot
from streamreg._state.checkpoint import Checkpoint
from streamreg._state.store import Store
from streamreg.testing import read

FEW, MANY = 12_000, 48_000


class Row(sr.Schema):
    k: int
    x: float


def run(folder: Path, keys: int) -> Path:
    outputs.clear()
    t = read(
        [[b"%d,%d" % (k, k % 97) for k in range(keys)]], schema=Row, header=["k", "x"], batch=5000
    )
    sums = t.groupby(t.k).reduce(t.k, n=sr.reducers.count(), sum=sr.reducers.sum(t.x))
    sr.io.csv.write(sums, folder / f"{keys}.csv")
    sr.run(processes=0, state=folder / f"state{keys}")
    return folder / f"state{keys}"


def load(state: Path) -> Checkpoint | None:
    with Store(state) as store:
        return store.load()


@pytest.mark.parametrize("look", [load, snapshot.read])
def test_reading_a_state_takes_as_much_for_many_keys_as_for_few(
    tmp_path: Path, look: Callable[[Path], Checkpoint | None]
) -> None:
    """The most that Python's objects take meanwhile, the core's own not counted."""
    peaks = []
    for keys in (FEW, MANY):
        state = run(tmp_path, keys)
        gc.collect()
        tracemalloc.start()
        try:
            found = look(state)
            peaks.append(tracemalloc.get_traced_memory()[1])
        finally:
            tracemalloc.stop()
        assert found is not None
        assert {part: len(kept) for part, kept in found.keyed.items()} == {
            "reduction 0": keys,
            "changelog 0": keys,
        }
    assert peaks[1] < 1.3 * peaks[0]
