"""A file of CSV that was read up to the midst of a record: read on, it is as if read once, or an error says so."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

import streamreg as sr
from streamreg._files import file_log


class Row(sr.Schema):
    x: int
    s: str


WHOLE = (
    b'x,s\n1,a\n2,"b\n""c"\n3,"d,\n"\n4,e\n',
    b'\xef\xbb\xbfx,s\r\n1,"a\r\n\r\n,"\r\n2,b"\r\n3,"c\n"\r\n"4","d"\r\n5,"\n6,e\n7,f\n',
)


Found = tuple[list[bytes], dict[str, int]]


def read(folder: Path, data: bytes) -> Found:
    """Reads on, in a file that holds this now; gives all rows, without their times, and rejects so far."""
    (folder / "in.csv").write_bytes(data)
    t = sr.io.csv.read(str(folder / "in.csv"), schema=Row, mode="static")
    out = folder / "out.csv"
    summary = sr.run(outputs=[sr.io.csv.write(t, out)], state=folder / "state", processes=0)
    rows = (line.rsplit(b",", 2)[0] for line in out.read_bytes().splitlines())
    return sorted(rows), dict(summary.rejects)


def read_on(folder: Path, data: bytes) -> Found | None:
    """The same; None if the file goes on in a record that was read."""
    try:
        return read(folder, data)
    except sr.SourceError as error:
        if "it goes on in the record that was read as its last one" not in str(error):
            raise
    return None


@pytest.mark.parametrize("whole", WHOLE, ids=["LF", "CRLF"])
def test_law_any_cut_is_seen(tmp_path: Path, whole: bytes) -> None:
    """The second run says that the file goes on in a record that was read, or comes to what one run comes to."""
    (tmp_path / "once").mkdir()
    once = read(tmp_path / "once", whole)
    refused = 0
    for cut in range(whole.index(b"\n") + 1, len(whole)):
        folder = tmp_path / str(cut)
        folder.mkdir()
        read(folder, whole[:cut])
        twice = read_on(folder, whole)
        refused += twice is None
        assert twice in (None, once), cut
    assert 0 < refused < len(whole)


def test_law_any_cut_of_many_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wherever records and quotes stand in the pieces that are looked at."""
    monkeypatch.setattr(file_log, "PIECE", 64)
    chance = random.Random(5)
    cells = [
        b"a",
        b'"b"',
        b'"c\nd"',
        b'"e""\n\n""f"',
        b'g"h',
        b'"i',
        b"j" * 70,
        b'"' + b"k\n" * 40 + b'"',
    ]
    for number in range(12):
        rows = (b"%d,%s\n" % (at, chance.choice(cells)) for at in range(40))
        whole = b"x,s\n" + b"".join(rows)
        folder = tmp_path / str(number)
        (folder / "once").mkdir(parents=True)
        (folder / "twice").mkdir()
        once = read(folder / "once", whole)
        read(folder / "twice", whole[: chance.randrange(4, len(whole))])
        assert read_on(folder / "twice", whole) in (None, once)
