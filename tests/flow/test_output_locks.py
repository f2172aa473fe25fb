"""Outputs: a file has one run, and is no other file of that run, nor one of its state."""

import errno
import fcntl
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import streamreg as sr
from streamreg._state.snapshot import read as read_state
from streamreg.testing import ListSource, read
from tests.support.child import Child
from tests.support.numbered import Point, count_sound, stream, write_regression

Link = Callable[[Path, Path], None]

FILES = ("rows.csv", "line.csv", "rejects.jsonl")


def table() -> sr.Table:
    return read(stream(30, 3), schema=Point, batch=6)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


class Busy:
    """A run in a thread that has its files and waits before the first row."""

    def __init__(self, **options: object) -> None:
        self._open, self.waits = threading.Event(), threading.Event()
        self.error: BaseException | None = None

        def held(x: float) -> float:
            self.waits.set()
            assert self._open.wait(60)
            return x

        t = table()
        write_regression(t.select(x=sr.apply(held, t.x), y=t.y))
        self._thread = threading.Thread(target=self._run, kwargs=options)
        self._thread.start()
        assert self.waits.wait(60)

    def _run(self, **options: object) -> None:
        try:
            sr.run(processes=0, **options)  # type: ignore[arg-type]  # those of `run`
        except BaseException as error:
            self.error = error

    def end(self) -> None:
        self._open.set()
        self._thread.join(60)
        if self.error is not None:
            raise self.error


@pytest.mark.parametrize("shared", FILES)
@pytest.mark.parametrize("state", [None, "second"])
def test_a_second_run_of_a_file_is_refused(folder: Path, shared: str, state: str | None) -> None:
    """Before the first row has come too, and whichever file it is: the first one's files are whole at its end."""
    first = Busy(state="first", rejects="rejects.jsonl")
    before = contents(folder)
    names = {name: name if name == shared else f"second-{name}" for name in FILES}
    t = table()
    sr.io.csv.write(t, names["rows.csv"])
    sr.io.csv.write(t.reduce(n=sr.reducers.count()), names["line.csv"])
    with pytest.raises(sr.OutputError, match=rf"^{shared}: another run uses it: stop that one"):
        sr.run(processes=0, state=state, rejects=names["rejects.jsonl"])
    assert {name: data for name, data in contents(folder).items() if name in before} == before
    first.end()
    assert count_sound(folder, 3) == 30


def test_a_file_is_free_when_its_run_was_killed(folder: Path) -> None:
    """A lock ends with its process: what a killed run has left can be gone on from at once."""
    with Child("killed", folder, ROWS=90, LAST=3) as program:
        program.exit_code()
    write_regression(read(stream(90, 3), schema=Point, batch=12))
    assert sr.run(processes=0, state="state").rows == 90


def test_a_run_of_another_process_is_seen(folder: Path) -> None:
    """A lock holds between processes, and a refused run leaves the files of the other one alone."""
    with Child("gated", folder, STREAMREG_PROCESSES=0, GATE=0.0) as program:
        program.wait_until(lambda: bool(program.named("gate")))
        before = contents(folder)
        write_regression(table())
        with pytest.raises(sr.OutputError, match=r"^rows\.csv: another run uses it"):
            sr.run(processes=0)
        assert contents(folder) == before
        (folder / "open").touch()
        program.finish()
    assert count_sound(folder, 3) == 600


