"""Two runs of one state where locks do nothing, as on some network file systems: the older one ends."""

import errno
import fcntl
import os
from dataclasses import replace
from pathlib import Path

import pytest

from streamreg import StateError
from streamreg._state import snapshot
from streamreg._state.store import Store
from tests.unit.state.test_law_damage import checkpoint


@pytest.fixture
def unlocked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Locks that everybody gets."""
    monkeypatch.setattr(fcntl, "flock", lambda *_: None)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if "-shm" not in path.name}


def begin(folder: Path, commits: int) -> None:
    with Store(folder) as store:
        for number in range(commits):
            store.save(checkpoint(number))


@pytest.mark.usefixtures("unlocked")
@pytest.mark.parametrize("commits", [0, 1, 3])
@pytest.mark.parametrize("ahead", [1, 2, 5])
@pytest.mark.parametrize("same", [False, True])
def test_the_older_run_ends_before_it_damages_anything(
    tmp_path: Path, commits: int, ahead: int, same: bool
) -> None:
    """However far the other one is: not a byte changes, that one goes on, and its last checkpoint is found."""
    begin(tmp_path, commits)
    with Store(tmp_path) as older, Store(tmp_path) as newer:
        for number in range(commits, commits + ahead):
            newer.save(checkpoint(number))
        before = contents(tmp_path)
        with pytest.raises(StateError, match="another run has gone on with it meanwhile"):
            older.save(checkpoint(commits if same else 77))
        assert contents(tmp_path) == before
        newer.save(checkpoint(commits + ahead))
    assert snapshot.read(tmp_path) == checkpoint(commits + ahead)


@pytest.mark.usefixtures("unlocked")
def test_law_runs_in_turn(tmp_path: Path) -> None:
    """Whoever commits first goes on, every time, and who does not never comes back."""
    stores = [Store(tmp_path) for _ in range(3)]
    last = checkpoint(0)
    for turn in range(12):
        survivor = turn % 3
        for index, store in enumerate(stores):
            if index == survivor:
                last = replace(checkpoint(turn), rows=index)
                store.save(last)
        for index, store in enumerate(stores):
            if index != survivor:
                with pytest.raises(StateError, match="another run"):
                    store.save(checkpoint(99))
        stores = [s if i == survivor else reopened(s) for i, s in enumerate(stores)]
        assert snapshot.read(tmp_path) == last
        # The survivor's next commit makes the others' late again.
        stores = [reopened(store) for store in stores]
    for store in stores:
        store.close()


def reopened(store: Store) -> Store:
    store.close()
    return Store(store.directory)


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.ENOTSUP, errno.EIO])
def test_no_locks_are_not_called_another_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """The system's words, and what to do about it."""

    def flock(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", flock)
    with pytest.raises(StateError, match="keeps no locks") as caught:
        Store(tmp_path)
    assert "another run" not in str(caught.value)
    assert os.strerror(number) in str(caught.value)


def test_a_state_in_use_is_refused(tmp_path: Path) -> None:
    """Where locks work, the second run does not begin."""
    with Store(tmp_path), pytest.raises(StateError, match="another run uses it: stop that one"):
        Store(tmp_path)
    Store(tmp_path).close()
