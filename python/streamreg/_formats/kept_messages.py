"""Format: the last message of a key, kept in bytes from which its row can be computed again.

A row is named by the partition and the key of its message. What is kept is the value, and of what else the message
carries that which the program has columns of.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

from streamreg._exceptions import CorruptStateError
from streamreg._formats.metadata import header_names, last_header
from streamreg._source.messages import Batch, Envelope, Location

if TYPE_CHECKING:
    from streamreg._formats.contract import Input

_PARTITION: Final = struct.Struct(">I")
"""Before the key: so the rows of a partition lie together."""
_PLACE: Final = struct.Struct("<qq")
"""Offset and timestamp, -1 where there is none: before the value, where there are columns of metadata."""
_LENGTH: Final = struct.Struct("<I")
_NO_HEADER: Final = 2**32 - 1
"""In the place of a length: no header is as long."""


def row_name(partition: int, key: bytes) -> bytes:
    """What names a row."""
    return _PARTITION.pack(partition) + key


def packer(input: Input, batch: Batch) -> Callable[[int, bytes], bytes]:
    """What is kept of a message of a batch, by its index and the value that its row is decoded from."""
    if input.metadata is None:
        return lambda _, value: value
    names = header_names(input.metadata)

    def pack(index: int, value: bytes) -> bytes:
        location = batch.locate(index)
        timestamp = -1 if location.timestamp is None else location.timestamp
        pieces = [_PLACE.pack(location.offset, timestamp)]
        headers = batch.envelope(index).headers if names else ()
        for name in names:
            header = last_header(headers, name)
            if header is None:
                pieces.append(_LENGTH.pack(_NO_HEADER))
            else:
                pieces += (_LENGTH.pack(len(header)), header)
        return b"".join([*pieces, value])

    return pack


def batch_of(input: Input, kept: Mapping[bytes, bytes]) -> Batch:
    """Messages as they were, from what names their rows and what is kept of them.

    Raises:
        CorruptStateError: if bytes are not what `packer` has made.
    """
    names = header_names(input.metadata) if input.metadata is not None else None
    try:
        places = [(*_PARTITION.unpack_from(name), name[_PARTITION.size :]) for name in kept]
        messages = [_unpacked(each, names) for each in kept.values()]
    except struct.error:
        raise CorruptStateError("a message that is kept is cut short") from None

    def locate(index: int) -> Location:
        _, offset, timestamp, _ = messages[index]
        return Location(places[index][0], offset, None if timestamp < 0 else timestamp)

    return Batch(
        [value for value, *_ in messages],
        {},
        locate=locate,
        partitions=lambda: (partition for partition, _ in places),
        offsets=lambda: (offset for _, offset, _, _ in messages),
        envelope=lambda index: Envelope(places[index][1], messages[index][3]),
    )


def _unpacked(
    kept: bytes, names: tuple[str, ...] | None
) -> tuple[bytes, int, int, tuple[tuple[str, bytes], ...]]:
    """Value, offset, timestamp and headers."""
    if names is None:
        return kept, -1, -1, ()
    offset, timestamp = _PLACE.unpack_from(kept)
    at = _PLACE.size
    headers = []
    for name in names:
        (length,) = _LENGTH.unpack_from(kept, at)
        at += _LENGTH.size
        if length == _NO_HEADER:
            continue
        at += length
        if at > len(kept):
            raise struct.error
        headers.append((name, kept[at - length : at]))
    return kept[at:], offset, timestamp, tuple(headers)
