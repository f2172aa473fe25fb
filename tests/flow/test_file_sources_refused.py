"""Files that are not what a run expects end it, with an error that names the file and says what to do."""

import errno
import gzip
import os
from pathlib import Path

import pytest

import streamreg as sr
from streamreg._files import file_log
from streamreg._source.contract import Range
from streamreg.testing import collect, read
from tests.support.followed_files import put, table, texts
from tests.support.numbered import Point, count_sound, stream, write_regression
from tests.support.verified import rewritten


@pytest.mark.parametrize("processes", [0, 1])
@pytest.mark.parametrize(
    ("change", "text"),
    [
        ("replaced", "was replaced by another one while it was being read"),
        ("shortened", "it ends at byte"),
        ("removed", "is not there any more"),
        ("rewritten", "has other content before byte"),
    ],
)
def test_a_file_that_changes_under_a_run_ends_it(
    folder: Path, processes: int, change: str, text: str
) -> None:
    """Whatever becomes of it, the run ends with an error that names the file and says what to do."""
    contents = texts(20, 1)
    path = put(folder, contents)[0]

    def stop(progress: sr.Progress) -> bool:
        if progress.rows == 20:
            match change:
                case "replaced":
                    (folder / "new").write_bytes(contents[0])
                    (folder / "new").rename(path)
                case "shortened":
                    path.write_bytes(contents[0][:-5])
                case "removed":
                    path.unlink()
                case "rewritten":
                    with path.open("r+b") as file:  # Not cut meanwhile.
                        file.write(contents[0].replace(b"\n18,", b"\n19,") + b"1,1\n")
        return False

    write_regression(table("streaming", "0.csv"))
    with pytest.raises(sr.SourceError, match=rf"file '0\.csv'.*{text}.*--fresh"):
        sr.run(processes=processes, state="state", stop=stop)
    assert count_sound(folder, 1) == 20


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ("shortened", "has become shorter"),
        ("removed", "cannot be read: No such file or directory"),
        ("rewritten", "has other content before byte"),
        ("renamed", "cannot be read"),
        ("doubled", "is file .* too"),
    ],
)
def test_a_file_that_changed_between_runs_is_refused(folder: Path, change: str, text: str) -> None:
    """At a restart the content of what was read is compared, before anything of it counts again."""
    contents = texts(40, 2)
    path = put(folder, contents)[0]
    write_regression(table())
    sr.run(processes=0, state="state")
    before = (folder / "rows.csv").read_bytes()
    match change:
        case "shortened":
            path.write_bytes(contents[0][:-9])
        case "removed":
            path.unlink()
        case "rewritten":
            path.write_bytes(contents[0].replace(b"\n18,", b"\n19,") + b"40,1\n")
        case "renamed":
            path.rename("9.csv")
        case "doubled":
            (folder / "9.csv").hardlink_to(path)
    write_regression(table())
    with pytest.raises(sr.SourceError, match=rf"file '0\.csv'.*{text}"):
        sr.run(processes=0, state="state")
    assert (folder / "rows.csv").read_bytes() == before


def test_a_state_of_a_topic_is_not_that_of_files(folder: Path) -> None:
    """The number of a file means nothing where the state has none."""
    t = read(stream(20, 1), schema=Point)
    put(folder, texts(20, 1))
    write_regression(t)
    sr.run(processes=0, state="state")
    write_regression(table())
    with pytest.raises(sr.StateError, match="another job"):
        sr.run(processes=0, state="state")


@pytest.mark.parametrize(
    "identity",
    [
        *["id", 7, [], {}, {"files": None}, {"files": ["0.csv", 7]}, {"files": ["0.csv", "0.csv"]}],
        *[{"files": [""]}, {"files": ["0.csv\0"]}, {"files": ["0.csv", "no.csv"]}],
    ],
)
def test_a_state_may_say_anything_of_files(folder: Path, identity: object) -> None:
    """What no run has written, or names a file that is not there, is an error that says so, and nothing is read."""
    put(folder, texts(20, 2))
    write_regression(table())
    sr.run(processes=0, state="state")
    rewritten(Path("state"), identity=identity)
    write_regression(table())
    with pytest.raises(sr.SourceError, match=r"no\.csv|something else than the files"):
        sr.run(processes=0, state="state")


