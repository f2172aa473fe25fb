"""Language: windows over time, and when their results are written, closed and dropped."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final, TypeAlias

from streamreg._dataclass import dataclass
from streamreg._exceptions import ProgramError
from streamreg._types import EVENT_TIMES, INT_MAX, INT_MIN, quoted

if TYPE_CHECKING:
    from streamreg._language.expression import TypedExpression
    from streamreg._types import CoreWindow, Moment

Point: TypeAlias = datetime | int | float
Span: TypeAlias = timedelta | int | float

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


@dataclass(frozen=True)
class Grid:
    """Windows [origin + k·hop, origin + k·hop + duration), for every integer k; `name` is the function's."""

    name: str
    hop: Span
    duration: Span
    origin: Point | None


@dataclass(frozen=True)
class Session:
    """Rows that are less than `max_gap` apart, chained."""

    max_gap: Span

    name = "session"


@dataclass(frozen=True)
class Last:
    """The last rows of an instance."""

    rows: int

    name = "last"


Window: TypeAlias = Grid | Session | Last


@dataclass(frozen=True)
class Behavior:
    """When results of a window are first written, when it closes, and what becomes of them then."""

    delay: Span | None = None
    cutoff: Span | None = None
    keep_results: bool = True
    final: bool = False
    """Whether a window is written once, when it closes; `cutoff` is then the shift, None for none."""

    idle_timeout: float | None = None
    """In seconds of the wall clock."""


@dataclass(frozen=True)
class Windowing:
    """Windows over a column of times, in its unit: that of datetimes is a microsecond."""

    time: TypedExpression
    window: CoreWindow
    delay: Moment | None
    cutoff: Moment | None
    keep_results: bool
    final: bool
    idle_timeout: float | None

    @property
    def scores_rows(self) -> bool:
        """Whether there ever is a window that rows can be scored by: a closed one, or that of the last rows."""
        return self.cutoff is not None or self.window[0] == "last"


def windowing(time: TypedExpression, window: object, behavior: object) -> Windowing:
    """Windows over a column.

    Raises:
        ProgramError: if the column holds no times, or something is given in another unit, or makes no sense.
    """
    if time.dtype not in EVENT_TIMES:
        raise ProgramError(
            f"windowby: the time of a row is datetime, int or float, but {time.text} is {time.dtype}"
        )
    if not isinstance(window, Grid | Session | Last):
        raise ProgramError(
            "windowby: window is what sr.temporal.tumbling, sliding, session or last gives, not "
            f"{quoted(window)}"
        )
    if behavior is not None and not isinstance(behavior, Behavior):
        raise ProgramError(
            "windowby: behavior is what sr.temporal.common_behavior or exactly_once_behavior gives, not "
            f"{quoted(behavior)}"
        )
    if behavior is not None and isinstance(window, Last):
        raise ProgramError(
            "windowby: the last rows are never closed and no row is late for them: leave behavior away"
        )
    unit = _Unit(time)
    how = behavior or Behavior()
    cutoff = how.cutoff if how.cutoff is not None or not how.final else unit.none
    return Windowing(
        time,
        _core_window(window, unit),
        None if how.delay is None else unit.span("delay", how.delay, least=0),
        None if cutoff is None else unit.span("shift" if how.final else "cutoff", cutoff, least=0),
        how.keep_results,
        how.final,
        how.idle_timeout,
    )


def _core_window(window: Window, unit: _Unit) -> CoreWindow:
    match window:
        case Grid():
            hop = unit.span("hop" if window.name == "sliding" else "duration", window.hop)
            duration = unit.span("duration", window.duration)
            origin = unit.zero if window.origin is None else unit.point("origin", window.origin)
            return "grid", origin, hop, duration
        case Session():
            return "session", unit.span("max_gap", window.max_gap)
        case Last():
            return "last", window.rows


class _Unit:
    """That of a column of times."""

    def __init__(self, time: TypedExpression) -> None:
        self._text = time.text
        self._dtype = time.dtype

    @property
    def zero(self) -> Moment:
        """Where windows begin if nobody says it."""
        return 0.0 if self._dtype == "float" else 0

    @property
    def none(self) -> Span:
        """A span of no length."""
        return timedelta(0) if self._dtype == "datetime" else 0

    def span(self, name: str, given: object, least: int = 1) -> Moment:
        """A length of time; `least` is 1 where it must not be 0."""
        if self._dtype == "datetime":
            if not isinstance(given, timedelta):
                raise self._mistyped(name, "a timedelta", given)
            found: Moment = given // _MICROSECOND
        else:
            found = self._number(name, given)
        if not (found > 0 or (found == 0 and not least)):
            raise ProgramError(
                f"windowby: {name} is {'above 0' if least else '0 or more'}, not {quoted(given)}"
            )
        return found

    def point(self, name: str, given: object) -> Moment:
        """A point in time."""
        if self._dtype != "datetime":
            return self._number(name, given)
        if not isinstance(given, datetime) or given.utcoffset() is None:
            raise self._mistyped(name, "a datetime with a time zone", given)
        return (given - _EPOCH) // _MICROSECOND

    def _number(self, name: str, given: object) -> Moment:
        wanted = int | float if self._dtype == "float" else int
        if not isinstance(given, wanted) or isinstance(given, bool):
            raise self._mistyped(name, "a number" if self._dtype == "float" else "an int", given)
        if self._dtype == "float":
            try:
                found = float(given)
            except OverflowError:
                found = math.inf
            if not math.isfinite(found) or found != given:
                raise self._mistyped(name, "a finite number that a float holds", given)
            return found + 0.0
        if not INT_MIN <= given <= INT_MAX:
            raise self._mistyped(name, "an int of 64 bits", given)
        return int(given)

    def _mistyped(self, name: str, wanted: str, given: object) -> ProgramError:
        return ProgramError(
            f"windowby: {name} is {wanted} where {self._text} is {self._dtype}, not {quoted(given)}"
        )
