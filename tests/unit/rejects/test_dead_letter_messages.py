"""Rejects as messages of a topic: the same as the lines of a file, and back again."""

import random

import pytest

from streamreg._rejects.dead_letter_messages import (
    NUMBER,
    PREFIX,
    NoLetterError,
    entry_of_letter,
    letter_of,
    line_of,
    reject_of,
)
from streamreg._rejects.dead_letters import dead_letter_lines, entry_of
from streamreg._rejects.reject import Reject
from streamreg._source.messages import Headers, Location, Origin

NASTY = ["", "a", 'q"uote', "line\nend", "\u2028", "ü", "\x00", "streamreg.reason", "x" * 300]
BYTES = [b"", b"1,2", b"\xff\x00", b"\r\n", "ü".encode(), b"x" * 1000]


def rejects(count: int) -> list[Reject]:
    chance = random.Random(5)
    origins = [None, Origin("a", 3), Origin("b.csv", None), Origin("a, b", 0)]
    found = []
    for number in range(count):
        headers: Headers = [
            (chance.choice(NASTY[:5]), chance.choice([*BYTES, None])) for _ in range(number % 4)
        ]
        at = Location(
            chance.randrange(5), number, chance.choice([None, 0, 7]), chance.choice(origins)
        )
        found.append(
            Reject(
                at,
                "wrong-type",
                chance.choice([None, *NASTY]),
                chance.choice(NASTY),
                chance.choice(BYTES),
                chance.choice([None, *BYTES]),
                headers,
            )
        )
    return found


def sent(line: bytes, number: int) -> tuple[bytes | None, bytes, list[tuple[str, bytes | None]]]:
    letter = letter_of(line, number)
    headers = [(name, v.encode() if isinstance(v, str) else v) for name, v in letter.headers]
    return letter.key, letter.value, headers


def test_law_a_line_is_a_message_and_a_line_again() -> None:
    """Whatever bytes and texts it holds, the line is the same, and so is what is sent again."""
    for number, line in enumerate(dead_letter_lines("t", rejects(300)), 1):
        found, reject = reject_of(*sent(line, number))
        assert (found, line_of(reject)) == (number, line)
        assert entry_of_letter(number, reject) == entry_of(number, line)


def test_the_message_has_what_it_had_and_why() -> None:
    """Ours stand behind its own headers."""
    at = Location(1, 42, 1000)
    reject = Reject(at, "null", "x", "it is empty", b"v", b"k", [("own", b"1")])
    (line,) = dead_letter_lines("t", [reject])
    key, value, headers = sent(line, 9)
    assert (key, value, letter_of(line, 9).timestamp) == (b"k", b"v", 1000)
    assert headers == [
        ("own", b"1"),
        ("streamreg.number", b"9"),
        ("streamreg.reason", b"null"),
        ("streamreg.column", b"x"),
        ("streamreg.detail", b"it is empty"),
        ("streamreg.topic", b"t"),
        ("streamreg.partition", b"1"),
        ("streamreg.offset", b"42"),
        ("streamreg.timestamp", b"1000"),
    ]


def test_one_that_is_rejected_again_says_the_last_reason() -> None:
    """What it says of the first time are headers of its own then."""
    (line,) = dead_letter_lines("t", [Reject(Location(0, 1, None), "null", None, "", b"v")])
    _, _, first = sent(line, 1)
    again = Reject(Location(0, 7, None), "late", None, "", b"v", None, first)
    (line,) = dead_letter_lines("t", [again])
    number, found = reject_of(*sent(line, 2))
    assert (number, found.kind, found.location.offset) == (2, "late", 7)
    assert list(found.headers) == first


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({NUMBER: None}, "no header streamreg.number"),
        ({NUMBER: b"x"}, "no number"),
        ({f"{PREFIX}offset": None}, "no header streamreg.offset"),
        ({f"{PREFIX}offset": b"\xff"}, "no number"),
        ({f"{PREFIX}topic": None}, "no header streamreg.topic"),
        ({f"{PREFIX}partition": b""}, "no number"),
        ({f"{PREFIX}reason": None}, "no header streamreg.reason"),
        ({f"{PREFIX}timestamp": b"soon"}, "no number"),
    ],
    ids=str,
)
def test_what_nobody_has_sent_as_a_reject_is_none(
    change: dict[str, bytes | None], why: str
) -> None:
    """Anybody can write to a topic: what is missing is named."""
    (line,) = dead_letter_lines("t", [Reject(Location(0, 1, 5), "null", None, "", b"v")])
    key, value, headers = sent(line, 1)
    other = [
        (name, change.get(name, value))
        for name, value in headers
        if change.get(name, b"") is not None
    ]
    with pytest.raises(NoLetterError, match=why):
        reject_of(key, value, other)
