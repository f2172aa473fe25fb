"""An epoch whose closing fails is not part of the run: the next one does it again, once."""

import csv
import errno
from pathlib import Path

import pytest

import streamreg as sr
from streamreg._sinks.append_file import AppendFile
from streamreg._sinks.output_file import output_errors
from streamreg._state.checkpoint import Checkpoint
from streamreg._state.store import Store
from streamreg.testing import read as read_list

ROWS = 30
HELD = [[b"%d" % seq for seq in range(ROWS)]]


class Numbered(sr.Schema):
    seq: int


def program(folder: Path) -> sr.Summary:
    """Six epochs of five rows."""
    table = read_list(HELD, schema=Numbered, header=["seq"], batch=5)
    sr.io.csv.write(table, folder / "rows.csv")
    sr.io.csv.write(table.reduce(n=sr.reducers.count()), folder / "count.csv")
    return sr.run(processes=0, state=folder / "state")


def read(path: Path) -> list[list[int]]:
    return [
        [int(cell) for cell in line] for line in list(csv.reader(path.read_text().splitlines()))[1:]
    ]


def must_be_whole(folder: Path, summary: sr.Summary) -> None:
    assert read(folder / "rows.csv") == [[seq, seq // 5, 1] for seq in range(ROWS)]
    inserted = [line for line in read(folder / "count.csv") if line[2] == 1]
    assert inserted == [[5 * time + 5, time, 1] for time in range(6)]
    assert (summary.rows, summary.epochs) == (ROWS, 6)


@pytest.mark.parametrize("failing", range(1, 7))
def test_a_commit_that_fails_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: int
) -> None:
    """Though the disk takes the next one, the failed epoch is neither counted twice nor lost."""
    saved = 0
    save = Store.save

    def full(store: Store, checkpoint: Checkpoint) -> None:
        nonlocal saved
        saved += 1
        if saved == failing:
            raise sr.StateError("database or disk is full")
        save(store, checkpoint)

    with monkeypatch.context() as patch:
        patch.setattr(Store, "save", full)
        with pytest.raises(sr.StateError, match="full"):
            program(tmp_path)
    assert saved == failing
    must_be_whole(tmp_path, program(tmp_path))


@pytest.mark.parametrize("failing", range(1, 9))
def test_a_write_that_fails_in_the_middle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: int
) -> None:
    """Half of the bytes reach the file, then the disk is full: the error names the file, and half rows are cut."""
    writes = 0
    flush = AppendFile.flush

    def full(sink: AppendFile, *, durable: bool = False) -> None:
        nonlocal writes
        writes += 1
        if writes == failing:
            held = b"".join(sink._held)
            sink._file.write(held[: len(held) // 2])
            with output_errors(sink.path):
                raise OSError(errno.ENOSPC, "No space left on device")
        flush(sink, durable=durable)

    with monkeypatch.context() as patch:
        patch.setattr(AppendFile, "flush", full)
        with pytest.raises(sr.OutputError, match=r"(rows|count)\.csv: No space left on device"):
            program(tmp_path)
    must_be_whole(tmp_path, program(tmp_path))
