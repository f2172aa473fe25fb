"""Files as sources: what they give is what the same records give as messages of a topic, bit for bit."""

import random
import tempfile
import threading
from collections import Counter
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

import streamreg as sr
from streamreg._files import file_log
from streamreg._files import records as files_records
from streamreg.testing import collect, read
from tests.support.changelog import rejects, result
from tests.support.followed_files import put, table, texts
from tests.support.numbered import Point, count_sound, row, write_regression
from tests.support.resumed import after


class Odd(sr.Schema):
    x: float
    s: str


def odd_records(count: int, seed: int) -> list[bytes]:
    """Records of CSV with quoted line ends, delimiters and quotes, some of which are none."""
    chance = random.Random(seed)
    kinds = [
        b'%d,"a\nb"',
        b'%d,"a,""b"""',
        b"%d,plain",
        b'"%d","\r\n\r\n"',
        b"x%d,no number",
        b"%d",
        b"\xff%d,s",
    ]
    return [chance.choice(kinds) % at for at in range(count)]


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_differential_files_and_messages(folder: Path, processes: int, end: bytes) -> None:
    """Three files, of which each has its columns in another order, give the rows, sums and rejects of messages."""
    records = odd_records(300, 1)
    parts = [records[at::3] for at in range(3)]
    messages = read(parts, schema=Odd, header=["x", "s"])
    expected = collect(messages)
    before = sr.run(processes=0, rejects="messages.jsonl")
    headers = [b"\xef\xbb\xbfx,s", b"  x , s ", b'"x","s"']
    put(
        folder,
        [end.join([header, b"", *part]) for header, part in zip(headers, parts, strict=True)],
    )
    found = collect(sr.io.csv.read("[0-9].csv", schema=Odd, mode="static"))
    summary = sr.run(processes=processes, rejects="files.jsonl")
    assert Counter(change[0] for change in found) == Counter(change[0] for change in expected)
    assert summary.rejects == before.rejects
    assert sum(before.rejects.values()) > 50
    told = [
        Counter((one["reason"], one.get("value")) for one in rejects(f"{name}.jsonl"))
        for name in ("messages", "files")
    ]
    assert told[0] == told[1]


@pytest.mark.parametrize("mode", ["static", "streaming"])
def test_a_stray_quote_costs_its_line(
    folder: Path, monkeypatch: pytest.MonkeyPatch, mode: Literal["static", "streaming"]
) -> None:
    """One within a field, one that is never closed and one behind which text stands: what follows is read."""
    monkeypatch.setattr(files_records, "MOST", 64)
    lines = [b"%d,a" % at for at in range(60)]
    strays = {7: b'7,5" pipe', 9: b'9,5" pipe', 20: b'20,"closed" not', 40: b'40,"never closed'}
    for at, line in strays.items():
        lines[at] = line
    put(folder, [b"\n".join([b"x,s", *lines, b""])])
    found = collect(sr.io.csv.read("[0-9].csv", schema=Odd, mode=mode))
    sr.run(
        processes=0,
        rejects="rejects.jsonl",
        stop=lambda progress: progress.rows == 60 - len(strays),
    )
    assert [row[0] for row, _, _ in found] == [at for at in range(60) if at not in strays]
    told = [(one["reason"], one["value"].encode()) for one in rejects("rejects.jsonl")]
    assert told == [("malformed-csv", line) for line in strays.values()]


