"""Figures: the lines that a changelog in CSV comes to; whoever writes it goes on undisturbed."""

from __future__ import annotations

import csv
import io
import os
import stat
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, Literal, TypeAlias

from streamreg._dataclass import dataclass
from streamreg._exceptions import ConfigurationError, OutputError
from streamreg._figures.history import Line
from streamreg._types import shortened

MOST_COLUMNS: Final = 12
MOST_KEYS: Final = 12
"""So many are shown where nobody says which: more would be too many to tell apart."""

Key: TypeAlias = tuple[str, ...]


@dataclass
class _Series:
    """The rows of one key."""

    times: list[int] = field(default_factory=list)
    cells: list[Sequence[str] | None] = field(default_factory=list)
    """None where the key had no row."""

    @property
    def stands(self) -> bool:
        return bool(self.cells) and self.cells[-1] is not None

    def put(self, time: int, cells: Sequence[str] | None) -> None:
        """What the row is from then on; the last word of a time counts."""
        if self.times and self.times[-1] == time:
            self.cells[-1] = cells
        else:
            self.times.append(time)
            self.cells.append(cells)


def lines_of_changelog(
    path: str | os.PathLike[str],
    columns: Sequence[str] | None,
    by: Sequence[str],
    keys: Sequence[object] | None,
    time: Literal["epoch", "unix_ms"],
    parts_beside: Callable[[Path], Mapping[int, Path]],
) -> list[Line]:
    """A line for each key and column.

    Args:
        path: the file.
        columns: which; None for the first twelve that hold numbers.
        by: the key columns.
        keys: which keys; None for the first twelve.
        time: what the column `time` holds.
        parts_beside: finds the finished parts of a file, in order.

    Raises:
        ConfigurationError: if the path is none, or the file has no such column or key.
        OutputError: if the file cannot be read, or is no changelog of a result.
    """
    if not isinstance(path, str | os.PathLike):
        raise ConfigurationError(f"path: expected the path of a file, found {path!r:.200}")
    if time not in ("epoch", "unix_ms"):
        raise ConfigurationError(f'time: expected "epoch" or "unix_ms", found {time!r:.200}')
    shown = os.fspath(path)
    files = _files(Path(path), parts_beside)
    records = _records(*next(files))
    header = next(records, [])
    if header[-2:] != ["time", "diff"]:
        raise OutputError(f"{shown}: no changelog: its header does not end with time,diff")
    names = header[:-2]
    for name in (*by, *(columns or ())):
        if name not in names:
            raise ConfigurationError(f"{shown} has no column {name!r}: it has {', '.join(names)}")
    places = [names.index(name) for name in by]
    wanted = None if keys is None else [_key(key, len(by)) for key in keys]
    series = _series(_all(records, files, header), len(names), places, wanted, shown)
    chosen = _columns(names, columns, by, series)
    return [
        _line(names, name, key, own, time, shown) for name in chosen for key, own in series.items()
    ]


def _files(
    path: Path, parts_beside: Callable[[Path], Mapping[int, Path]]
) -> Iterator[tuple[Path, bytes]]:
    """The finished parts of a file, in order, and the file itself, with what they hold."""
    while True:
        parts = parts_beside(path)
        last = _content(path)
        if parts_beside(path) == parts:  # Else what was read may be a finished part by now.
            break
    for part in parts.values():
        yield part, _content(part)
    yield path, last


def _content(path: Path) -> bytes:
    try:
        if stat.S_ISREG(path.stat().st_mode):
            return path.read_bytes()
    except OSError as error:
        raise OutputError(f"{path}: it cannot be read: {error.strerror}") from error
    raise OutputError(f"{path}: it cannot be read: it is no regular file")


def _all(
    first: Iterator[list[str]], more: Iterator[tuple[Path, bytes]], header: list[str]
) -> Iterator[list[str]]:
    """The records of all files but their headers."""
    yield from first
    for path, content in more:
        records = _records(path, content)
        if next(records, header) != header:
            raise OutputError(f"{path}: no part of the changelog: its header is another one")
        yield from records


