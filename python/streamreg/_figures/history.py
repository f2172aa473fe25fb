"""Figures: columns of a result over time, one below the other, with a line for each key."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final, TypeAlias, TypeVar

from streamreg._dataclass import dataclass
from streamreg._figures.drawing import Drawing, empty, text
from streamreg._figures.look import Theme, look
from streamreg._figures.shapes import band, line, note
from streamreg._figures.thinned import thinned

_HEIGHT: Final = 180
"""Of each column, in pixels."""

_APART: Final = 40
"""Between two columns."""

_ABOVE: Final = 90
"""Title, and a line of the legend."""

_BELOW: Final = 70
"""The axis."""

_LETTERS: Final = 20
"""Of a name, beside an axis or in the legend, at most; whoever points at a line sees all."""

_LEGEND_LINE: Final = 31
_LEGEND_SIGN: Final = 60
_LEGEND_LETTER: Final = 9
_LEGEND_WIDTH: Final = 600
"""Height of a line of the legend, widths of what is beside a name, of a letter, and of a line, in pixels."""

Time: TypeAlias = "float | datetime"
Row = TypeVar("Row")


@dataclass(frozen=True)
class Line:
    """One column of one key.

    Attributes:
        column: the column.
        key: which key's it is; None where there are no keys.
        times: when values changed, in any unit, or the time of day.
        values: what they were from then on; None or NaN where there was none.
        ends: the lower and upper ends of their confidence intervals, if there are any.
    """

    column: str
    key: str | None
    times: Sequence[Time]
    values: Sequence[float | None]
    ends: tuple[Sequence[float | None], Sequence[float | None]] | None = None


def with_gaps(windows: Iterable[tuple[Time, Time, Row]]) -> list[tuple[Time, Row | None]]:
    """What stands from when on: of windows in the order of their starts the row of each, None where none stands.

    The last row comes once more, at its end.
    """
    found: list[tuple[Time, Row | None]] = []
    reached: Any = None  # All times are of one kind.
    for start, end, row in windows:
        if found and reached < start:
            found.append((reached, None))
        found.append((start, row))
        reached = end if reached is None else max(reached, end)
    return [*found, (end, row)] if found else found


def history_drawing(
    lines: Sequence[Line], time_name: str, theme: Theme = "light", *, most_points: int = 2000
) -> Drawing:
    """Each column by itself over the same times; a value stands until the next one.

    A line of more than `most_points` is drawn by so many of its points, which look the same, and so is each end of its
    intervals; both are drawn at the places of all three.

    Raises:
        ValueError: if there is no such theme, or for fewer than 5 points.
    """
    own = look(theme)
    made = empty(own, "Changes", "", "")
    columns = list(dict.fromkeys(each.column for each in lines))
    keys = list(dict.fromkeys(each.key for each in lines))
    drawn: set[str] = set()
    for each in lines:
        sides = (each.values, *(each.ends or ()))
        kept = sorted({at for side in sides for at in thinned(side, most_points)})
        times = [each.times[at] for at in kept]
        number = columns.index(each.column)
        axis = "" if number == 0 else str(number + 1)
        series = keys.index(each.key)
        name = "value" if each.key is None else each.key
        if each.ends is not None:
            low, high = ([end[at] for at in kept] for end in each.ends)
            band(
                made,
                own,
                times,
                low,
                high,
                f"{name}, confidence",
                series=series,
                steps=True,
                legend=False,
                group=name,
                axis=axis,
            )
        line(
            made,
            own,
            times,
            [each.values[at] for at in kept],
            _short(name),
            series=series,
            steps=True,
            legend=len(keys) > 1 and name not in drawn,
            group=name,
            axis=axis,
            hover=each.column if each.key is None else f"{each.column}, {each.key}",
        )
        drawn.add(name)
    _lay_out(made, columns, time_name, _legend_lines([key or "" for key in keys]))
    if not lines:
        note(made, "there are no numbers yet")
    return made


def _short(name: str) -> str:
    """The begin and the end of a long name: many that begin alike differ in their ends."""
    half = _LETTERS // 2
    return name if len(name) <= _LETTERS else f"{name[:half]}…{name[1 - half :]}"


def _legend_lines(names: Sequence[str]) -> int:
    """How many lines a legend of these names has."""
    longest = max((len(_short(name)) for name in names), default=0)
    abreast = _LEGEND_WIDTH // (_LEGEND_SIGN + _LEGEND_LETTER * longest)
    return max(-(-len(names) // abreast), 1)


def _lay_out(made: Drawing, columns: Sequence[str], time_name: str, legend_lines: int) -> None:
    """Puts the axes of the columns one below the other, with one time for all, under the legend."""
    count = max(len(columns), 1)
    height = count * _HEIGHT + (count - 1) * _APART
    above = _ABOVE + (legend_lines - 1) * _LEGEND_LINE
    made.layout["height"] = above + height + _BELOW
    made.layout["margin"] = {"t": above}
    for number, column in enumerate(columns):
        suffix = "" if number == 0 else str(number + 1)
        top = 1 - number * (_HEIGHT + _APART) / height
        last = number == count - 1
        made.layout[f"yaxis{suffix}"] = {
            "domain": [max(top - _HEIGHT / height, 0.0), top],
            "title": {"text": text(_short(column))},
            "anchor": f"x{suffix}",
        }
        made.layout[f"xaxis{suffix}"] = {
            "anchor": f"y{suffix}",
            "showticklabels": last,
            "title": {"text": text(time_name) if last else ""},
            **({"matches": "x"} if number else {}),
        }