def test_a_quote_that_is_open_at_the_end_is_told(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A static run that comes in the midst of a record makes a reject of its first line, and says which one it is."""
    put(folder, [b'x,s\n0,"a\nb"\n1,"c\n2,d\n', b'x,s\n3,"a\nb"\n4,"c"'])
    found = collect(sr.io.csv.read("[0-9].csv", schema=Odd, mode="static"))
    assert sr.run(processes=0).rejects == {"malformed-csv": 1}
    assert sorted(row for row, _, _ in found) == [
        (0.0, "a\nb"),
        (2.0, "d"),
        (3.0, "a\nb"),
        (4.0, "c"),
    ]
    told = [one.message for one in caplog.records if "by the end of the file" in one.message]
    assert [text.partition(" has ")[0] for text in told] == ["file '0.csv': the record at byte 12"]


def test_a_quote_that_holds_up_a_growing_file_is_told(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """What waits for a quote to be closed is neither read nor rejected yet: the run says so, once for each."""
    path = put(folder, [b'x,s\n0,"open\n'])[0]
    found = collect(sr.io.csv.read("[0-9].csv", schema=Odd, autocommit_duration_ms=0))
    lines = iter([b"1,a\n", b"2,b\n", b"3,c\n", b'4,"\n5,d\n'])

    def grow(progress: sr.Progress) -> bool:
        if (line := next(lines, None)) is not None:
            with path.open("ab") as file:
                file.write(line)
        return progress.rows > 0

    sr.run(processes=0, stop=grow)
    assert [row for row, _, _ in found] == [(0.0, "open\n1,a\n2,b\n3,c\n4,"), (5.0, "d")]
    told = [one.message for one in caplog.records if "not closed yet" in one.message]
    assert told == [
        "file '0.csv': the record at byte 4 has a quote that is not closed yet: what follows waits for that, until "
        "1 MiB have come"
    ]


@hypothesis_settings(max_examples=20, deadline=None)
@given(st.integers(1, 10_000), st.lists(st.integers(1, 40), max_size=4))
def test_law_stray_quotes_are_the_same_rejects_wherever_a_run_stops(
    seed: int, stops: list[int]
) -> None:
    """Rows and rejects are those of one run over the whole file, whatever the pieces and however often it goes on."""
    chance = random.Random(seed)
    words = [
        b'5" pipe',
        b'"never closed',
        b'"closed" not',
        b'a ""',
        b'"two\nlines"',
        b'"1,"2"',
        b"s",
    ]
    lines = [b"%d,%b" % (at, chance.choice(words) if at % 3 else b"s") for at in range(150)]
    left = []
    with tempfile.TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
        patch.chdir(name)
        patch.setattr(files_records, "MOST", 50)
        put(Path(), [b"\n".join([b"x,s", *lines, b""])])
        for at, epochs in enumerate([[], [*stops, 10_000]]):
            patch.setattr(file_log, "PIECE", chance.choice([16, 64]) if epochs else 2**20)
            for until in epochs or [10_000]:
                sr.clear()
                sr.io.csv.write(
                    sr.io.csv.read(
                        "[0-9].csv", schema=Odd, mode="static", autocommit_duration_ms=0
                    ),
                    f"{at}.out",
                )
                sr.run(processes=0, state=f"{at}.state", rejects=f"{at}.jsonl", stop=after(until))
            rows = [line.rsplit(",", 2)[0] for line in Path(f"{at}.out").read_text().splitlines()]
            told = [(one["offset"], one["reason"], one["value"]) for one in rejects(f"{at}.jsonl")]
            left.append((rows, told))
        sr.clear()
    assert left[0] == left[1]
    assert len(left[0][0]) > 50


def test_columns_may_stand_in_any_order(folder: Path) -> None:
    """Each file has its own header, which names what its fields are."""
    put(folder, [b"x,s\n1,a\n", b"s,y,x\nb,?,2\n", b"s,x\n"])
    found = collect(sr.io.csv.read("*.csv", schema=Odd, mode="static"))
    sr.run(processes=0)
    assert sorted(change[0] for change in found) == [(1.0, "a"), (2.0, "b")]


def test_files_without_a_header(folder: Path) -> None:
    """The program names the fields; the first record of each file is a row, behind a byte order mark too."""
    put(folder, [b"1;a\n2;b", b"\xef\xbb\xbf3;c\n\n"])
    found = collect(
        sr.io.csv.read(
            ["0.csv", Path("1.csv"), "./0.csv"],
            schema=Odd,
            mode="static",
            header=["x", "s"],
            delimiter=";",
        )
    )
    sr.run(processes=0)
    assert sorted(change[0] for change in found) == [(1.0, "a"), (2.0, "b"), (3.0, "c")]


def test_json_lines(folder: Path, processes: int) -> None:
    """An object a line; quotes hold no lines together, blank lines are none, and the last needs no line end."""
    lines = [b'{"x": %d, "s": "a\\nb\\""}' % at for at in range(50)] + [
        b"",
        b'{"x": "\n',
        b"  \r",
        b'{"x": 1, "s": "end"}',
    ]
    put(folder, [b"\n".join(lines)])
    found = collect(sr.io.jsonlines.read("0.csv", schema=Odd, mode="static"))
    summary = sr.run(processes=processes, rejects="rejects.jsonl")
    assert len(found) == 51
    assert summary.rejects == {"malformed-json": 1}
    [reject] = rejects("rejects.jsonl")
    assert (reject["file"], reject["offset"]) == (
        "0.csv",
        (folder / "0.csv").read_bytes().index(b'{"x": "\n'),
    )
    assert "partition" not in reject


@pytest.mark.parametrize("piece", [1, 2, 7, 64, 1 << 20])
def test_law_any_pieces_give_the_same(
    folder: Path, piece: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many bytes are read at a time: the same rows, the same rejects at the same places."""
    records = odd_records(60, 2)
    put(folder, [b"x,s\n" + b"\n".join(records[:40]), b"s,x\r\n" + b"\r\n".join(records[40:])])
    found: list[tuple[Counter[tuple[object, ...]], list[str]]] = []
    for size in (1 << 20, piece):
        monkeypatch.setattr(file_log, "PIECE", size)
        rows = collect(sr.io.csv.read("*.csv", schema=Odd, mode="static", autocommit_duration_ms=0))
        sr.run(processes=0, rejects=f"{len(found)}.jsonl")
        found.append(
            (
                Counter(row for row, *_ in rows),
                sorted((folder / f"{len(found)}.jsonl").read_text().splitlines()),
            )
        )
    assert found[0] == found[1]


def test_a_stopped_run_goes_on(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files that have come and grown meanwhile are read on; every row counts once."""
    monkeypatch.setattr(file_log, "PIECE", 64)
    contents = texts(90, 3)
    put(folder, [text[: len(text) // 2] for text in contents[:2]])
    for epochs in (2, 4, 99):
        write_regression(table())
        sr.run(processes=0, state="state", stop=after(epochs))
        if epochs == 4:
            put(folder, [contents[0][: len(contents[0]) // 2], contents[1]])
    # The record that was cut was read as it stood.
    put(folder, contents)
    write_regression(table())
    with pytest.raises(
        sr.SourceError,
        match=r"file '[01]\.csv' is not the one that was read: it goes on in the record",
    ):
        sr.run(processes=0, state="state")


def test_new_files_after_a_restart_get_new_numbers(folder: Path) -> None:
    """A file whose name comes before the others is numbered after them, so that these stay what they are."""
    contents = texts(60, 3)
    put(folder, contents)
    (folder / "0.csv").rename(folder / "later")
    write_regression(table())
    sr.run(processes=0, state="state")
    (folder / "later").rename(folder / "0.csv")
    write_regression(table())
    assert sr.run(processes=0, state="state").rows == 60
    assert count_sound(folder, 3) == 60


def test_more_files_may_be_named_than_before(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """What was read stays what it is, however it is called now; fewer files than were read are another job."""

    def run(*paths: str) -> sr.Summary:
        write_regression(
            sr.io.csv.read(list(paths), schema=Point, mode="static", autocommit_duration_ms=0)
        )
        return sr.run(processes=0, state="state")

    put(folder, texts(60, 3))
    assert run("1.csv").rows == 20
    assert run("./1.csv", "0.csv").rows == 40
    assert "it reads ./1.csv, 0.csv from now on, and of what is new all there is" in caplog.text
    assert run("[0-9].csv").rows == 60
    assert count_sound(folder, 3) == 60
    with pytest.raises(sr.StateError, match=r"another job: topic: it was '\[0-9\]\.csv'"):
        run("0.csv", "1.csv")


def grow(path: Path, text: bytes, seed: int) -> None:
    """Appends in pieces that end anywhere."""
    chance = random.Random(seed)
    with path.open("ab", buffering=0) as file:
        at = 0
        while at < len(text):
            size = chance.randint(1, 60)
            file.write(text[at : at + size])
            at += size


def test_files_that_grow_are_followed(folder: Path, processes: int) -> None:
    """Lines count when their ends are there; new files are found; nothing is lost or doubled."""
    contents = texts(3000, 3)
    (folder / "0.csv").write_bytes(b"")
    writers = [
        threading.Thread(target=grow, args=(folder / f"{at}.csv", text, at))
        for at, text in enumerate(contents)
    ]
    write_regression(table("streaming"))
    for writer in writers:
        writer.start()
    sr.run(processes=processes, state="state", stop=lambda progress: progress.rows >= 3000)
    for writer in writers:
        writer.join()
    assert count_sound(folder, 3) == 3000


def test_a_line_without_its_end_waits(folder: Path) -> None:
    """In a file that may grow a number may go on: it is no row before its line has ended."""
    put(folder, [b"x,y\n1,1\n2,2\n3,3"])
    seen: list[int] = []

    def stop(progress: sr.Progress) -> bool:
        seen.append(progress.rows)
        if progress.rows == 2 and (folder / "0.csv").read_bytes().endswith(b"3,3"):
            with (folder / "0.csv").open("ab") as file:
                file.write(b"0\n")
        return progress.rows == 3

    found = collect(table("streaming"))
    sr.run(processes=0, stop=stop)
    assert found[-1][0] == (3.0, 30.0)
    assert max(seen) == 3


@hypothesis_settings(max_examples=25, deadline=None)
@given(st.lists(st.binary(max_size=60), min_size=1, max_size=3), st.booleans())
def test_hostile_bytes_are_rows_or_rejects_or_an_error(contents: list[bytes], csv: bool) -> None:
    """Whatever stands in files ends in rows, counted rejects, or one error that names the file."""
    with tempfile.TemporaryDirectory() as name:
        put(Path(name), contents)
        if csv:
            t = sr.io.csv.read("*.csv", schema=Odd, mode="static", folder=name, header=["x", "s"])
        else:
            t = sr.io.jsonlines.read("*.csv", schema=Odd, mode="static", folder=name)
        found = collect(t)
        said = ""
        try:
            rows = sr.run(processes=0).rows
        except sr.SourceError as error:
            rows, said = len(found), str(error)
        sr.clear()
    assert rows == len(found)
    assert not said or said.startswith("file '")


def test_a_pattern_that_matches_none_yet_is_waited_for(folder: Path) -> None:
    """A streaming run begins before its first file is there."""
    found = collect(table("streaming"))

    def stop(progress: sr.Progress) -> bool:
        if not (folder / "0.csv").exists():
            put(folder, [b"x,y\n1,2\n"])
        return progress.rows == 1

    sr.run(processes=0, stop=stop)
    assert [change[0] for change in found] == [(1.0, 2.0)]


def test_the_line_is_the_exact_one(folder: Path) -> None:
    """The result is the nearest double to the exact one, as it is over a topic."""
    put(folder, [b"x,y\n" + b"\n".join(map(row, range(100)))])
    write_regression(table())
    sr.run(processes=0)
    assert count_sound(folder, 1) == 100
    assert result("line.csv", "a", "b") is not None
