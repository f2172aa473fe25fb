"""Windows over time, for `Table.windowby`, and how they behave while rows come late.

Windows hold the rows from their start up to, not including, their end. The time of a row is a column of datetime, int
or float; lengths are `timedelta` where it is datetime, else numbers in its unit.

What is late is a function of the topic: with m the greatest time among the rows before it in its own partition, a row
is late for a window if m - cutoff is not before the window's end. It is not in that window; a row that is late for all
of its windows is a reject of the reason `late`. So any number of processes, and any restart, gives the same windows.

A window closes when all partitions have passed its end by the cutoff: it takes no more rows, and leaves the state.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from streamreg._exceptions import ProgramError
from streamreg._language.windows import Behavior, Grid, Last, Session, Window
from streamreg._types import INT_MAX, quoted

if TYPE_CHECKING:
    from streamreg._language.windows import Point, Span

__all__ = [
    "Behavior",
    "Window",
    "common_behavior",
    "exactly_once_behavior",
    "last",
    "session",
    "sliding",
    "tumbling",
]


def __dir__() -> list[str]:
    return __all__


def tumbling(duration: Span, origin: Point | None = None) -> Window:
    """Windows one after another, each of this length.

    Args:
        duration: the length of a window.
        origin: a point at which a window begins; so there is one from it, and others before and after it. Default:
            1970-01-01T00:00Z, or 0.
    """
    return Grid("tumbling", duration, duration, origin)


def sliding(hop: Span, duration: Span, origin: Point | None = None) -> Window:
    """Windows of one length that begin every `hop`: a row is in all that hold its time.

    Args:
        hop: from the start of one window to that of the next.
        duration: the length of a window, a multiple of the hop or not. If it is shorter than the hop, some rows are in
            no window.
        origin: as for `tumbling`.
    """
    return Grid("sliding", hop, duration, origin)


def session(*, max_gap: Span) -> Window:
    """Windows of activity: two rows whose times differ by less than `max_gap` are in one session.

    A session starts at its first row and ends `max_gap` after its last one; a row that comes late may merge two.
    """
    return Session(max_gap)


def last(*, rows: int) -> Window:
    """The last rows of each instance: the greatest by (time, partition, offset), in whatever order they come.

    There is one window of each instance, from the least of their times to the greatest.

    Args:
        rows: how many, at least 1.

    Raises:
        ProgramError: for another number.
    """
    if not isinstance(rows, int) or isinstance(rows, bool) or not 1 <= rows <= INT_MAX:
        raise ProgramError(f"last: rows is an int of 1 or more, not {quoted(rows)}")
    return Last(rows)


def common_behavior(
    delay: Span | None = None,
    cutoff: Span | None = None,
    keep_results: bool = True,
    *,
    idle_timeout: timedelta | float | None = None,
) -> Behavior:
    """Results that are written early and updated.

    Args:
        delay: a window is first written when the time of all partitions has passed its start by this. Default: with its
            first row.
        cutoff: for how long after its end a window takes rows. When the time of all partitions has passed that, it is
            closed. Default: for ever.
        keep_results: whether the last row of a closed window stays in the output; else it is taken back (`diff` -1).
        idle_timeout: after so much of wall-clock time (timedelta, or seconds) without a message, of a partition that
            has been read to its end, it counts as having passed as far as the others; if all are so, all windows close.
            Rows that come for a closed window after that are late. Default: never.

    Raises:
        ProgramError: if keep_results or idle_timeout make no sense.
    """
    if not isinstance(keep_results, bool):
        raise ProgramError(
            f"common_behavior: keep_results is True or False, not {quoted(keep_results)}"
        )
    seconds = _seconds("common_behavior", idle_timeout)
    return Behavior(delay, cutoff, keep_results, idle_timeout=seconds)


def exactly_once_behavior(
    shift: Span | None = None, *, idle_timeout: timedelta | float | None = None
) -> Behavior:
    """One final row for each window, written when it closes, and never again.

    Args:
        shift: for how long after its end a window takes rows: it closes when the time of all partitions has passed
            that. Default: not at all. A session closes its `max_gap` later: until then a row in time may join it.
        idle_timeout: as for `common_behavior`.

    Raises:
        ProgramError: if idle_timeout makes no sense.
    """
    seconds = _seconds("exactly_once_behavior", idle_timeout)
    return Behavior(cutoff=shift, final=True, idle_timeout=seconds)


def _seconds(function: str, given: object) -> float | None:
    if given is None:
        return None
    if isinstance(given, timedelta):
        found = given.total_seconds()
    elif isinstance(given, int | float) and not isinstance(given, bool):
        try:
            found = float(given)
        except OverflowError:
            found = float("inf")
    else:
        raise ProgramError(
            f"{function}: idle_timeout is a timedelta or a number of seconds, not {quoted(given)}"
        )
    if not 0 < found < float("inf"):
        raise ProgramError(f"{function}: idle_timeout is above 0 and finite, not {quoted(given)}")
    return found
