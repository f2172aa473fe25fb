"""Sink: when a file is finished and the next one begins: by its size or its age, as a program or a job file says it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from streamreg._dataclass import dataclass

_BYTES: Final[Mapping[str, int]] = {
    "b": 1,
    **{f"{p}b": 1000**n for n, p in enumerate("kmgt", 1)},
    **{f"{p}ib": 1024**n for n, p in enumerate("kmgt", 1)},
}
_SECONDS: Final[Mapping[str, int]] = {
    "second": 1,
    "minute": 60,
    "hour": 3600,
    "day": 86_400,
    "week": 604_800,
}
_TEXT: Final = re.compile(r"([0-9]{1,12}) ?([A-Za-z]+)")
_MOST: Final = 2**62

EXPECTED: Final = 'a size like "100 MB" or "1 GiB", or an age like "1 day" or "6 hours"'


@dataclass(frozen=True)
class Rotation:
    """A bound of a file: one of these."""

    size: int | None = None
    """In bytes."""

    age: int | None = None
    """From the wall clock of its first epoch to that of its last, in milliseconds."""

    @classmethod
    def of(cls, given: object) -> Rotation:
        """What a user gives for it. Raises ValueError if it is none."""
        if isinstance(given, timedelta):
            return cls._checked(age=given // timedelta(milliseconds=1))
        found = _TEXT.fullmatch(given) if isinstance(given, str) else None
        if found is not None:
            count, unit = int(found[1]), found[2].lower()
            if unit in _BYTES:
                return cls._checked(size=count * _BYTES[unit])
            if (singular := unit.removesuffix("s")) in _SECONDS:
                return cls._checked(age=count * _SECONDS[singular] * 1000)
        raise ValueError(f"expected {EXPECTED}, found {given!r}")

    @classmethod
    def _checked(cls, size: int | None = None, age: int | None = None) -> Rotation:
        if not 0 < (size or age or 0) < _MOST:
            raise ValueError(f"expected {EXPECTED}, above 0")
        return cls(size, age)

    def due(self, length: int, began: int, now: int) -> bool:
        """Whether a file of so many bytes is finished, that began and now ends with the epochs of these wall clocks."""
        if self.size is not None:
            return length >= self.size
        return self.age is not None and now - began >= self.age
