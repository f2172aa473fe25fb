"""Sink: where a file stands, as a checkpoint records it: its length, and a checksum over everything in it.

The checksum is the CRC-32 of the whole file. It goes on from its own value, so that an append costs what it appends
(30 microseconds a megabyte, a tenth of handing it to the system), and a restart reads the file once, in order: some
seconds for a gigabyte from a disk. A part of the file, such as its end, would cost less then, and say nothing of the
rest.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from streamreg._core import crc32
from streamreg._dataclass import dataclass
from streamreg._exceptions import CorruptStateError

_MOST_LENGTH: Final = 2**63
_MOST_CHECKSUM: Final = 2**32


@dataclass(frozen=True)
class FilePosition:
    """How much of a file is the run's."""

    length: int
    """In bytes."""

    checksum: int | None = 0
    """The CRC-32 of these bytes; None where a state of an older format does not say it."""

    def after(self, data: bytes) -> FilePosition:
        """The position when this was appended."""
        return FilePosition(self.length + len(data), crc32(data, self.checksum or 0))

    def to_json(self) -> dict[str, int | None]:
        """As a checkpoint has it."""
        return {"length": self.length, "crc32": self.checksum}

    @staticmethod
    def is_such(found: object) -> bool:
        """Whether a sink that says this of its position is a file."""
        return isinstance(found, Mapping) and found.keys() == {"length", "crc32"}

    @classmethod
    def of(cls, found: Any) -> FilePosition:  # noqa: ANN401 - whatever JSON has
        """The position that a checkpoint has. Raises CorruptStateError if that is none."""
        if cls.is_such(found):
            length, checksum = found["length"], found["crc32"]
            if _is_below(length, _MOST_LENGTH) and (
                checksum is None or _is_below(checksum, _MOST_CHECKSUM)
            ):
                return cls(length, checksum)
        raise CorruptStateError("where one of its files stands is no position in a file")


def _is_below(number: object, most: int) -> bool:
    return isinstance(number, int) and not isinstance(number, bool) and 0 <= number < most
