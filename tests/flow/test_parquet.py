"""Parquet files as sources: rows count once by file and row, and hold what frames hold."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import streamreg as sr
from streamreg._parquet import source
from streamreg.testing import collect
from tests.flow.test_frames import Kinds, messages, values
from tests.support.numbered import Point, count_sound, write_regression, y_of
from tests.support.resumed import after


def put(path: Path, xs: range, group: int = 30) -> None:
    """A file of numbered rows, in row groups of so many."""
    ys = [y_of(x) for x in xs]
    table = pa.table({"unread": [[0]] * len(xs), "y": ys, "x": np.array(xs, np.int32)})
    pq.write_table(table, path, row_group_size=group)


def table(mode: str = "static") -> sr.Table:
    return sr.io.parquet.read(
        "*.parquet",
        schema=Point,
        mode=mode,  # type: ignore[arg-type]  # one of the two
        autocommit_duration_ms=0,
        refresh_seconds=0.05,
    )


def test_differential_parquet_and_messages(folder: Path) -> None:
    """Every column holds what JSON gives, dictionaries and what is missing among them."""
    held = pa.table(values())
    held = held.set_column(held.schema.get_field_index("s"), "s", held["s"].dictionary_encode())
    pq.write_table(held, folder / "kinds.parquet", row_group_size=70)
    found = collect(sr.io.parquet.read("kinds.parquet", schema=Kinds, mode="static"))
    sr.run(processes=0)
    assert sorted((change[0] for change in found), key=repr) == messages()


@pytest.mark.parametrize("batch", [7, 100, 50_000])
def test_a_stopped_run_goes_on(folder: Path, batch: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the batches and row groups, each row counts once; a new file is read beside the others."""
    monkeypatch.setattr(source, "_BATCH", batch)
    for part in (0, 1):
        put(folder / f"{part}.parquet", range(part, 600, 3))
    for epochs in (2, 5, 999):
        write_regression(table())
        sr.run(processes=0, state="state", stop=after(epochs))
    put(folder / "2.parquet", range(2, 600, 3))
    write_regression(table())
    assert sr.run(processes=0, state="state").rows == 600
    assert count_sound(folder, 3) == 600


def test_new_files_are_found_while_running(folder: Path, processes: int) -> None:
    """A streaming run goes on with files that come later."""
    put(folder / "0.parquet", range(0, 90, 3))

    def stop(progress: sr.Progress) -> bool:
        if progress.rows == 30 and not (folder / "1.parquet").exists():
            for part in (1, 2):
                put(folder / "made", range(part, 90, 3))
                (folder / "made").rename(folder / f"{part}.parquet")
        return progress.rows == 90

    write_regression(table("streaming"))
    sr.run(processes=processes, stop=stop)
    assert count_sound(folder, 3) == 90


def test_files_that_are_others(folder: Path) -> None:
    """Another footer is another file; one that is cut, or no such file, is refused by name."""
    put(folder / "0.parquet", range(60))
    write_regression(table())
    sr.run(processes=0, state="state")
    put(folder / "0.parquet", range(61))
    write_regression(table())
    with pytest.raises(sr.SourceError, match=r"file '0\.parquet' is not the one that was read"):
        sr.run(processes=0, state="state")
    whole = (folder / "0.parquet").read_bytes()
    sr.clear()
    for content in (whole[:-1], b"", b"x" * 99 + b"PAR1"):
        (folder / "0.parquet").write_bytes(content)
        collect(table())
        with pytest.raises(sr.SourceError, match=r"^file '0\.parquet'"):
            sr.run(processes=0)
        sr.clear()


def test_columns_that_do_not_fit(folder: Path) -> None:
    """The error names file and column."""
    pq.write_table(pa.table({"x": [1.0], "y": [[1.0]]}), folder / "0.parquet")
    collect(table())
    with pytest.raises(sr.SourceError, match=r"^file '0\.parquet': y: it is nested"):
        sr.run(processes=1)
    sr.clear()
    pq.write_table(pa.table({"x": [1.0]}), folder / "0.parquet")
    collect(table())
    with pytest.raises(sr.SourceError, match=r"^file '0\.parquet': the frame has no column 'y'"):
        sr.run(processes=0)
