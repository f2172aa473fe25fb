"""The dead-letter file: what is in a line, who may read it, and how many a run bears."""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

import streamreg as sr
from streamreg import testing
from streamreg._evaluate.row_errors import RowErrorKind
from streamreg._exceptions import DeadLetterError
from streamreg._rejects.dead_letters import REASONS, Entry, dead_letter_lines, read_dead_letters
from streamreg._rejects.reject import Reject
from streamreg._source.messages import Location
from streamreg._worker.event_time import LATE, OUTSIDE
from streamreg._worker.upserts import MISSING_BEFORE, MISSING_KEY

ROOT = Path(__file__).parents[3]
LONGEST = 1 << 20

DATA = st.binary(max_size=50) | st.text(max_size=50).map(str.encode)
# A header's name is C text to the client: it ends at a NUL.
NAMES = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20)
REJECTS = st.builds(
    Reject,
    st.builds(
        Location,
        st.integers(0, 2**31 - 1),
        st.integers(0, 2**63 - 1),
        st.none() | st.integers(0, 2**62),
    ),
    st.sampled_from(sorted(REASONS)),
    st.none() | st.text(max_size=20),
    st.text(max_size=20),
    DATA,
    st.none() | DATA,
    st.lists(st.tuples(NAMES, st.none() | DATA), max_size=3).map(tuple),
)


class Points(sr.Schema):
    x: float
    y: float


def run(
    messages: Sequence[bytes | None], folder: Path, limit: int | None, dead_letters: str | None
) -> sr.Summary:
    table = testing.read([messages], schema=Points, header=["x", "y"], batch=10)
    sr.io.csv.write(table, folder / "rows.csv")
    rejects = None if dead_letters is None else folder / dead_letters
    return sr.run(processes=0, rejects=rejects, max_rejects=limit, state=folder / "state")


@given(st.lists(REJECTS, max_size=5))
def test_law_a_line_holds_the_whole_message(
    tmp_path_factory: pytest.TempPathFactory, rejects: list[Reject]
) -> None:
    """Whatever the bytes of key, headers and value, they come back as they were, one line a reject."""
    path = tmp_path_factory.mktemp("rejects") / "rejects.jsonl"
    path.write_bytes(b"".join(dead_letter_lines("t", rejects)))
    assert len(path.read_text(encoding="utf-8").splitlines()) == len(rejects)
    entries = [entry for entry, _ in read_dead_letters(path, LONGEST)]
    assert entries == [
        Entry(
            number,
            "t",
            reject.location.partition,
            reject.location.offset,
            reject.kind,
            reject.value,
            reject.key,
            tuple(reject.headers),
        )
        for number, reject in enumerate(rejects, 1)
    ]


def test_every_reason_is_listed() -> None:
    """The list of reasons is exactly what the decoder and the transform can give."""
    files = (ROOT / "rust/streamreg-core/src/decode").rglob("*.rs")
    sources = [file.read_text(encoding="utf-8") for file in files]
    decoder = {name for text in sources for name in re.findall(r'named\("([a-z0-9-]+)"\)', text)}
    upserts = {MISSING_KEY, MISSING_BEFORE}
    found = decoder | set(get_args(RowErrorKind)) | {LATE, OUTSIDE} | upserts
    assert found == REASONS.keys()
    assert all(REASONS.values())


