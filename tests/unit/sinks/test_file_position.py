"""Where a file stands, as a checkpoint has it: a length, and a checksum that goes on from itself."""

import random
import zlib
from typing import Any

import pytest

import streamreg as sr
from streamreg._core import crc32
from streamreg._sinks.file_position import FilePosition


def test_oracle_checksum() -> None:
    """In any pieces it is zlib's of the whole."""
    chance = random.Random(3)
    for _ in range(50):
        pieces = [chance.randbytes(chance.choice([0, 1, 7, 64, 5000])) for _ in range(6)]
        position, checksum = FilePosition(0), 0
        for piece in pieces:
            position, checksum = position.after(piece), crc32(piece, checksum)
        whole = b"".join(pieces)
        assert position == FilePosition(len(whole), zlib.crc32(whole))
        assert checksum == crc32(whole) == zlib.crc32(whole)
        assert FilePosition.of(position.to_json()) == position


@pytest.mark.parametrize(
    "odd",
    [
        None,
        7,
        "text",
        [],
        {},
        {"length": 7},
        {"length": 7, "crc32": 0, "more": 0},
        {"length": -1, "crc32": 0},
        {"length": 2**63, "crc32": 0},
        {"length": 7.0, "crc32": 0},
        {"length": True, "crc32": 0},
        {"length": 7, "crc32": 2**32},
        {"length": 7, "crc32": -1},
        {"length": 7, "crc32": "0"},
        {"length": None, "crc32": None},
    ],
)
def test_what_is_no_position_is_damage(odd: Any) -> None:  # noqa: ANN401 - whatever JSON has
    """Of whatever type and range it is, and whatever is missing."""
    with pytest.raises(sr.CorruptStateError, match="no position in a file"):
        FilePosition.of(odd)
