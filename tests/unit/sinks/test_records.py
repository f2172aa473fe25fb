"""Files are taken apart into records, wherever the pieces of their bytes are cut."""

import csv
import io
import tempfile
from itertools import accumulate
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamreg._core import render, stamp
from streamreg._sinks.records import RecordError, last_records, pieces, records

CELLS = st.text(st.sampled_from('ab,"\n\r é'), max_size=6)


def cut(data: bytes, size: int) -> list[bytes]:
    return [data[at : at + size] for at in range(0, len(data), size)]


def flat(parts: list[bytes], *, quotes: bool = True) -> list[bytes]:
    return [record for found in records(parts, quotes=quotes) for record in found]


@given(cells=st.lists(CELLS, min_size=1, max_size=8), size=st.integers(1, 40))
def test_differential_records_are_those_of_the_csv_module(cells: list[str], size: int) -> None:
    """What the writer wrote is cut where Python's own reader cuts it, cells with line ends included."""
    data = stamp(render([[*cells]]), 5, 1)
    rows = [next(csv.reader(io.StringIO(r.decode(), newline=""))) for r in flat(cut(data, size))]
    assert rows == list(csv.reader(io.StringIO(data.decode(), newline="")))
    assert [row[0] for row in rows] == cells


@given(lines=st.lists(st.binary(max_size=5).map(lambda b: b.replace(b"\n", b""))))
def test_law_lines_without_quoting_end_at_every_line_end(lines: list[bytes]) -> None:
    """JSON lines are cut at each LF, whatever quotes they hold."""
    data = b"".join(line + b"\n" for line in lines)
    assert flat(cut(data, 3), quotes=False) == lines


@pytest.mark.parametrize("data", [b"a,0,1", b'"a\n', b'"a,0,1\nb,0,1\n'])
def test_a_torn_end_is_an_error(data: bytes) -> None:
    """A file that ends within a line, or within quotes, was not left so by a run."""
    with pytest.raises(RecordError, match="ends in the middle"):
        flat(cut(data, 2))


def test_a_record_without_end_does_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """A quote that nobody closes is an error before the rest of the file is in memory."""
    monkeypatch.setattr("streamreg._sinks.records._LONGEST", 1000)
    endless = (b"x" * 100 + b"\n" if i else b'"\n' for i in range(1_000_000))
    with pytest.raises(RecordError, match="no end after 1,000 bytes"):
        for _ in records(endless, quotes=True):
            pass
    assert next(endless)  # most of them were not asked for


def test_only_the_recorded_bytes_are_read(tmp_path: Path) -> None:
    """What stands past the length is not looked at; what is missing is an error."""
    path = tmp_path / "f"
    with pytest.raises(RecordError, match="missing"):
        list(pieces(path, 1))
    path.write_bytes(b"0123456789")
    assert b"".join(pieces(path, 4)) == b"0123"
    with pytest.raises(RecordError, match="it has 10 bytes, not 11"):
        list(pieces(path, 11))
    with pytest.raises(RecordError, match="cannot be read"):
        list(pieces(tmp_path, 1))


@given(cells=st.lists(CELLS, max_size=8), most=st.integers(1, 60))
def test_differential_the_last_records_are_the_end_of_all(cells: list[str], most: int) -> None:
    """Wherever the tail begins, within quotes too: all records but those before it, and the first one in it."""
    data = b'"a ""header"""\n' + (stamp(render([[*cells]]), 5, 1) if cells else b"")
    every = flat([data])
    with tempfile.NamedTemporaryFile() as file:
        file.write(data + b"what a run has written since")
        file.flush()
        found = last_records(Path(file.name), len(data), most)
    left = max(len(data) - most, 0)
    begun = sum(end <= left for end in accumulate(len(record) + 1 for record in every))
    assert found == every[begun + 1 :]


def test_last_records_that_are_not_there(tmp_path: Path) -> None:
    """A file that is shorter, or gone, is an error."""
    path = tmp_path / "f"
    with pytest.raises(RecordError, match="cannot be read"):
        last_records(path, 9, 5)
    path.write_bytes(b"k\n1\n")
    with pytest.raises(RecordError, match="it has 4 bytes, not 9"):
        last_records(path, 9, 5)
