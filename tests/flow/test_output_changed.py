"""Outputs that somebody else changes: under a run, or between two runs of a state."""

import fcntl
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

import streamreg as sr
from streamreg._state.checkpoint import Checkpoint
from streamreg._state.snapshot import read as read_state
from streamreg._state.store import Durability, Store
from streamreg.testing import read
from tests.support.numbered import Point, count_sound, stream, write_regression

ROWS = 90
STOP_AT = 3
FILES = ("rows.csv", "line.csv", "rejects.jsonl")


def copy_and_truncate(path: Path) -> None:
    shutil.copy(path, "moved")
    os.truncate(path, 0)


def cut_the_last_byte(path: Path) -> None:
    shutil.copy(path, "moved")
    os.truncate(path, path.stat().st_size - 1)


def rename_and_create(path: Path) -> None:
    path.rename("moved")
    path.touch()


def replace_by_a_copy(path: Path) -> None:
    shutil.copy(path, "copy")
    path.rename("moved")
    Path("copy").rename(path)


def rename(path: Path) -> None:
    path.rename("moved")


def delete(path: Path) -> None:
    shutil.copy(path, "moved")
    path.unlink()


def add(path: Path) -> None:
    shutil.copy(path, "moved")
    with path.open("ab") as file:
        file.write(b"somebody else's\n")


CHANGES = [
    (copy_and_truncate, "was cut"),
    (cut_the_last_byte, "was cut"),
    (rename_and_create, "was replaced by another file"),
    (replace_by_a_copy, "was replaced by another file"),
    (rename, "was deleted or renamed"),
    (delete, "was deleted or renamed"),
    (add, "was written to by somebody else"),
]


def program(
    stop: Callable[[sr.Progress], bool] | None = None, *, state: str | None = "state"
) -> sr.Summary:
    messages = stream(ROWS, 3)
    messages[0].append(b"no row")
    t = read(messages, schema=Point, batch=12)
    write_regression(t)
    return sr.run(processes=0, state=state, rejects="rejects.jsonl", stop=stop)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("state", [None, "state"])
@pytest.mark.parametrize(
    ("change", "words"), CHANGES, ids=[change.__name__ for change, _ in CHANGES]
)
def test_a_change_under_the_run_ends_it(
    folder: Path, name: str, state: str | None, change: Callable[[Path], None], words: str
) -> None:
    """In the epoch that finds it, before its checkpoint: nothing is written any more, wherever the bytes went.

    With the file as it was the run goes on, and nothing is missing.
    """
    found: dict[str, bytes] = {}

    def between(progress: sr.Progress) -> bool:
        if progress.epochs == STOP_AT and not found:
            if name == "rejects.jsonl":
                assert (folder / name).stat().st_size == 0
            change(folder / name)
            found.update({n: Path(n).read_bytes() for n in (name, "moved") if Path(n).exists()})
        return False

    if name == "rejects.jsonl" and words == "was cut":
        pytest.skip("it is empty: it cannot be cut")
    with pytest.raises(sr.OutputError, match=rf"^{name} {words}.*cannot be rotated"):
        program(between, state=state)
    assert {n: Path(n).read_bytes() for n in (name, "moved") if Path(n).exists()} == found
    if state is None:
        return
    assert read_state(folder / "state").epochs == STOP_AT
    Path("moved").replace(folder / name)
    program()
    assert count_sound(folder, 3) == ROWS