def test_a_reject_says_where_and_why(tmp_path: Path) -> None:
    """Each line has the message's place, the reason, the column and what was found there."""
    summary = run([b"1,2", b"1,abc", None, b"1", b"\xff,1"], tmp_path, None, "rejects.jsonl")
    assert (summary.rows, summary.tombstones) == (1, 1)
    assert summary.rejects == {"invalid-number": 2, "field-count": 1}
    assert "3 rejects (field-count 1, invalid-number 2)" in str(summary)
    lines = (tmp_path / "rejects.jsonl").read_text(encoding="utf-8").splitlines()
    first, second, third = map(json.loads, lines)
    assert first == {
        "topic": "list",
        "partition": 0,
        "offset": 1,
        "timestamp": None,
        "reason": "invalid-number",
        "column": "y",
        "detail": '"abc"',
        "value": "1,abc",
    }
    assert (second["offset"], second["reason"], second["column"]) == (3, "field-count", None)
    assert (third["offset"], third["value_base64"]) == (4, "/ywx")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (b"\xff\n", "is not UTF-8"),
        (b"\n", "is not JSON"),
        (b"[" * 100_000 + b"\n", "nested too deeply"),
        (b"[]\n", "is no JSON object"),
        (b"{}\n", "has neither value nor value_base64"),
        (b'{"value": 1}\n', "value: expected a string, found 1"),
        (b'{"value": "\\ud800"}\n', "value: holds half of a surrogate pair"),
        (b'{"value_base64": "a"}\n', "value_base64: "),
        (b'{"value_base64": "\xc3\xbc"}\n', "value_base64: "),
        (b'{"value": "", "value_base64": ""}\n', "has both value and value_base64"),
        (b'{"value": "", "topic": "t"}\n', "partition: expected an integer from 0, found nothing"),
        (b'{"value": "", "topic": "t", "partition": 4294967296}\n', "partition: expected"),
        (b'{"value": "", "topic": "t", "partition": true}\n', "partition: expected"),
        (b'{"value": "", "partition": ' + b"9" * 5000 + b"}\n", "digits"),
        (b'{"value": "", "headers": {}}\n', "headers: expected an array"),
        (
            b'{"value": "", "topic": "t", "partition": 0, "offset": 0, "reason": "null", "headers": [1]}\n',
            "headers: expected objects, found 1",
        ),
        (b'{"value": "' + b"a" * LONGEST + b'"}\n', "longer than 1,048,576 bytes"),
        (b'{"value": "', "ends in the middle"),
    ],
)
def test_a_line_that_is_none_is_named(tmp_path: Path, line: bytes, words: str) -> None:
    """Whatever a file holds, the error names the file, the line and what is wrong with it."""
    path = tmp_path / "rejects.jsonl"
    good = Reject(Location(0, 1, None), "null", "x", "", b",")
    path.write_bytes(b"".join(dead_letter_lines("t", [good])) + line)
    with pytest.raises(DeadLetterError) as caught:
        list(read_dead_letters(path, LONGEST))
    assert str(caught.value).startswith(f"{path}:2: ")
    assert words in str(caught.value)
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize("dead_letters", ["rejects.jsonl", None])
def test_too_many_rejects_end_the_run_cleanly(tmp_path: Path, dead_letters: str | None) -> None:
    """The epoch is closed with all that was read, and the next run goes on behind it, with a new allowance."""
    messages = [b"1,2", b"bad", *[b"3,4"] * 8, b"5,6", b"worse", b"7"]
    with pytest.raises(sr.RejectsError) as caught:
        run(messages, tmp_path, 0, dead_letters)
    text = str(caught.value)
    assert text.startswith("messages rejected: 1 (field-count 1), more than max_rejects=0; ")
    assert "the first at partition 0 offset 1: field-count" in text
    assert str(tmp_path / "rejects.jsonl") in text if dead_letters else "rejects=" in text
    rows = (tmp_path / "rows.csv").read_text(encoding="utf-8").splitlines()
    assert len(rows) == 1 + 9
    summary = run(messages, tmp_path, 2, dead_letters)
    assert (summary.rows, dict(summary.rejects)) == (10, {"field-count": 3})
    if dead_letters:
        lines = (tmp_path / dead_letters).read_text(encoding="utf-8").splitlines()
        assert [json.loads(line)["offset"] for line in lines] == [1, 11, 12]


@pytest.mark.parametrize("limit", [-1, True, 1.5, "3"])
def test_a_limit_is_a_number(tmp_path: Path, limit: int) -> None:
    """What is no number of messages is refused before anything is read."""
    with pytest.raises(sr.ConfigurationError, match="max_rejects"):
        run([b"1,2"], tmp_path, limit, None)
    assert list(tmp_path.iterdir()) == []
