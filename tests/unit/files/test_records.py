"""Records of files are found at the same bytes however a file is cut."""

from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from streamreg._files.records import first_record, records, whole_records

texts = st.lists(
    st.sampled_from(
        [b'"', b"\n", b"\r\n", b"\r", b",", b"a", b" ", b"\xff", b"\xef\xbb\xbf", b'""']
    ),
    max_size=40,
).map(b"".join)


def oracle(data: bytes, *, quotes: bool) -> list[tuple[int, bytes | None]]:
    """Each record and where it begins, byte by byte."""
    found: list[tuple[int, bytes | None]] = []
    quoted = False
    start = at = 3 if data.startswith(b"\xef\xbb\xbf") else 0
    for at in range(start, len(data) + 1):
        if at < len(data) and data[at : at + 1] == b'"' and quotes:
            quoted = not quoted
        if at == len(data) or (data[at : at + 1] == b"\n" and not quoted):
            line = data[start:at]
            if line.strip(b" \t\r\x0c"):
                found.append((start, line.removesuffix(b"\r")))
            start = at + 1
    return found


def in_pieces(data: bytes, sizes: list[int], *, quotes: bool) -> list[tuple[int, bytes | None]]:
    """The same by pieces: so many bytes are read at first, and twice as many where they hold no whole record."""
    found: list[tuple[int, bytes | None]] = []
    at = turn = 0
    while at < len(data):
        size = sizes[turn % len(sizes)]
        turn += 1
        while True:
            piece = data[at : at + size]
            final = at + len(piece) == len(data)
            length = len(piece) if final else whole_records(piece, quotes=quotes)
            if length:
                break
            size *= 2
        taken = records(piece[:length], at, quotes=quotes)
        found += zip(taken.starts.tolist(), taken.values, strict=True)
        at += length
    return found


@hypothesis_settings(max_examples=300)
@given(texts, st.lists(st.integers(1, 12), min_size=1, max_size=5), st.booleans())
def test_law_any_pieces_give_the_same_records(data: bytes, sizes: list[int], quotes: bool) -> None:
    """Records and their places are those of a walk from byte to byte, whatever the pieces."""
    sizes = [
        max(size, 3) for size in sizes
    ]  # A byte order mark is never cut: files are read by the megabyte.
    assert in_pieces(data, sizes, quotes=quotes) == oracle(data, quotes=quotes)


@hypothesis_settings(max_examples=300)
@given(texts, st.booleans())
def test_whole_records_are_the_longest_that_are(data: bytes, quotes: bool) -> None:
    """They end behind the last line end that is not between quotes."""
    ends = [
        at + 1
        for at, byte in enumerate(data)
        if byte == ord("\n") and not (quotes and data[:at].count(b'"') % 2)
    ]
    assert whole_records(data, quotes=quotes) == max(ends, default=0)


@hypothesis_settings(max_examples=300)
@given(texts, st.booleans())
def test_the_first_record_is_the_first_of_all(data: bytes, quotes: bool) -> None:
    """A header is what the walk would give first, and what follows begins behind its line end."""
    found = first_record(data, quotes=quotes, final=True)
    every = [line for _, line in oracle(data, quotes=quotes)]
    if found is None:
        assert every == []
        return
    record, end = found
    assert record == every[0]
    assert end == len(data) or data[end - 1 : end] == b"\n"
