"""Tumbling and sliding windows of the core: every result that they ever give equals that of rationals."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streamreg import CorruptStateError, MismatchError
from streamreg._core import RowTimes, WindowReduction
from tests.support.grid_windows import Expected, Grid, Moment, Row, expected
from tests.support.rationals import bits, fit, nearest

if TYPE_CHECKING:
    from streamreg._types import Aggregate, Model, ResultValue, Statistic

Kind: TypeAlias = Literal["int", "float", "datetime"]
Result: TypeAlias = tuple[object, ...]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
GROUP: list[Aggregate] = [("count",), ("sum", 0), ("moments", (0,), 1)]
STATISTICS: list[Statistic] = [(0, "count", 0), (1, "sum", 0), (2, "coefficient", 1)]


def reduction(
    kind: Kind, grid: Grid, *, extremes: bool, keep_closed: bool = False
) -> WindowReduction:
    """Windows with aggregates that can be subtracted, or one that cannot."""
    return WindowReduction(
        ["str"],
        ["float", "float"],
        [*GROUP, ("min", 1)] if extremes else GROUP,
        kind,
        ("grid", grid.origin, grid.hop, grid.duration),
        grid.delay,
        grid.cutoff,
        grid.final,
        keep_closed,
    )


def row_times(kind: Kind, rows: Sequence[Row], watermarks: dict[int, Moment]) -> RowTimes:
    """When rows were."""
    partitions = np.array([row.partition for row in rows], np.int32)
    times = [row.time for row in rows]
    if kind == "float":
        return RowTimes(np.array(times, np.float64), partitions, watermarks)
    counts = np.array(times, np.int64)
    return RowTimes(counts.view("M8[us]") if kind == "datetime" else counts, partitions, watermarks)


def answers(grid: Grid, kind: Kind, key: str, index: int, rows: Sequence[Row]) -> Result:
    """The row of a window by rationals."""
    shown: list[object] = []
    for end in (grid.start(index), grid.end(index)):
        if kind == "float":
            shown.append(nearest(end))
        else:
            micros = int(end)
            assert micros == end
            shown.append(EPOCH + timedelta(microseconds=micros) if kind == "datetime" else micros)
    columns = [[Fraction(row.x) for row in rows], [Fraction(row.y) for row in rows]]
    line = fit(columns)
    slope = nearest(line[1]) if line else 0.0
    return tuple(
        bits(value)
        for value in [key, *shown, len(rows), nearest(sum(columns[0], Fraction())), slope]
    )


class Run:
    """Batches through a worker and a parent, with an epoch after some of them."""

    def __init__(self, kind: Kind, grid: Grid, *, extremes: bool) -> None:
        self.kind, self.grid, self.extremes = kind, grid, extremes
        self.parent = reduction(kind, grid, extremes=extremes)
        self.worker = reduction(kind, grid, extremes=extremes)
        self.watermarks: dict[int, Moment] = {}
        self.late: list[int] = []
        self.outside: list[int] = []
        self.results: dict[bytes, Result] = {}
        self.closed: set[bytes] = set()
        self.waiting: list[bytes] = []
        self.time: Moment | None = None
        self.disk: dict[bytes, bytes] = {}

    def batch(self, rows: Sequence[Row], start: int) -> None:
        """One batch of a worker."""
        times = row_times(self.kind, rows, self.watermarks)
        columns = [np.array([row.x for row in rows]), np.array([row.y for row in rows])]
        partial = self.worker.partial([[row.key for row in rows]], times, columns, len(rows))
        self.late += [start + row for row, _ in partial.late]
        self.outside += [start + row for row in partial.outside]
        self.waiting.append(partial.state)
        self.watermarks |= {at: greatest for at, (_, greatest) in times.watermarks().items()}

    def epoch(self, partitions: set[int]) -> None:
        """What the parent does at the end of an epoch, two windows at a time; then it starts anew from the disk."""
        for state in reversed(self.waiting):
            self.parent.merge(state)
        self.waiting.clear()
        if partitions <= self.watermarks.keys():
            self.time = min(self.watermarks[at] for at in partitions)
        due = self.parent.due(self.time)
        for start in range(0, due, 2):
            found = self.parent.results(STATISTICS, start, start + 2)
            rows = zip(*(column.to_list() for column in found.columns), strict=True)
            for key, present in zip(found.keys, found.present, strict=True):
                assert present
                assert key not in self.closed
                self.results[key] = tuple(bits(value) for value in next(rows))
        closed = self.parent.close(self.time)
        assert self.closed.isdisjoint(closed)
        assert set(closed) <= self.results.keys()
        self.closed |= set(closed)
        self.restart()

    def restart(self) -> None:
        """Stores what has changed, and goes on from what is stored."""
        cells = self.parent.changes(0, self.parent.changed())
        for key, state in zip(cells[::3], cells[1::3], strict=True):
            assert isinstance(key, bytearray)
            if not isinstance(state, bytearray):
                self.disk.pop(bytes(key), None)
            else:
                self.disk[bytes(key)] = bytes(state)
        self.parent.mark_clean()
        before = self.parent
        self.parent = reduction(self.kind, self.grid, extremes=self.extremes)
        pieces = [piece for entry in sorted(self.disk.items()) for piece in entry]
        self.parent.load(b"".join(len(piece).to_bytes(4, "little") + piece for piece in pieces))
        self.parent.resume(self.time)
        assert self.parent.digest() == before.digest()
        assert self.parent.difference(before) is None
        assert self.parent.excluded() == before.excluded()


def run(
    kind: Kind, grid: Grid, rows: Sequence[Row], sizes: Sequence[int], *, extremes: bool
) -> Run:
    """A topic in batches of these sizes, over and over, with an epoch after every second one and the last."""
    own = Run(kind, grid, extremes=extremes)
    partitions = {row.partition for row in rows}
    start = turn = 0
    while start < len(rows):
        size = sizes[turn % len(sizes)]
        own.batch(rows[start : start + size], start)
        start, turn = start + size, turn + 1
        if turn % 2 == 0 or start >= len(rows):
            own.epoch(partitions)
    return own


def check(
    kind: Kind, grid: Grid, rows: Sequence[Row], sizes: Sequence[int], *, extremes: bool
) -> Expected:
    """Every result, late row and closing is that of rationals."""
    own, oracle = run(kind, grid, rows, sizes, extremes=extremes), expected(grid, rows)
    assert (own.late, own.outside, own.watermarks) == (
        oracle.late,
        oracle.outside,
        oracle.watermarks,
    )
    visible = {at: held for at, held in oracle.windows.items() if grid.visible(at[1], own.time)}
    shown = [answers(grid, kind, key, index, held) for (key, index), held in visible.items()]
    assert sorted(own.results.values(), key=repr) == sorted(shown, key=repr)
    closed = [at for at in visible if grid.closed(at[1], own.time)]
    assert len(own.closed) == len(closed)
    assert own.parent.open_windows() == len(oracle.windows) - len(closed)
    return oracle


BEHAVIOURS = st.tuples(
    st.one_of(st.none(), st.integers(0, 6)), st.one_of(st.none(), st.integers(0, 6)), st.booleans()
)
SIZES = st.lists(st.integers(1, 9), min_size=1, max_size=3)


def rows_at(times: st.SearchStrategy[Moment]) -> st.SearchStrategy[list[Row]]:
    """Rows over three partitions and three instances."""
    numbers = st.floats(-100, 100)
    row = st.builds(
        Row, st.integers(0, 2), st.sampled_from(["", "a", "b\0"]), times, numbers, numbers
    )
    return st.lists(row, max_size=30)


@settings(max_examples=60)
@given(st.data())
def test_oracle_integer_and_datetime_grids(data: st.DataObject) -> None:
    """Windows of integers and of datetimes hold the rows that they should, overlapping or with gaps."""
    hop, duration = data.draw(st.integers(1, 6)), data.draw(st.integers(1, 15))
    delay, cutoff, final = data.draw(BEHAVIOURS)
    grid = Grid(
        data.draw(st.integers(-9, 9)), hop, duration, delay, cutoff, final and cutoff is not None
    )
    rows = data.draw(rows_at(st.integers(-20, 20)))
    kind: Kind = data.draw(st.sampled_from(["int", "datetime"]))
    check(kind, grid, rows, data.draw(SIZES), extremes=data.draw(st.booleans()))


@settings(max_examples=60)
@given(st.data())
def test_oracle_float_grids(data: st.DataObject) -> None:
    """With hops of 0.1 and times on the ends of windows no row is in a wrong window by a rounding."""
    hop = data.draw(st.sampled_from([0.1, 0.3, 1.0, 1e-9]))
    panes = data.draw(st.sampled_from([1.0, 3.0, 0.5, 2.7]))
    delay, cutoff, final = data.draw(BEHAVIOURS)
    grid = Grid(
        data.draw(st.sampled_from([0.0, 0.1, 1.7e9])),
        hop,
        hop * panes,
        None if delay is None else delay * hop,
        None if cutoff is None else cutoff * hop,
        final and cutoff is not None,
    )
    times = st.one_of(
        st.integers(-9, 9).map(lambda count: grid.origin + count * hop),
        st.floats(-2, 2).map(lambda count: grid.origin + count * hop),
        st.sampled_from([math.nan, math.inf, -math.inf]),
    )
    rows = data.draw(rows_at(times))
    check("float", grid, rows, data.draw(SIZES), extremes=data.draw(st.booleans()))


@given(rows_at(st.integers(-20, 20)), SIZES, SIZES, st.integers(0, 5))
def test_law_batches_and_epochs_leave_the_same(
    rows: list[Row], sizes: list[int], others: list[int], cutoff: int
) -> None:
    """Whatever the batches, epochs and restarts, the bytes of the state are the same, and so is all that came out."""
    grid = Grid(0, 2, 7, cutoff=cutoff, final=True)
    one, other = (run("int", grid, rows, own, extremes=False) for own in (sizes, others))
    assert one.parent.first() == other.parent.first()
    assert (one.results, one.closed, one.late) == (other.results, other.closed, other.late)


def test_clocks_that_change_do_not() -> None:
    """An hour that a zone's clocks show twice is two windows of an hour, since times are UTC."""
    hour = 3_600_000_000
    first = int(datetime(2025, 10, 26, 0, tzinfo=UTC).timestamp()) * 1_000_000
    rows = [Row(0, "a", first + minutes * 60_000_000, 1.0, 2.0) for minutes in (0, 59, 60, 119)]
    found = check("datetime", Grid(0, hour, hour), rows, [4], extremes=False)
    assert [len(held) for held in found.windows.values()] == [2, 2]


