"""Outputs: what a run refuses to write over, and what it leaves alone."""

import os
from pathlib import Path

import pytest

import streamreg as sr
from streamreg.testing import read
from tests.support.changelog import inserted
from tests.support.numbered import Point, count_sound, stream, write_regression

HEADER = "x,y,time,diff\n"


def table() -> sr.Table:
    return read(stream(30, 3), schema=Point, batch=6)


@pytest.mark.parametrize("held", [HEADER + "1.0,1.0,0,1\n", "notes\n", "y", HEADER[:-1] + "!\n"])
@pytest.mark.parametrize("name", ["rows.csv", "line.csv", "rejects.jsonl"])
def test_a_file_that_holds_something_is_refused_and_left(
    folder: Path, name: str, held: str
) -> None:
    """The error names the file and says what to do; neither it nor any other file is touched."""
    (folder / name).write_text(held)
    write_regression(table())
    with pytest.raises(sr.OutputError, match=rf"^{name} exists.*(?:move|another path)"):
        sr.run(processes=0, rejects="rejects.jsonl")
    assert (folder / name).read_text() == held
    assert [path.name for path in folder.iterdir()] == [name]


@pytest.mark.parametrize("held", ["", HEADER[:3], HEADER])
def test_a_file_without_rows_is_written_over(folder: Path, held: str) -> None:
    """An earlier run that read nothing leaves a header, or the start of one: nothing can be lost."""
    (folder / "rows.csv").write_text(held)
    write_regression(table())
    assert sr.run(processes=0).rows == 30
    assert count_sound(folder, 3) == 30


def test_a_second_run_does_not_write_over_the_first(folder: Path) -> None:
    """The same program run again without a state is refused, and its first results stand."""
    write_regression(table())
    sr.run(processes=0)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    write_regression(table())
    with pytest.raises(sr.OutputError, match="state="):
        sr.run(processes=0)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_a_missing_directory_is_named(folder: Path) -> None:
    """The folder of an output must be there: it is not made, and nothing else is written."""
    t = table()
    sr.io.csv.write(t, "rows.csv")
    sr.io.csv.write(t, "no/such/rows.csv")
    with pytest.raises(
        sr.OutputError, match=r"^no/such/rows\.csv: there is no directory .*no/such"
    ):
        sr.run(processes=0)
    assert list(folder.iterdir()) == []


def test_an_output_that_is_a_directory_is_refused(folder: Path) -> None:
    """The error names the path and gives the system's own words."""
    (folder / "rows.csv").mkdir()
    sr.io.csv.write(table(), "rows.csv")
    with pytest.raises(sr.OutputError, match=r"^rows\.csv: Is a directory"):
        sr.run(processes=0)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
@pytest.mark.parametrize("existing", [False, True])
def test_an_output_that_cannot_be_written_is_refused(folder: Path, existing: bool) -> None:
    """A read-only folder or file: the error names the path."""
    path = folder / "shut" / "rows.csv"
    path.parent.mkdir()
    if existing:
        path.touch(mode=0o400)
    path.parent.chmod(0o500)
    sr.io.csv.write(table(), path)
    with pytest.raises(sr.OutputError, match=r"rows\.csv: Permission denied"):
        sr.run(processes=0)


@pytest.mark.parametrize("second", ["rows.csv", "./rows.csv", "a/../rows.csv"])
def test_a_second_output_of_one_path_replaces_the_first(
    folder: Path, caplog: pytest.LogCaptureFixture, second: str
) -> None:
    """However the path is spelt: a notebook's cell is run again. One line says so, and the last one is written."""
    (folder / "a").mkdir()
    t = table()
    sr.io.csv.write(t, "rows.csv")
    sr.io.csv.write(t.select(twice=t.x * 2), second)
    assert [record.getMessage().partition(": ")[2] for record in caplog.records] == [
        "this output replaces the one that was defined before for the same place"
    ]
    sr.run(processes=0)
    assert (folder / "rows.csv").read_text().startswith("twice,time,diff\n")


def test_two_outputs_of_one_path_are_refused_where_both_are_asked_for() -> None:
    """A run that is given its outputs does not choose among them."""
    t = table()
    outputs = [sr.io.csv.write(t, "rows.csv"), sr.io.csv.write(t, "./rows.csv")]
    with pytest.raises(sr.ProgramError, match=r"two outputs write \./rows\.csv"):
        sr.run(outputs=outputs, processes=0)
    with pytest.raises(sr.ProgramError, match="expected what functions like io"):
        sr.run(outputs=[t], processes=0)  # type: ignore[list-item]  # what people try


def test_outputs_outlive_a_run_that_fails(folder: Path) -> None:
    """After the cause is mended `run` alone suffices; after a run that has ended there is nothing left to run."""
    path = folder / "rows.csv"
    path.write_text("mine\n")
    sr.io.csv.write(table(), "rows.csv")
    for _ in range(2):
        with pytest.raises(sr.OutputError):
            sr.run(processes=0)
    path.unlink()
    assert sr.run(processes=0).rows > 0
    with pytest.raises(sr.ProgramError, match="nothing to run"):
        sr.run(processes=0)


def test_clear_forgets_the_outputs() -> None:
    """What was defined and not run is not run any more."""
    sr.io.csv.write(table(), "rows.csv")
    sr.clear()
    with pytest.raises(sr.ProgramError, match="nothing to run"):
        sr.run(processes=0)


@pytest.mark.parametrize("rejects", ["rows.csv", "./rows.csv"])
def test_rejects_need_a_file_of_their_own(folder: Path, rejects: str) -> None:
    """Rejects in an output's file would tear both."""
    sr.io.csv.write(table(), "rows.csv")
    with pytest.raises(sr.ConfigurationError, match=r"^rejects: .*rows\.csv"):
        sr.run(processes=0, rejects=rejects)
    assert list(folder.iterdir()) == []


def test_quotes_stand_only_where_they_must(processes: int) -> None:
    """Text with commas, quotes and line ends comes back from a CSV reader as it was."""

    class Text(sr.Schema):
        s: str

    t = read([[b'"a,b"', b'"say ""hi"""', b"plain", b'"two\nlines"']], schema=Text, header=["s"])
    sr.io.csv.write(t, "text.csv")
    sr.run(processes=processes)
    assert Path("text.csv").read_text() == (
        's,time,diff\n"a,b",0,1\n"say ""hi""",0,1\nplain,0,1\n"two\nlines",0,1\n'
    )


def test_a_run_without_outputs_is_refused() -> None:
    """Nothing to write is nothing to run; and what was run once is not run again."""
    with pytest.raises(sr.ProgramError, match="nothing to run"):
        sr.run()
    sr.io.csv.write(table(), "rows.csv")
    sr.run(processes=0)
    with pytest.raises(sr.ProgramError, match="nothing to run"):
        sr.run(processes=0)
    assert len(inserted("rows.csv", "x", "y")) == 30
