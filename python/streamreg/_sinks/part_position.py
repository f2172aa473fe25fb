"""Sink: where a file in parts stands, as a checkpoint records it: its finished parts, and how much of the open one is.

A part is finished by the checkpoint that says so; only then it gets its name. What a checkpoint says of finished parts
never changes, and is only added to: a state keeps it apart (`_state/finished_parts`), so that thousands of parts cost
an epoch nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any, Final, NamedTuple

from streamreg._core import crc32
from streamreg._dataclass import dataclass
from streamreg._exceptions import CorruptStateError
from streamreg._sinks.file_position import FilePosition

FINISHED: Final = "finished"
"""Under which name a position has its finished parts, which a state keeps apart."""

_KEYS: Final = {"length", "crc32", "began", "parts", "parts_crc32", FINISHED}
_DIGITS: Final = 9
_MOST: Final = 2**63


class Part(NamedTuple):
    """A finished part: a file that is never written again."""

    time: int
    """What the column `time` of its last change says, which names it."""

    length: int
    checksum: int

    @property
    def position(self) -> FilePosition:
        """Its end."""
        return FilePosition(self.length, self.checksum)


@dataclass(frozen=True)
class PartsPosition:
    """Where a file in parts stands."""

    open: FilePosition
    """In the part that is written; of length 0 if it has not begun."""

    began: int | None = None
    """The wall clock of the first epoch that this part holds rows of, in milliseconds; None if it holds none."""

    parts: tuple[Part, ...] = ()
    """Those that are finished, in order."""

    checksum: int = 0
    """Over these."""

    @property
    def between(self) -> bool:
        """Whether a part was finished, and the next one has not begun."""
        return bool(self.parts) and not self.open.length

    def finished(self, time: int) -> PartsPosition:
        """The position when the open part is finished, whose last change is of this time."""
        part = Part(time, self.open.length, self.open.checksum or 0)
        return PartsPosition(
            FilePosition(0), None, (*self.parts, part), _chained([part], self.checksum)
        )

    def at(self, position: FilePosition) -> PartsPosition:
        """The same with another position in the open part."""
        return replace(self, open=position)

    def to_json(self) -> dict[str, Any]:
        """As a checkpoint has it."""
        return {
            **self.open.to_json(),
            "began": self.began,
            "parts": len(self.parts),
            "parts_crc32": self.checksum,
            FINISHED: self.parts,
        }

    @staticmethod
    def is_such(found: object) -> bool:
        """Whether a sink that says this of its position is a file in parts."""
        return isinstance(found, Mapping) and found.keys() == _KEYS

    @classmethod
    def of(cls, found: Any) -> PartsPosition:  # noqa: ANN401 - whatever JSON has
        """The position that a checkpoint has, of a file without parts too. Raises CorruptStateError if it is none."""
        if not cls.is_such(found):
            return cls(FilePosition.of(found))
        opened = FilePosition.of({key: found[key] for key in ("length", "crc32")})
        began = found["began"]
        if (began is None or _is_count(began)) and opened.checksum is not None:
            parts = tuple(_part(each) for each in found[FINISHED])
            increasing = all(a.time < b.time for a, b in pairwise(parts))
            checksum = _chained(parts, 0)
            if increasing and (len(parts), checksum) == (found["parts"], found["parts_crc32"]):
                return cls(opened, began, parts, checksum)
        raise CorruptStateError("the finished parts of one of its files are not those it had")


def open_position(found: object) -> FilePosition | None:
    """Where the file that is written stands, of an output that is a file, in parts or not; None of another output.

    Raises:
        CorruptStateError: if it is no position of one.
    """
    if PartsPosition.is_such(found):
        return PartsPosition.of(found).open
    return FilePosition.of(found) if FilePosition.is_such(found) else None


def part_path(path: Path, time: int) -> Path:
    """The name of a finished part of a file: `line.csv` becomes `line.000000123.csv`."""
    return path.with_name(f"{path.stem}.{time:0{_DIGITS}d}{path.suffix}")


def parts_beside(path: Path) -> Mapping[int, Path]:
    """The files that are named as finished parts of this one, by their times, in order."""
    named = re.compile(rf"{re.escape(path.stem)}\.([0-9]{{{_DIGITS},19}}){re.escape(path.suffix)}")
    try:
        names = [each.name for each in path.absolute().parent.iterdir()]
    except OSError:
        return {}
    times = sorted(int(found[1]) for name in names if (found := named.fullmatch(name)))
    return {time: part_path(path, time) for time in times}


def _chained(parts: Sequence[Part], checksum: int) -> int:
    for part in parts:
        checksum = crc32(b"%d %d %d\n" % part, checksum)
    return checksum


def _part(found: Any) -> Part:  # noqa: ANN401 - whatever a database has
    part = Part(*found)
    if not all(map(_is_count, part)):
        raise CorruptStateError("a finished part of one of its files is none")
    return part


def _is_count(number: object) -> bool:
    return isinstance(number, int) and not isinstance(number, bool) and 0 <= number < _MOST