def test_a_late_row_is_late_for_any_window() -> None:
    """`late` tells of a row that some, though not all, of its windows are closed to."""
    windows = reduction("int", Grid(0, 5, 10, cutoff=0), extremes=False)
    assert [windows.late(7, mark) for mark in (9, 10, 14, 15, 100)] == [
        False,
        True,
        True,
        True,
        True,
    ]
    assert not reduction("int", Grid(0, 5, 10), extremes=False).late(7, 100)


def test_scores_by_the_last_closed_window() -> None:
    """Rows are scored by the last closed window as it was when frozen, and not at all without one."""
    windows = reduction("int", Grid(0, 10, 10, cutoff=0), extremes=False, keep_closed=True)
    rows = [Row(0, "a", time, float(time), 3.0 * time + 1) for time in (1, 5, 12, 17, 30)]
    columns = [np.array([row.x for row in rows]), np.array([row.y for row in rows])]
    times = row_times("int", rows, {})
    windows.merge(windows.partial([["a"] * 5], times, columns, 5).state)
    line: tuple[int, Model] = (2, (True, 0.0, "zero", 0.95))
    instances: list[list[object]] = [["a", "b"]]
    features, target = [np.array([2.0, 2.0])], np.array([8.0, 8.0])
    windows.freeze()
    assert np.isnan(windows.scores(line, instances, features, target)[0]).all()
    windows.due(30)
    assert len(windows.close(30)) == 2
    assert np.isnan(windows.scores(line, instances, features, target)[0]).all()
    windows.freeze()
    values, residuals, _ = windows.scores(line, instances, features, target)
    assert (values[0], residuals[0]) == (7.0, 1.0)
    assert np.isnan(values[1])
    with pytest.raises(ValueError, match="not kept"):
        reduction("int", Grid(0, 10, 10, cutoff=0), extremes=False).scores(
            line, instances, features, target
        )