def _records(path: Path, content: bytes) -> Iterator[list[str]]:
    """The records that are whole: the last one may just be written."""
    try:
        text = content[: _end(content)].decode()
    except UnicodeDecodeError as error:
        raise OutputError(f"{path}: no changelog: it is not UTF-8") from error
    try:
        yield from csv.reader(io.StringIO(text, newline=""), strict=True)
    except csv.Error as error:
        raise OutputError(f"{path}: no changelog: {error}") from error


def _end(content: bytes) -> int:
    """Where the last record that is whole ends: behind an end of line that is not within quotes."""
    end = content.rfind(b"\n") + 1
    quoted = content.count(b'"', 0, end) % 2
    while quoted:
        start = content.rfind(b"\n", 0, end - 1) + 1
        quoted ^= content.count(b'"', start, end) % 2
        end = start
    return end


def _key(key: object, columns: int) -> Key:
    found = tuple(map(str, key)) if isinstance(key, tuple) else (str(key),)
    if len(found) != columns:
        raise ConfigurationError(
            f"keys: {shortened(repr(key))} is not one of {columns} key columns: name them with by="
        )
    return found


def _series(
    records: Iterator[list[str]],
    columns: int,
    by: Sequence[int],
    wanted: Sequence[Key] | None,
    path: str,
) -> dict[Key, _Series]:
    """The rows of each key that is wanted, in that order."""
    found: dict[Key, _Series] = {key: _Series() for key in wanted or ()}
    for number, record in enumerate(records, start=2):
        try:
            *cells, moment, diff = record
            at, change = int(moment), int(diff)
        except ValueError:
            raise OutputError(f"{path}: record {number} is none of a changelog") from None
        if len(cells) != columns or change not in (1, -1):
            raise OutputError(f"{path}: record {number} is none of a changelog")
        key = tuple(cells[place] for place in by)
        if key not in found:
            if wanted is not None or len(found) >= MOST_KEYS:
                continue
            found[key] = _Series()
        own = found[key]
        if own.stands == (change == 1):
            raise OutputError(
                f"{path}: record {number}: "
                + (
                    "a second row stands beside another: name the key columns with by=; or these are rows that were "
                    "read, which are no result"
                    if change == 1
                    else "a row is taken back that does not stand"
                )
            )
        own.put(at, cells if change == 1 else None)
    for key, own in found.items():
        if not own.times:
            raise ConfigurationError(f"keys: {path} has no row of {', '.join(key)}")
    return found


def _columns(
    names: Sequence[str],
    asked: Sequence[str] | None,
    by: Sequence[str],
    series: dict[Key, _Series],
) -> list[str]:
    """Which columns are shown."""
    if asked is not None:
        return list(asked)
    ends = {end for name in names for end in _ends(name) if set(_ends(name)) <= set(names)}
    numbers = (
        name
        for at, name in enumerate(names)
        if name not in by and name not in ends and _holds_numbers(at, series)
    )
    return [name for name, _ in zip(numbers, range(MOST_COLUMNS), strict=False)]


def _ends(name: str) -> tuple[str, str]:
    """The columns of the confidence interval of a coefficient."""
    return f"ci_low_{name}", f"ci_high_{name}"


def _holds_numbers(at: int, series: dict[Key, _Series]) -> bool:
    some = False
    for own in series.values():
        for cells in own.cells:
            if cells is not None and cells[at]:
                try:
                    float(cells[at])
                except ValueError:
                    return False
                some = True
    return some


def _line(
    names: Sequence[str],
    name: str,
    key: Key,
    own: _Series,
    time: Literal["epoch", "unix_ms"],
    path: str,
) -> Line:
    def values(column: str) -> list[float | None]:
        at = names.index(column)
        try:
            return [
                None if cells is None or not cells[at] else float(cells[at]) for cells in own.cells
            ]
        except ValueError:
            raise ConfigurationError(f"{path}: the column {column!r} holds no numbers") from None

    low, high = _ends(name)
    ends = (values(low), values(high)) if low in names and high in names else None
    times = own.times if time == "epoch" else [_moment(ms, path) for ms in own.times]
    return Line(name, ", ".join(key), times, values(name), ends)


def _moment(milliseconds: int, path: str) -> datetime:
    try:
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=milliseconds)
    except OverflowError:
        raise OutputError(f"{path}: the time {milliseconds} is in no year of ours") from None
