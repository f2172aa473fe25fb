"""Plots: the lines that a changelog in CSV comes to: over the times of its changes, or of windows over their own."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from operator import itemgetter
from pathlib import Path
from typing import Final, TypeAlias

from streamreg._core import render, stamp
from streamreg._exceptions import ConfigurationError, OutputError
from streamreg._figures.history import Line, Time, with_gaps
from streamreg._plural import plural
from streamreg._sinks.cells import cells_of, key_name, value_of
from streamreg._types import WINDOW_BOUNDS, DType, shortened
from streamreg.plots._asked import Asked
from streamreg.plots._changelog_file import ChangelogFile, opened_changelog
from streamreg.plots._series import Columns, Series

MOST_KEYS: Final = 12
"""So many are shown where nobody says which: more would be too many to tell apart."""

Key: TypeAlias = tuple[bytes, ...]
"""The cells of a key, as they are written."""

_FIRST: Final = datetime(1970, 1, 1, tzinfo=UTC)


class _SeveralError(OutputError):
    """Two rows of a key stand at once."""


def lines_of_changelog(path: Path, asked: Asked) -> tuple[list[Line], str]:
    """A line for each key and column, and over what they are.

    Raises:
        ConfigurationError: if the file has no such column or key.
        OutputError: if the file cannot be read, or is no changelog of a result.
    """
    without: set[str] = set()
    while True:
        lines, over, columns = _read(path, asked, without)
        if not columns.short:
            return lines, over
        # Others are shown in the place of columns that are known now to be none of numbers.
        without |= columns.refused


def _read(path: Path, asked: Asked, without: Collection[str]) -> tuple[list[Line], str, Columns]:
    if not asked.windows:
        with opened_changelog(path) as file:
            found = _Found(file, asked, without)
            try:
                return found.over_time()
            except _SeveralError:
                if asked.windows is False or not found.has_windows:
                    raise
    with opened_changelog(path) as file:
        return _Found(file, asked, without).over_windows()


class _Found:
    """What a file has of what is asked for."""

    def __init__(self, file: ChangelogFile, asked: Asked, without: Collection[str]) -> None:
        """`without` are columns that are shown only if they are asked for."""
        self._file, self._asked, self._without = file, asked, without
        self._path = str(file.path)
        names = file.names
        for name in (*asked.by, *(asked.columns or ())):
            if name not in names:
                raise ConfigurationError(
                    f"{self._path} has no column {name!r}: it has {', '.join(names)}"
                )
        self.has_windows = all(name in names and name not in asked.by for name in WINDOW_BOUNDS)
        """Whether the columns of their bounds are there."""
        self._key_of = _places([names.index(name) for name in asked.by])
        wanted = asked.keys
        self._wanted = None if wanted is None else [_key(key, len(asked.by)) for key in wanted]

    def over_time(self) -> tuple[list[Line], str, Columns]:
        """Rows from when they were written on, up to the last change of all keys."""
        columns = self._columns(self._asked.by)
        series = {key: Series(columns) for key in self._wanted or ()}
        at = 0
        try:
            for number, cells, at, comes in self._file.changes():
                key = self._key_of(cells)
                if (own := series.get(key)) is None:
                    if not self._is_shown(key, series):
                        continue
                    own = series[key] = Series(columns)
                if own.stands == comes:
                    raise self._unfit(number, comes)
                own.come(at, cells) if comes else own.go(at)
            for own in series.values():
                own.end(at)
        except OverflowError:
            raise _too_far(self._path, at) from None
        if self._asked.time == "epoch":
            epochs = {key: own.times for key, own in series.items()}
            return self._lines(columns, series, epochs), "epoch", columns
        moments = {key: list(map(self._moment, own.times)) for key, own in series.items()}
        return self._lines(columns, series, moments), "time (UTC)", columns

    def over_windows(self) -> tuple[list[Line], str, Columns]:
        """Windows that stand, from their starts on, up to their ends where no other begins before."""
        if not self.has_windows:
            raise ConfigurationError(
                f"windows: {self._path} has no columns {' and '.join(WINDOW_BOUNDS)} beside its keys"
            )
        start, end = (self._file.names.index(name) for name in WINDOW_BOUNDS)
        standing: dict[Key, dict[Key, bytes]] = {key: {} for key in self._wanted or ()}
        for number, cells, _, comes in self._file.changes():
            key, window = self._key_of(cells), (cells[start], cells[end])
            if (rows := standing.get(key)) is None:
                if not self._is_shown(key, standing):
                    continue
                rows = standing[key] = {}
            if (window in rows) == comes:
                raise self._unfit(number, comes)
            if comes:
                rows[window] = b",".join(cells)
            else:
                del rows[window]
        columns = self._columns([*self._asked.by, *WINDOW_BOUNDS])
        series = {key: Series(columns) for key in standing}
        times: dict[Key, list[Time]] = {}
        for key, rows in standing.items():
            windows = (
                (self._time(first), self._time(last), line) for (first, last), line in rows.items()
            )
            found = with_gaps(sorted(windows, key=itemgetter(0)))
            times[key] = [at for at, _ in found]
            for _, line in found:
                series[key].add(None if line is None else cells_of(line))
        dated = any(isinstance(at, datetime) for of in times.values() for at in of[:1])
        return self._lines(columns, series, times), WINDOW_BOUNDS[0] + " (UTC)" * dated, columns

    def _columns(self, others: Sequence[str]) -> Columns:
        left_out = {*others, *self._without}
        return Columns(self._file.names, self._asked.columns, left_out, self._path)

    def _is_shown(self, key: Key, shown: Mapping[Key, object]) -> bool:
        return self._wanted is None and len(shown) < MOST_KEYS

    def _unfit(self, number: int, comes: bool) -> OutputError:
        """Why a change does not fit those before it."""
        where = f"{self._path}: record {number}: "
        if not comes:
            return OutputError(f"{where}a row is taken back that does not stand")
        return _SeveralError(
            f"{where}a second row stands beside another: name the key columns with by=; or these are rows that were "
            "read, which are no result"
        )

    def _lines(
        self,
        columns: Columns,
        series: Mapping[Key, Series],
        times: Mapping[Key, Sequence[Time]],
    ) -> list[Line]:
        for key, of in times.items():
            if not of and self._wanted is not None:
                raise ConfigurationError(f"keys: {self._path} has no row of {key_name(key)}")
        names = self._file.names
        return [
            Line(
                names[at],
                key_name(key),
                times[key],
                own.values(at),
                (own.values(ends[0]), own.values(ends[1])) if ends else None,
            )
            for at in columns.of_numbers()
            for ends in [columns.ends.get(at)]
            for key, own in series.items()
        ]

    def _time(self, cell: bytes) -> Time:
        """A bound of a window."""
        try:
            return float(cell)
        except ValueError:
            kind: DType = "timedelta" if b"P" in cell else "datetime"
        try:
            match value_of(cell, kind):
                case datetime() as moment:
                    return moment
                case timedelta() as lasting:
                    return lasting.total_seconds()
        except ValueError:
            pass
        raise OutputError(f"{self._path}: {cell.decode()!r} is no bound of a window")

    def _moment(self, milliseconds: float) -> datetime:
        try:
            return _FIRST + timedelta(milliseconds=milliseconds)
        except OverflowError:
            raise _too_far(self._path, milliseconds) from None


def _places(places: Sequence[int]) -> Callable[[Sequence[bytes]], Key]:
    """What takes the key out of the cells of a row."""
    if len(places) > 1:
        return itemgetter(*places)
    if not places:
        return lambda _: ()
    (only,) = places
    return lambda cells: (cells[only],)


def _key(key: object, columns: int) -> Key:
    """A key that is given, as it is written."""
    given = key if isinstance(key, tuple) else (key,)
    if len(given) != columns:
        raise ConfigurationError(
            f"keys: {shortened(repr(key))} is not one of {plural(columns, 'key column')}: name them with by="
        )
    try:
        line = stamp(render([[_plain(cell)] for cell in given]), 0, 1)
    except (TypeError, UnicodeEncodeError) as error:
        raise ConfigurationError(f"keys: {shortened(repr(key))} is no key: {error}") from None
    return tuple(cells_of(line[:-1])[:-2])


def _plain(cell: object) -> object:
    """A value of NumPy's or pandas' as one of Python's."""
    item = getattr(cell, "item", None)
    return cell if item is None else item()


def _too_far(path: str, time: float) -> OutputError:
    return OutputError(f"{path}: the time {time} is in no year of ours")