def test_a_lock_that_comes_between_the_look_and_the_opening(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another run may open the file after this one has looked: nothing is written over what it writes."""
    write_regression(table())
    watermarks = ListSource.watermarks

    def meanwhile(*arguments: object) -> object:
        (folder / "line.csv").write_text("a,b,time,diff\n1.0,2.0,0,1\n")
        return watermarks(*arguments)  # type: ignore[arg-type]  # as it was called

    monkeypatch.setattr(ListSource, "watermarks", meanwhile)
    with pytest.raises(sr.OutputError, match=r"^line\.csv exists"):
        sr.run(processes=0)
    assert (folder / "line.csv").read_text() == "a,b,time,diff\n1.0,2.0,0,1\n"
    assert (folder / "rows.csv").read_bytes() == b""  # made, and left


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS])
@pytest.mark.parametrize("state", [None, "state"])
def test_a_file_system_without_locks_is_named_as_such(
    folder: Path, monkeypatch: pytest.MonkeyPatch, number: int, state: str | None
) -> None:
    """Nobody is told to stop another run that is not there."""

    def flock(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", flock)
    write_regression(table())
    error = sr.OutputError if state is None else sr.StateError
    with pytest.raises(error, match=rf"keeps no locks \({os.strerror(number)}\).*local disk"):
        sr.run(processes=0, state=state)
    assert all(data == b"" for data in contents(folder).values())


def _hard_link(a: Path, b: Path) -> None:
    a.touch()
    b.hardlink_to(a)


def _link(a: Path, b: Path) -> None:
    b.symlink_to(a.name)


def _link_of_a_folder(a: Path, b: Path) -> None:
    (b.parent / "same").symlink_to(".")
    b.symlink_to(f"same/{a.name}")


@pytest.mark.parametrize("link", [_hard_link, _link, _link_of_a_folder])
def test_two_names_of_one_file_are_refused(folder: Path, link: Link) -> None:
    """By links of any kind, whether the file is there or not: before anything is made."""
    link(folder / "a.csv", folder / "b.csv")
    before = sorted(os.listdir(folder))
    sr.io.csv.write(table(), "a.csv")
    with pytest.raises(sr.ConfigurationError, match=r"rejects: an output writes b\.csv"):
        sr.run(processes=0, rejects="b.csv")
    assert sorted(os.listdir(folder)) == before


@pytest.mark.parametrize("link", [_hard_link, _link])
@pytest.mark.parametrize("state", [None, "state"])
def test_two_names_that_become_one_file_are_refused(
    folder: Path, link: Link, state: str | None
) -> None:
    """Links that are made after the program was written: before anything is changed."""
    t = table()
    sr.io.csv.write(t, "a.csv")
    sr.io.csv.write(t, "b.csv")
    link(folder / "a.csv", folder / "b.csv")
    with pytest.raises(sr.OutputError, match=r"a\.csv and b\.csv are two names of one file"):
        sr.run(processes=0, state=state)


@pytest.mark.parametrize("database_first", [True, False])
@pytest.mark.parametrize("state", [None, "state"])
def test_a_file_is_no_database_too(
    folder: Path, state: str | None, *, database_first: bool
) -> None:
    """A database has several tables, but is no file of lines: two kinds of outputs never write to one file."""
    t = table()
    lines = sr.io.csv.write(t, "one")
    one = sr.io.sqlite.write(t, "./one", table="a")
    other = sr.io.sqlite.write(t, "one", table="b")
    outputs = [one, other, lines] if database_first else [lines, one, other]
    with pytest.raises(sr.OutputError, match="write one file: give each a file of its own"):
        sr.run(outputs=outputs, processes=0, state=state)
    with pytest.raises(sr.OutputError, match="write one file: give each a file of its own"):
        sr.run(outputs=[one, other], processes=0, state=state, rejects="one")
    assert not (folder / "one").exists()
    sr.run(outputs=[one, other], processes=0, state=state)


@pytest.mark.parametrize("path", [".", "/", "a\0b", "a\ud800b", Path("."), "", b"a", 7], ids=repr)
def test_paths_that_are_none(folder: Path, path: Any) -> None:  # noqa: ANN401  # whatever a program gives
    """Each is refused where it is given, in one line that names the argument."""
    t = table()
    with pytest.raises(sr.ConfigurationError, match=r"^path: "):
        sr.io.csv.write(t, path)
    with pytest.raises(sr.ConfigurationError, match=r"^path: "):
        sr.io.delta.write(t, path)
    if str(path) not in (".", "/"):
        with pytest.raises(sr.ConfigurationError, match=r"^path: "):
            sr.io.sqlite.write(t, path, table="t")
        with pytest.raises(sr.ConfigurationError, match=r"^path: "):
            sr.io.csv.read(path, schema=Point)
        sr.io.csv.write(t, "rows.csv")
        for option in ("rejects", "state"):
            with pytest.raises(sr.ConfigurationError, match=f"^{option}: "):
                sr.run(processes=0, **{option: path})


@pytest.mark.parametrize(
    "name",
    [
        "state/rows.csv",
        "state/lock",
        "state/checkpoint.seal",
        "state/checkpoint.sqlite",
        "state/checkpoint.sqlite-wal",
        "linked/checkpoint.seal",
        "seal.csv",
    ],
)
@pytest.mark.parametrize("begun", [False, True])
@pytest.mark.parametrize("as_rejects", [False, True])
def test_a_file_of_the_state_is_no_output(
    folder: Path, name: str, begun: bool, as_rejects: bool
) -> None:
    """By whatever name, and whether the state has begun or not: it is refused, and the state is whole."""

    def run(output: str, rejects: str | None) -> None:
        sr.io.csv.write(table(), output)
        sr.run(processes=0, state="state", rejects=rejects)

    output, rejects = ("rows.csv", name) if as_rejects else (name, "rejects.jsonl")
    (folder / "linked").symlink_to("state")
    if begun:
        run("rows.csv", "rejects.jsonl")
        (folder / "seal.csv").hardlink_to(folder / "state" / "checkpoint.seal")
        before = {p.name: p.read_bytes() for p in (folder / "state").iterdir()}
    elif name == "seal.csv":
        (folder / "seal.csv").symlink_to("state/checkpoint.seal")
    with pytest.raises(sr.OutputError):
        run(output, rejects)
    if begun:
        assert {p.name: p.read_bytes() for p in (folder / "state").iterdir()} == before
        assert read_state(folder / "state").rows == 30


def test_an_output_that_becomes_a_file_of_the_state_is_refused(folder: Path) -> None:
    """The output of the very job, put in place of which is a link to the commit record, which stays as it is."""
    sr.io.csv.write(table(), "rows.csv")
    sr.run(processes=0, state="state")
    (folder / "rows.csv").rename(folder / "kept.csv")
    (folder / "rows.csv").hardlink_to(folder / "state" / "checkpoint.seal")
    before = (folder / "state" / "checkpoint.seal").read_bytes()
    sr.io.csv.write(table(), "rows.csv")
    with pytest.raises(sr.OutputError, match=r"^rows\.csv is in the directory of the state"):
        sr.run(processes=0, state="state")
    assert (folder / "state" / "checkpoint.seal").read_bytes() == before


@pytest.mark.parametrize("as_rejects", [False, True])
def test_a_loop_of_links_is_an_error(folder: Path, as_rejects: bool) -> None:
    """It names the file, in the system's words."""
    (folder / "a.csv").symlink_to("b.csv")
    (folder / "b.csv").symlink_to("a.csv")
    sr.io.csv.write(table(), "rows.csv" if as_rejects else "a.csv")
    with pytest.raises(sr.OutputError, match=r"^a\.csv: Too many levels of symbolic links"):
        sr.run(processes=0, rejects="a.csv" if as_rejects else None)
