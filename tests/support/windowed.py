"""A windowed reduction as workers, the parent and a checkpoint use it: batches, epochs and restarts at will."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Literal

import numpy as np
from hypothesis import strategies as st

from streamreg._core import RowTimes, WindowReduction
from tests.support.rationals import fit, nearest, total

if TYPE_CHECKING:
    from streamreg._types import Aggregate, CoreWindow, Moment

AGGREGATES: tuple[Aggregate, ...] = (("count",), ("sum", 0), ("max", 1), ("moments", (0,), 1))
STATISTICS = (
    (0, "count", 0),
    (1, "sum", 0),
    (2, "max", 0),
    (3, "coefficient", 0),
    (3, "coefficient", 1),
)
EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


@dataclass(frozen=True)
class Row:
    """A row, where its message stands, and which row of that it is."""

    partition: int
    offset: int
    index: int
    instance: str
    time: Moment
    x: float
    y: float

    @property
    def place(self) -> tuple[Moment, int, int, int]:
        """What the last rows are told by."""
        return self.time, self.partition, self.offset, self.index


@dataclass
class Topic:
    """What is asked of the windows, and the rows of each partition in order."""

    time: Literal["int", "float", "datetime"]
    window: CoreWindow
    rows: list[Row]
    delay: Moment | None = None
    cutoff: Moment | None = None
    final: bool = False

    def reduction(self) -> WindowReduction:
        return WindowReduction(
            ("str",),
            ("float", "float"),
            AGGREGATES,
            self.time,
            self.window,
            self.delay,
            self.cutoff,
            self.final,
        )

    def shown(self, time: Moment) -> object:
        """A time as results have it."""
        return EPOCH + dt.timedelta(microseconds=int(time)) if self.time == "datetime" else time

    def results(self, rows: Sequence[Row]) -> tuple[object, ...]:
        """What rows come to, by rationals."""
        x, y = [Fraction(row.x) for row in rows], [Fraction(row.y) for row in rows]
        # The coefficients of a line that is not determined are zero.
        line = fit([x, y]) or [Fraction(0), Fraction(0)]
        return len(rows), nearest(total(x)), max(row.y for row in rows), *map(nearest, line)


@dataclass
class Run:
    """A run that writes a table of results, in epochs, and may be restarted between them."""

    topic: Topic
    state: WindowReduction = field(init=False)
    stored: dict[bytes, bytes] = field(default_factory=dict)
    table: dict[bytes, tuple[object, ...]] = field(default_factory=dict)
    watermarks: dict[int, Moment] = field(default_factory=dict)
    late: list[tuple[Row, Moment]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.state = self.topic.reduction()

    def partial(self, rows: Sequence[Row]) -> bytes:
        """As a worker makes it."""
        if self.topic.time == "datetime":
            times = np.array([row.time for row in rows], "datetime64[us]")
        else:
            times = np.array(
                [row.time for row in rows], np.float64 if self.topic.time == "float" else np.int64
            )
        worker = self.topic.reduction()
        row_times = RowTimes(
            times,
            np.array([row.partition for row in rows], np.int32),
            self.watermarks,
            np.array([row.offset for row in rows], np.int64),
            worker.bounds(),
        )
        columns = [
            np.array([getattr(row, name) for row in rows], np.float64) for name in ("x", "y")
        ]
        partial = worker.partial([[row.instance for row in rows]], row_times, columns, len(rows))
        self.watermarks.update(
            {key: greatest for key, (_, greatest) in row_times.watermarks().items()}
        )
        self.late.extend((rows[row], before) for row, before in partial.late)
        assert partial.outside == []
        return partial.state

    def epoch(
        self, batches: Sequence[Sequence[Row]], time: Moment | None, restart: bool
    ) -> list[bytes]:
        """Merges batches, the last one first, writes and stores what has changed; the keys that were closed."""
        for partial in reversed([self.partial(batch) for batch in batches]):
            self.state.merge(partial)
        found = self.state.results(STATISTICS, 0, self.state.due(time))
        rows = iter(zip(*(column.to_list() for column in found.columns), strict=True))
        for key, present in zip(found.keys, found.present, strict=True):
            if present:
                self.table[key] = next(rows)
            else:
                del self.table[key]
        assert next(rows, None) is None
        closed = self.state.close(time)
        cells = self.state.changes(0, self.state.changed())
        for changed, stored in zip(cells[::3], cells[1::3], strict=True):
            assert isinstance(changed, bytearray)
            if not isinstance(stored, bytearray):
                self.stored.pop(bytes(changed), None)
            else:
                self.stored[bytes(changed)] = bytes(stored)
        self.state.mark_clean()
        if restart:
            self.restart(time)
        return closed

    def restart(self, time: Moment | None) -> None:
        """Goes on with what was stored."""
        digest = self.state.digest()
        self.state = self.topic.reduction()
        pieces = (piece for entry in self.stored.items() for piece in entry)
        self.state.load(b"".join(len(piece).to_bytes(4, "little") + piece for piece in pieces))
        self.state.resume(time)
        assert self.state.digest() == digest


SMALL = st.one_of(st.integers(-3, 3).map(float), st.floats(-1e3, 1e3))


@st.composite
def topics(draw: st.DrawFn, window: CoreWindow | None = None) -> Topic:
    """Rows of two partitions, out of order, with ties; messages of several rows."""
    times: list[Literal["int", "float", "datetime"]] = ["int", "float", "datetime"]
    time = draw(st.sampled_from(times))
    unit: Moment = {"int": 1, "float": 0.1, "datetime": 250_000}[time]
    start: Moment = {"int": 0, "float": 0.0, "datetime": 1_700_000_000_000_000}[time]
    rows, offsets = [], [0, 0]
    for at in range(draw(st.integers(0, 25))):
        partition = draw(st.integers(0, 1))
        for index in range(draw(st.sampled_from([1, 1, 1, 2]))):
            moment = start + (at - draw(st.integers(0, 12))) * unit
            instance = draw(st.sampled_from(["", "a", "b\0"]))
            rows.append(
                Row(
                    partition, offsets[partition], index, instance, moment, draw(SMALL), draw(SMALL)
                )
            )
        offsets[partition] += draw(st.integers(1, 2))
    if window is not None:
        return Topic(time, window, rows)
    cutoff = draw(st.none() | st.integers(0, 6).map(lambda count: count * unit))
    delay = draw(st.none() | st.integers(0, 8).map(lambda count: count * unit))
    gap = draw(st.integers(1, 5)) * unit
    return Topic(
        time, ("session", gap), rows, delay, cutoff, cutoff is not None and draw(st.booleans())
    )


@st.composite
def epochs(draw: st.DrawFn, topic: Topic) -> list[list[list[Row]]]:
    """The rows in epochs of batches; a message is never cut, and a partition is read in order."""
    batches: list[list[Row]] = [[]]
    for row in topic.rows:
        if row.index == 0 and draw(st.integers(0, 3)) == 0:
            batches.append([])
        batches[-1].append(row)
    found: list[list[list[Row]]] = [[]]
    for batch in batches:
        if draw(st.booleans()):
            found.append([])
        found[-1].append(batch)
    return found
