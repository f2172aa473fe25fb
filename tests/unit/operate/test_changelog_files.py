"""What a changelog must look like, and how its first fault is named."""

from pathlib import Path

import pytest

from streamreg._operate.verify.changelog_files import Times, fold, inserted
from streamreg._sinks.contract import ColumnSpec, ReadBack
from streamreg._sinks.csv_file import CsvFile
from streamreg._sinks.file_position import FilePosition
from streamreg._sinks.records import RecordError

COLUMNS = (ColumnSpec("a", "int", "a"), ColumnSpec("b", "str", "b"))
HEADER = CsvFile("").beginning(COLUMNS)


def written(path: Path, text: str) -> ReadBack:
    """A file with this text."""
    path.write_text(text)
    return CsvFile(str(path)).read_back(COLUMNS, FilePosition(len(text), None).to_json())


def folded(path: Path, text: str, latest: int = 9) -> tuple[bytes | None, int]:
    return fold(written(path, text), Times(latest))


def test_folding_gives_the_row_that_stands(tmp_path: Path) -> None:
    """Each change is taken in its turn; the last one decides."""
    path = tmp_path / "f.csv"
    head = HEADER.decode()
    assert folded(path, head) == (None, 0)
    assert folded(path, head + "1,2,0,1\n") == (b"1,2", 1)
    assert folded(path, head + "1,2,0,1\n1,2,3,-1\n") == (None, 2)
    assert folded(path, head + "1,2,0,1\n1,2,3,-1\n3,4,3,1\n") == (b"3,4", 3)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "its header is missing"),
        ("a,c,time,diff\n", "it begins with 'a,c,time,diff', not 'a,b,time,diff'"),
        ("a,b,time,diff\n1,2,0,1", "ends in the middle of a record"),
        ("a,b,time,diff\n1\n", "'1' has no time and diff"),
        ("a,b,time,diff\n1,2,0,-1\n", "change 1: diff '-1' of '1,2', where nothing stands"),
        ("a,b,time,diff\n1,2,0,1\n3,4,1,-1\n", "change 2: diff '-1' of '3,4', where '1,2' stands"),
        ("a,b,time,diff\n1,2,0,1\n3,4,1,1\n", "change 2: diff '1' of '3,4', where '1,2' stands"),
        ("a,b,time,diff\n1,2,0,1\n1,2,0,-1\n", "change 2: diff '-1' of '1,2', where '1,2' stands"),
        ("a,b,time,diff\n1,2,0,2\n", "change 1: diff '2' of '1,2', where nothing stands"),
        ("a,b,time,diff\n1,2,10,1\n", "change 1: its time '10' is that of no epoch"),
        ("a,b,time,diff\n1,2,01,1\n", "change 1: its time '01' is that of no epoch"),
        ("a,b,time,diff\n1,2,-1,1\n", "change 1: its time '-1' is that of no epoch"),
        ("a,b,time,diff\n1,2,,1\n", "change 1: its time '' is that of no epoch"),
        (f"a,b,time,diff\n1,2,{'9' * 5000},1\n", "is that of no epoch"),
        ("a,b,time,diff\n1,2,5,1\n1,2,4,-1\n", "change 2: its time '4' comes after 5"),
    ],
)
def test_the_first_fault_of_a_changelog_is_named(tmp_path: Path, text: str, fault: str) -> None:
    """A file that no run writes so is told by the number of its change, and why."""
    with pytest.raises(RecordError) as caught:
        folded(tmp_path / "f.csv", text)
    assert fault in str(caught.value)


def test_rows_are_never_taken_back(tmp_path: Path) -> None:
    """A changelog of rows read has nothing but insertions."""
    path = tmp_path / "f.csv"
    text = 'a,b,time,diff\n1,"2\n2",0,1\n1,2,0,1\n5,6,1,1\n'
    rows = [r for found in inserted(written(path, text), Times(9)) for r in found]
    assert rows == [b'1,"2\n2"', b"1,2", b"5,6"]
    for fault in ("1,2,1,-1\n", "1,2,0,1\n"):
        with pytest.raises(RecordError, match="change 4: "):
            list(inserted(written(path, text + fault), Times(9)))
