"""What is kept of a message gives it back as far as its row needs it, and hostile bytes are damage."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamreg import CorruptStateError
from streamreg._formats.contract import Input
from streamreg._formats.json import Json
from streamreg._formats.kept_messages import batch_of, packer, row_name
from streamreg._formats.metadata import Metadata
from streamreg._source.messages import Batch, Envelope, Location
from streamreg.testing import ListSource

PARTS = {"a": "timestamp", "b": "header:u", "c": "header:v", "d": "offset", "e": "key"}


def input_of(*, metadata: bool) -> Input:
    parts = Metadata(PARTS) if metadata else None
    return Input(ListSource([]), Json(), {"x": "float"}, parts, upsert=True)


@given(
    value=st.binary(max_size=20),
    key=st.binary(max_size=8),
    partition=st.integers(0, 2**31 - 1),
    offset=st.integers(0, 2**62),
    timestamp=st.none() | st.integers(0, 2**60),
    u=st.none() | st.binary(max_size=5),
    v=st.none() | st.binary(max_size=5),
    metadata=st.booleans(),
)
def test_law_a_message_comes_back(
    *,
    value: bytes,
    key: bytes,
    partition: int,
    offset: int,
    timestamp: int | None,
    u: bytes | None,
    v: bytes | None,
    metadata: bool,
) -> None:
    """Value, key and partition always; offset, timestamp and last headers where there are columns of them."""
    input = input_of(metadata=metadata)
    batch = Batch(
        [value],
        {},
        locate=lambda _: Location(partition, offset, timestamp),
        partitions=lambda: [partition],
        offsets=lambda: [offset],
        envelope=lambda _: Envelope(key, (("u", b"old"), ("v", v), ("w", b"no"), ("u", u))),
    )
    kept = {row_name(partition, key): packer(input, batch)(0, value)}
    again = batch_of(input, kept)
    assert again.values == [value]
    assert (*again.partitions(), again.envelope(0).key) == (partition, key)
    if metadata:
        assert again.locate(0) == Location(partition, offset, timestamp)
        # A header without a value is none.
        there = {name: found for name, found in (("u", u), ("v", v)) if found is not None}
        assert dict(again.envelope(0).headers) == there
    else:
        assert kept[row_name(partition, key)] == value


@given(name=st.binary(max_size=6), kept=st.binary(max_size=40))
def test_law_any_bytes_are_a_message_or_damage(name: bytes, kept: bytes) -> None:
    """Nothing else is raised, whatever stands in a state."""
    try:
        batch = batch_of(input_of(metadata=True), {name: kept})
    except CorruptStateError:
        return
    assert len(batch.values[0] or b"") <= len(kept)
    assert batch.locate(0).partition >= 0


def test_what_is_cut_short_is_damage() -> None:
    """A header that would reach past the end, and a name without a partition."""
    for name, kept in ((b"\0\0\0\1k", bytes(16) + b"\xff\xff\xff\x7fu"), (b"\0\0\1", bytes(40))):
        with pytest.raises(CorruptStateError, match="cut short"):
            batch_of(input_of(metadata=True), {name: kept})
