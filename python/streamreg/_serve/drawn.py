"""Serve, drawn: what the page shows of rows over time: their numbers as text, and what draws them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from streamreg._dataclass import dataclass
from streamreg._figures.history import Line, Time, history_drawing, with_gaps
from streamreg._sinks.cells import cells_of, key_name, unquoted, value_of

if TYPE_CHECKING:
    from streamreg._figures.drawing import Drawing
    from streamreg._figures.look import Theme
    from streamreg._serve.messages import TableSpec
    from streamreg._serve.pace import Sample
    from streamreg._serve.past import Moment

MOST_TEXT: Final = 50
"""Rows of numbers behind a figure, the newest."""

MOST_INSTANCES: Final = 6
MOST_WINDOWS: Final = 300
_MOST_COLUMNS: Final = 12
_POINTS: Final = 500
"""Of a line."""

_NUMBERS: Final = ("float", "int", "decimal")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Drawn:
    """A figure, and its numbers.

    Attributes:
        columns: what the numbers are.
        rows: the newest of them, the newest first, as the files have them.
        draw: what draws them; None where there is nothing to draw.
        note: why there is not.
    """

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    draw: Callable[[Theme], Drawing] | None = None
    note: str = ""


def text_of(cell: bytes) -> str:
    """A cell as it is shown."""
    return unquoted(cell).decode()


def past_of(spec: TableSpec, moments: Sequence[Moment], now: float) -> Drawn:
    """A row over time, up to `now`, in seconds since 1970."""
    cells = [None if moment.row is None else cells_of(moment.row) for moment in moments]
    names = [column.name for column in spec.columns]
    rows = [
        [str(moment.epoch), _clock(moment.unix_ms / 1000), *map(text_of, row or [])]
        for moment, row in zip(moments, cells, strict=True)
    ]
    shown = rows[: -MOST_TEXT - 1 : -1]
    head = ["epoch", "time (UTC)", *names]
    if not moments:
        return Drawn(head, [], None, "there is no row yet")
    times: list[Time] = [_moment(moment.unix_ms / 1000) for moment in moments]
    # A value stands until the next one: the last one until now.
    times.append(max(times[-1], _moment(now)))
    lines = _lines(spec, None, times, [*cells, cells[-1]])
    return Drawn(head, shown, lambda theme: _history(lines, "time (UTC)", theme))


def windows_of(spec: TableSpec, rows: Sequence[bytes]) -> Drawn:
    """Windows on the line of event time, a line for each instance; rows come in the order of their keys."""
    names = [column.name for column in spec.columns]
    keys = spec.keys or ()
    *instance, start, end = keys
    groups: dict[tuple[bytes, ...], list[list[bytes]]] = {}
    for row in rows:
        cells = cells_of(row)
        groups.setdefault(tuple(cells[at] for at in instance), []).append(cells)
    shown = [[*map(text_of, cells_of(row))] for row in rows[: -MOST_TEXT - 1 : -1]]
    if not groups:
        return Drawn(names, [], None, "there is no window yet")
    kind = spec.columns[start].dtype
    lines: list[Line] = []
    for key, own in list(groups.items())[-MOST_INSTANCES:]:
        found = with_gaps(
            (_time(value_of(row[start], kind)), _time(value_of(row[end], kind)), row) for row in own
        )
        lines += _lines(spec, key_name(key), [at for at, _ in found], [row for _, row in found])
    title = f"{names[start]} (UTC)" if kind == "datetime" else names[start]
    return Drawn(names, shown, lambda theme: _history(lines, title, theme))


def pace_of(samples: Iterable[Sample]) -> Drawn:
    """How fast the run was."""
    found = list(samples)
    head = ["time (UTC)", "rows per second", "lag", "seconds per epoch"]
    rows = [
        [
            _clock(one.unix),
            f"{one.rows_per_second:.1f}",
            "" if one.lag is None else str(one.lag),
            "" if one.epoch_seconds is None else f"{one.epoch_seconds:.4f}",
        ]
        for one in found[: -MOST_TEXT - 1 : -1]
    ]
    if not found:
        return Drawn(head, rows, None, "nothing was read yet")
    times = [_moment(one.unix) for one in found]
    lines = [
        Line("rows per second", None, times, [one.rows_per_second for one in found]),
        Line("lag in messages", None, times, [one.lag for one in found]),
        Line("seconds per epoch", None, times, [one.epoch_seconds for one in found]),
    ]
    return Drawn(head, rows, lambda theme: _history(lines, "time (UTC)", theme))


def _history(lines: Sequence[Line], time_name: str, theme: Theme) -> Drawing:
    return history_drawing(lines, time_name, theme, most_points=_POINTS)


def _lines(
    spec: TableSpec,
    key: str | None,
    times: Sequence[Time],
    rows: Sequence[Sequence[bytes] | None],
) -> list[Line]:
    """A line for each column of numbers, with the interval about it if the table has one."""
    names = [column.name for column in spec.columns]
    ends = {end for name in names for end in _ends(name) if set(_ends(name)) <= set(names)}
    keys = spec.keys or ()
    shown = [
        at
        for at, column in enumerate(spec.columns)
        if at not in keys and column.dtype in _NUMBERS and column.name not in ends
    ]

    def values(at: int) -> list[float | None]:
        return [None if row is None or not row[at] else float(row[at]) for row in rows]

    found = []
    for at in shown[:_MOST_COLUMNS]:
        low, high = _ends(names[at])
        both = low in names and high in names
        interval = (values(names.index(low)), values(names.index(high))) if both else None
        found.append(Line(names[at], key, times, values(at), interval))
    return found


def _ends(name: str) -> tuple[str, str]:
    return f"ci_low_{name}", f"ci_high_{name}"


def _time(value: object) -> Time:
    if isinstance(value, datetime):
        return value
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, int | float | Decimal):
        return float(value)
    raise AssertionError("a window has bounds")


def _moment(unix: float) -> datetime:
    return _EPOCH + timedelta(seconds=unix)


def _clock(unix: float) -> str:
    return f"{_moment(unix):%Y-%m-%d %H:%M:%S}"
