"""Top: how a run looks on a screen: plain lines, which a terminal shows again and again in their place."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from streamreg._operate.top.view import MOST_ROWS
from streamreg._plural import plural
from streamreg._rejects.dead_letters import counted
from streamreg._terminal.width import printable, shortened, width

if TYPE_CHECKING:
    from streamreg._operate.top.view import Place, ShownTable, View

_MOST_PLACES: Final = 12
_MOST_LETTERS: Final = 32
"""Columns that a cell of text takes at most: the numbers beside it are to be seen."""

_LONG: Final = 5.0
"""Seconds without a turn of the loop that are told of."""

_MEGABYTE: Final = 1 << 20


def lines(view: View, now: datetime | None = None) -> Iterator[str]:
    """A run as lines of text."""
    moment = datetime.now(UTC) if now is None else now
    yield f"{view.topic}  {_phase(view)}  {view.source}  {moment:%Y-%m-%d %H:%M:%S} UTC"
    for output, seconds in view.waiting.items():
        yield f"waits    for {output}, for {seconds:,.0f} s: nothing is read until it takes something again"
    rate = "" if view.rows_per_second is None else f"  {view.rows_per_second:,.0f}/s"
    # A state tells of no lag; a run that is asked does not know it while nothing says where the logs end.
    unknown = "" if view.restarts is None else "  lag unknown"
    lag = unknown if view.lag is None else f"  lag {view.lag:,}"
    yield f"rows     {_count(view.rows)}{rate}{lag}"
    kinds = f" ({counted(view.rejects)})" if view.rejects else ""
    yield f"rejects  {_count(None if view.rejects is None else sum(view.rejects.values()))}{kinds}"
    taking = _taking("closing", view.epoch_seconds) + _taking("saving", view.checkpoint_seconds)
    yield f"epochs   {_count(view.epochs)}{taking}"
    if view.restarts is not None:
        readers = f", read by {', '.join(view.readers)}" if view.readers else ""
        yield f"workers  {plural(view.restarts, 'restart')}{readers}"
    if view.memory:
        total = sum(view.memory.values()) / _MEGABYTE
        each = ", ".join(f"{role} {held / _MEGABYTE:,.0f}" for role, held in view.memory.items())
        yield f"memory   {total:,.0f} MB ({each})"
    yield from _of_places(view.places)
    if view.tables is None:
        yield "results unknown yet"
    for table in view.tables or ():
        yield from _of_table(table)


def _count(number: int | None) -> str:
    return "unknown" if number is None else f"{number:,}"


def _phase(view: View) -> str:
    """What it does; of a run that is stopped or stuck, that what it said last may be so no more."""
    if view.turn_age is None or view.turn_age < _LONG:
        return view.phase
    return f"{view.phase}, but its loop has not turned for {view.turn_age:,.0f} s"


def _taking(what: str, seconds: float | None) -> str:
    return "" if seconds is None else f"  {what} {seconds * 1000:,.1f} ms"


def _of_places(places: Sequence[Place]) -> Iterator[str]:
    yield ""
    # Those that are furthest behind, where there are too many.
    shown = sorted(places, key=_behind, reverse=True)[:_MOST_PLACES]
    found = [
        {
            **({} if place.topic is None else {"topic": place.topic}),
            **({"partition": place.partition} if place.file is None else {"file": place.file}),
            "offset": f"{place.offset:,}",
            **({} if place.log_end is None else {"log end": f"{place.log_end:,}"}),
            **({} if place.lag is None else {"lag": f"{place.lag:,}"}),
        }
        for place in sorted(shown, key=lambda place: (place.topic or "", place.partition))
    ]
    yield from _grid(found)
    if len(places) > len(shown):
        yield f"  … and {plural(len(places) - len(shown), 'partition')} more"


def _behind(place: Place) -> float:
    """How far; those of which it is not known come first."""
    return math.inf if place.lag is None else place.lag


def _of_table(table: ShownTable) -> Iterator[str]:
    yield ""
    yield f"{table.name}: {plural(table.rows, 'row')}"
    shown = table.first[:MOST_ROWS]
    yield from _grid(shown)
    if shown and table.rows > len(shown):
        yield f"  … and {plural(table.rows - len(shown), 'row')} more"


def _grid(rows: Sequence[Mapping[str, object]]) -> Iterator[str]:
    """Rows below the names of their columns."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    if not names:
        return
    grid = [list(map(_text, names)), *([_text(row.get(name)) for name in names] for row in rows)]
    widths = [max(width(line[at]) for line in grid) for at in range(len(names))]
    for line in grid:
        cells = zip(line, widths, strict=True)
        yield "  " + "  ".join(" " * (most - width(cell)) + cell for cell, most in cells)


def _text(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, str):
        return shortened(printable(value), _MOST_LETTERS)
    return repr(value) if isinstance(value, float) else str(value)


def fitted(found: Iterable[str], columns: int, rows: int | None = None) -> list[str]:
    """The lines as far as they fit, without characters that would move a terminal's cursor."""
    cut = [shortened(printable(line), columns) for line in found]
    if rows is None or len(cut) <= rows:
        return cut
    return [*cut[: rows - 1], "…"] if rows > 1 else cut[:1]