def test_a_move_of_the_program_is_none_of_its_files(folder: Path) -> None:
    """A program that goes to another directory while it runs still writes its files, and finds them."""
    (folder / "else").mkdir()

    def move(progress: sr.Progress) -> bool:
        if progress.epochs == STOP_AT:
            os.chdir(folder / "else")
        return False

    program(move, state=None)
    os.chdir(folder)
    assert count_sound(folder, 3) == ROWS


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize(
    ("change", "words"),
    [
        (copy_and_truncate, "has 0 bytes, but the state says that"),
        (rename_and_create, "has 0 bytes, but the state says that"),
        (delete, "is missing, but the state says that"),
    ],
    ids=["truncated", "replaced", "deleted"],
)
def test_a_restart_without_the_file_says_so(
    folder: Path, name: str, change: Callable[[Path], None], words: str
) -> None:
    """It names the file, what the state expects and what to do, and changes nothing; with the file it goes on."""
    program()
    change(folder / name)
    before = {path.name: path.read_bytes() for path in folder.glob("*.*")}
    with pytest.raises(
        sr.OutputError,
        match=rf"^{name} {words} the run has written [\d,]+ bytes: put the file back",
    ):
        program()
    assert {path.name: path.read_bytes() for path in folder.glob("*.*")} == before
    Path("moved").replace(folder / name)
    program()
    assert count_sound(folder, 3) == ROWS


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("place", ["first", "middle", "last"])
def test_an_edit_between_two_runs_is_refused(folder: Path, name: str, place: str) -> None:
    """One bit anywhere in what the last run has written: no file is touched. With it turned back the run goes on."""
    program(None if name == "rejects.jsonl" else lambda progress: progress.epochs >= STOP_AT)
    path = folder / name
    whole = path.read_bytes()
    at = {"first": 0, "middle": len(whole) // 2, "last": len(whole) - 1}[place]
    path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
    before = {p.name: p.read_bytes() for p in folder.glob("*.*")}
    with pytest.raises(sr.OutputError, match=rf"^{name} is not what the run has written"):
        program()
    assert {p.name: p.read_bytes() for p in folder.glob("*.*")} == before
    path.write_bytes(whole)
    program()
    assert count_sound(folder, 3) == ROWS


def test_the_files_of_another_time_are_refused(folder: Path) -> None:
    """A state restored from a copy, beside files that have gone on in another way, of the same length or longer."""
    program(lambda progress: progress.epochs >= STOP_AT)
    shutil.copytree("state", "earlier")
    rows = (folder / "rows.csv").read_bytes()
    program()
    shutil.rmtree("state")
    shutil.copytree("earlier", "state")
    # The same history, gone on from: the files begin with what the state says, and are cut back to it.
    program()
    assert count_sound(folder, 3) == ROWS
    shutil.rmtree("state")
    shutil.copytree("earlier", "state")
    whole = (folder / "rows.csv").read_bytes()
    head, *lines = rows.splitlines(keepends=True)
    (folder / "rows.csv").write_bytes(b"".join([head, *reversed(lines)]) + whole[len(rows) :])
    with pytest.raises(sr.OutputError, match=r"^rows\.csv is not what the run has written"):
        program()


def test_rows_past_the_state_may_be_anything(folder: Path) -> None:
    """A run that dies leaves rows that no checkpoint speaks of: they are cut, whatever they are."""
    program(lambda progress: progress.epochs >= STOP_AT)
    with (folder / "rows.csv").open("ab") as file:
        file.write(b"half of a ro")
    program()
    assert count_sound(folder, 3) == ROWS


@pytest.mark.parametrize("durability", ["process", "power"])
def test_outputs_are_on_the_disk_before_the_first_commit(
    folder: Path, monkeypatch: pytest.MonkeyPatch, durability: Durability
) -> None:
    """A power cut after the first checkpoint finds each file as long as it says: each is synced, and its directory."""
    synced: list[int] = []
    fsync, save = os.fsync, Store.save

    def noted(descriptor: int) -> None:
        synced.append(os.fstat(descriptor).st_ino)
        fsync(descriptor)

    at_first: list[set[int]] = []

    def saved(store: Store, checkpoint: Checkpoint) -> None:
        at_first.append(set(synced))
        save(store, checkpoint)

    monkeypatch.setattr(os, "fsync", noted)
    monkeypatch.setattr(Store, "save", saved)
    t = read([[]], schema=Point, header=["x", "y"])
    write_regression(t)
    sr.run(processes=0, state="state", durability=durability, rejects="rejects.jsonl")
    needed = {(folder / name).stat().st_ino for name in (*FILES, ".")}
    assert at_first
    assert (needed <= at_first[0]) == (durability == "power")


def test_two_runs_where_locks_do_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on some network file systems: the one that another has overtaken ends, and nothing is lost or doubled."""
    monkeypatch.setattr(fcntl, "flock", lambda *_: None)
    overtaken: list[int] = []

    def meanwhile(progress: sr.Progress) -> bool:
        if progress.epochs == STOP_AT and not overtaken:
            overtaken.append(program(lambda other: other.epochs >= 2 * STOP_AT).epochs)
        return False

    with pytest.raises((sr.OutputError, sr.StateError)):
        program(meanwhile)
    assert read_state(folder / "state").epochs == overtaken[0] == 2 * STOP_AT
    program()
    assert count_sound(folder, 3) == ROWS
