"""Records of files are found at the same bytes however a file is cut."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from streamreg._files import records as files_records
from streamreg._files.records import first_record, records

BLANK = b" \t\r\x0c"
MARK = b"\xef\xbb\xbf"
texts = st.lists(
    st.sampled_from(
        [b'"', b"\n", b"\r\n", b"\r", b",", b",", b"a", b" ", b"\xff", MARK, b'""', b',"']
    ),
    max_size=40,
).map(b"".join)
delimiters = st.sampled_from([",", ";", None])


@pytest.fixture(autouse=True, scope="module")
def few_bytes() -> Iterator[None]:
    """A quote is to be closed soon, so that texts are short."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(files_records, "MOST", 12)
        yield


def record_end(data: bytes, start: int, delimiter: str | None) -> int:
    """Where the record that begins here ends, byte by byte: behind its line end, or with the data."""
    line = data.find(b"\n", start) + 1 or len(data)
    if delimiter is None:
        return line
    state = "begin"
    at = start
    while at < min(len(data), start + files_records.MOST):
        byte = data[at : at + 1]
        if state == "quoted":
            if (
                byte == b'"'
                and data[at + 1 : at + 2] == b'"'
                and at + 1 < start + files_records.MOST
            ):
                at += 1
            elif byte == b'"':
                state = "bare"
        elif byte == b"\n":
            return at + 1
        elif byte == delimiter.encode():
            state = "begin"
        else:
            state = "quoted" if byte == b'"' and state == "begin" else "bare"
        at += 1
    whole = at == len(data) and state != "quoted"
    return at if whole else line


def oracle(data: bytes, delimiter: str | None) -> list[tuple[int, bytes | None]]:
    """Each record and where it begins."""
    found: list[tuple[int, bytes | None]] = []
    start = len(MARK) if data.startswith(MARK) else 0
    while start < len(data):
        end = record_end(data, start, delimiter)
        record = data[start:end].removesuffix(b"\n")
        if record.strip(BLANK):
            found.append((start, record.removesuffix(b"\r")))
        start = end
    return found


def in_pieces(
    data: bytes, sizes: list[int], delimiter: str | None
) -> list[tuple[int, bytes | None]]:
    """The same by pieces: so many bytes are read at first, and twice as many where they hold no whole record."""
    found: list[tuple[int, bytes | None]] = []
    at = turn = 0
    while at < len(data):
        size = sizes[turn % len(sizes)]
        turn += 1
        while True:
            piece = data[at : at + size]
            final = at + len(piece) == len(data)
            taken, length = records(piece, at, delimiter=delimiter, final=final)
            if length:
                break
            size *= 2
        found += zip(taken.starts.tolist(), taken.values, strict=True)
        at += length
    return found


@hypothesis_settings(max_examples=500)
@given(texts, st.lists(st.integers(1, 30), min_size=1, max_size=5), delimiters)
def test_law_any_pieces_give_the_same_records(
    data: bytes, sizes: list[int], delimiter: str | None
) -> None:
    """Records and their places are those of a walk from byte to byte, whatever the pieces."""
    sizes = [
        max(size, 3) for size in sizes
    ]  # A byte order mark is never cut: files are read by the megabyte.
    assert in_pieces(data, sizes, delimiter) == oracle(data, delimiter)


@hypothesis_settings(max_examples=300)
@given(texts, delimiters)
def test_the_first_record_is_the_first_of_all(data: bytes, delimiter: str | None) -> None:
    """A header is what the walk would give first, and what follows begins behind its line end."""
    found = first_record(data, delimiter=delimiter, final=True)
    every = [line for _, line in oracle(data, delimiter)]
    if found is None:
        assert every == []
        return
    record, end = found
    assert record == every[0]
    assert end == len(data) or data[end - 1 : end] == b"\n"


def test_lines_that_open_quotes_again_and_again() -> None:
    """Each line by itself opens a quote that is not closed: they are walked through once, not each to the end."""
    line = b'a","b\n'
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(files_records, "MOST", 2**20)
        found, length = records(line * 400_000, 0, delimiter=",", final=True)
    assert (len(found.values), length) == (400_000, 400_000 * len(line))