def test_a_state_may_have_any_numbers(folder: Path) -> None:
    """A number that is no file's is an error, too."""
    put(folder, texts(20, 2))
    write_regression(table())
    sr.run(processes=0, state="state")
    whole = Range(0, None, untouched=True)
    rewritten(Path("state"), offsets={0: 0, 5: 1}, began={0: whole, 5: whole})
    write_regression(table())
    with pytest.raises(sr.SourceError, match="file 'number 5' is none"):
        sr.run(processes=0, state="state")


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (gzip.compress(b"x,y\n1,2\n", mtime=0), "compressed (gzip): uncompress it first"),
        ("x,y\n1,2\n".encode("utf-16"), "text in UTF-16: convert it to UTF-8"),
        (b"PAR1....", "is a Parquet file, and no text: a program reads it by sr.io.parquet.read"),
        (b"a,y\n1,2\n", "names the column 'x' not"),
        (b"x,y,x\n1,2\n", "names the column 'x' twice"),
        (b"\n \n", "holds nothing, not even the header 'x,y'"),
        (b'x"y,\n', "is no header"),
    ],
)
def test_what_is_no_such_file_is_refused(folder: Path, content: bytes, text: str) -> None:
    """The error names the file and what is wrong with it, from whichever process."""
    put(folder, [b"x,y\n1,2\n", content])
    collect(table())
    with pytest.raises(sr.SourceError, match=r"^file '1\.csv'") as error:
        sr.run(processes=1)
    assert text in str(error.value)


def test_paths_that_are_none(folder: Path) -> None:
    """Each is refused with what to do."""
    (folder / "d.csv").mkdir()
    for path, text in (
        ("no.csv", "file 'no.csv' cannot be read: No such file"),
        ("d.csv", "directory"),
        ("*.txt", "no file"),
    ):
        collect(table(path=path))
        with pytest.raises(sr.SourceError, match=text):
            sr.run(processes=0)
        sr.clear()
    for none in ("", [], 7, ["a", 7], "a\0b"):
        with pytest.raises(sr.ConfigurationError, match="path"):
            sr.io.csv.read(none, schema=Point)  # type: ignore[arg-type]
    with pytest.raises(sr.ConfigurationError, match="refresh_seconds"):
        sr.io.csv.read("a", schema=Point, refresh_seconds=0)
    with pytest.raises(sr.ConfigurationError, match="delimiter"):
        sr.io.csv.read("a", schema=Point, delimiter="ab")


@pytest.mark.parametrize("mode", ["static", "streaming"])
def test_a_pipe_is_refused(folder: Path, mode: str) -> None:
    """It cannot be read again: a static run took it for an empty file."""
    os.mkfifo(folder / "0.csv")
    for path in ("0.csv", "[0-9].csv", "/dev/null"):
        collect(table(mode, path))
        with pytest.raises(
            sr.SourceError, match="is a pipe or a device, which cannot be read again"
        ):
            sr.run(processes=0)
        sr.clear()


def test_a_line_without_an_end_is_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is no text of lines does not fill the memory."""
    monkeypatch.setattr(file_log, "PIECE", 16)
    monkeypatch.setattr(file_log, "LONGEST", 64)
    put(folder, [b"x,y\n1,2\n3," + b"4" * 200])
    collect(table("streaming"))
    with pytest.raises(
        sr.SourceError, match=r"file '0\.csv': the line at byte 8 has no end within"
    ):
        sr.run(processes=0)


def test_more_files_than_may_be_open(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error says which limit it is."""
    put(folder, texts(20, 2))

    def refuse(path: str, flags: int) -> int:
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    monkeypatch.setattr(os, "open", refuse)
    collect(table())
    with pytest.raises(
        sr.SourceError, match=r"^file '0\.csv' cannot be read: Too many open files: .*ulimit -n"
    ):
        sr.run(processes=0)


@pytest.mark.parametrize(
    ("pattern", "name"),
    [
        ("*.csv", r"rows\.csv: rows\.csv"),
        ("*.0*.csv", r"rows\.csv: rows\.0+\.csv"),
        ("*.jsonl", r"rejects\.jsonl: rejects\.jsonl"),
        ("state/*", "state state: state/checkpoint"),
        ("*.db", r"out\.db:rows: out\.db"),
    ],
)
def test_no_run_reads_what_it_writes(folder: Path, pattern: str, name: str) -> None:
    """A pattern that an output, a part of one, the rejects or the state would match is refused before any is made."""
    put(folder, texts(20, 1))
    before = sorted(folder.iterdir())
    t = table("static", pattern)
    write_regression(t)
    sr.io.sqlite.write(t, "out.db", table="rows")
    with pytest.raises(sr.OutputError, match=rf"^{name}.* is one of the files that are read"):
        sr.run(processes=0, state="state", rejects="rejects.jsonl")
    assert sorted(folder.iterdir()) == before