def test_what_cannot_be_is_an_error() -> None:
    """Windows, times and states that make no sense raise, and say what is wrong."""
    for grid in (Grid(0, 0, 1), Grid(0, 1, -1), Grid(0, 1, 2**40), Grid(0, 1, 1, final=True)):
        with pytest.raises(ValueError, match=r"above zero|windows|cutoff"):
            reduction("int", grid, extremes=False)
    windows = reduction("int", Grid(0, 5, 5, cutoff=0), extremes=False)
    with pytest.raises(ValueError, match="among integers"):
        windows.due(1.5)
    with pytest.raises(ValueError, match="among integers"):
        RowTimes(np.array([1]), np.array([0], np.int32), {0: 0.5})
    with pytest.raises(CorruptStateError):
        windows.merge(b"no state")
    own = windows.partial([[]], row_times("int", [], {}), [np.zeros(0), np.zeros(0)], 0)
    with pytest.raises(MismatchError):
        reduction("int", Grid(0, 5, 5, cutoff=1), extremes=False).merge(own.state)


def test_without_an_instance_there_is_one() -> None:
    """Windows without keys give results without cells of an instance."""
    windows = WindowReduction([], [], [("count",)], "int", ("grid", 0, 10, 10), None, None, False)
    times = RowTimes(np.array([1, 2, 11]), np.zeros(3, np.int32), {})
    windows.merge(windows.partial([], times, [], 3).state)
    found = windows.results([(0, "count", 0)], 0, windows.due(None))
    columns: list[list[ResultValue]] = [column.to_list() for column in found.columns]
    assert columns == [[0, 10], [10, 20], [2, 1]]
    assert [windows.cells(key) for key in found.keys] == [[0, 10], [10, 20]]
    assert windows.close(5) == []
